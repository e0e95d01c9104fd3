"""The texts that train the encoder, read in place; rows that are held back never leave here.

Every source but GoEmotions (which has splits of its own) is split by its rows: a row whose
sha256 of "FILE NAME,ROW NUMBER" modulo 5 is 0 trains no shipped model. Rows are counted from
0, the first after the header.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

SHEETS = Path(__file__).parent / "sheets"
SURVEY = "jupyter_surveys/2015-12-notebook-ux/20160115235816-SurveyExport.csv"
REVIEWS = "app_reviews_is22/feature_sentiment_sentences.csv"
BANKING = "banking77/train.csv"

PAIN, DELIGHT, NEED = "pain", "delight", "need"
SIGNALS = (PAIN, DELIGHT, NEED)

# The question asked sets a survey answer's label: a weak label, never said to be more.
SURVEY_SIGNALS = {
    "hinderances": PAIN,
    "difficult_aspects": PAIN,
    "pleasant_aspects": DELIGHT,
    "workflow_needs_not_addressed": NEED,
    "integrations": NEED,
    "features_changes": NEED,
}
# What a customer asked a bank about: trouble that the query states, or plain information.
BANKING_TROUBLE = frozenset(
    """
    balance_not_updated_after_bank_transfer balance_not_updated_after_cheque_or_cash_deposit
    beneficiary_not_allowed card_not_working card_payment_not_recognised
    card_payment_wrong_exchange_rate card_swallowed cash_withdrawal_not_recognised
    compromised_card contactless_not_working declined_card_payment declined_cash_withdrawal
    declined_transfer direct_debit_payment_not_recognised extra_charge_on_statement
    failed_transfer lost_or_stolen_card lost_or_stolen_phone pin_blocked top_up_failed
    top_up_reverted transaction_charged_twice transfer_not_received_by_recipient
    unable_to_verify_identity virtual_card_not_working wrong_amount_of_cash_received
    wrong_exchange_rate_for_cash_withdrawal
    """.split()  # noqa: SIM905
)
BANKING_INFORMATION = frozenset(
    """
    age_limit apple_pay_or_google_pay atm_support automatic_top_up card_about_to_expire
    card_acceptance card_delivery_estimate card_linking change_pin country_support
    disposable_card_limits edit_personal_details exchange_rate exchange_via_app
    fiat_currency_support get_disposable_virtual_card get_physical_card getting_spare_card
    getting_virtual_card order_physical_card receiving_money supported_cards_and_currencies
    top_up_by_bank_transfer_charge top_up_by_card_charge top_up_limits topping_up_by_card
    transfer_into_account verify_my_identity verify_source_of_funds visa_or_mastercard
    why_verify_identity
    """.split()  # noqa: SIM905
)
SAID_NOTHING = {"none", "nothing", "n/a", "na", "no", "-", "not sure", "nope", "none.", "nothing."}


@dataclass
class Example:
    """A text with what is known of it.

    Attributes
    ----------
    text, prompt : str
        What was said, and the question it answers (or an empty string).
    emotions : set of str or None
        GoEmotions names; None where unknown.
    signals : dict of str to float
        Target probability of pain, delight and need, for those that are known.
    weight : float
        Share of its loss: weak labels count less.
    """

    text: str
    prompt: str = ""
    emotions: set[str] | None = None
    signals: dict[str, float] = field(default_factory=dict)
    weight: float = 1.0


def held_back(file_name: str, row: int) -> bool:
    """Tell whether a row is kept for evaluation: sha256 of "FILE NAME,ROW" modulo 5 is 0."""
    digest = hashlib.sha256(f"{file_name},{row}".encode()).hexdigest()
    return int(digest, 16) % 5 == 0


def read_emotion_names(data: Path) -> list[str]:
    """Return the 28 label names of GoEmotions; the position is the label's id."""
    return (data / "goemotions" / "emotions.txt").read_text().split()


def read_goemotions(data: Path, split: str) -> list[Example]:
    """Return one official split ("train", "dev" or "test") of GoEmotions."""
    names = read_emotion_names(data)
    rows = pd.read_csv(
        data / "goemotions" / f"{split}.tsv", sep="\t", header=None, quoting=csv.QUOTE_NONE,
        keep_default_na=False, dtype=str, names=["text", "labels", "id"],
    )  # fmt: skip
    return [
        Example(text, emotions={names[int(label)] for label in labels.split(",")})
        for text, labels in zip(rows["text"], rows["labels"], strict=True)
    ]


def read_groups(data: Path, kind: str) -> dict[str, list[str]]:
    """Return the authors' grouping ("ekman" or "sentiment") of the 27 emotions, and neutral."""
    file = {"ekman": "ekman_mapping.json", "sentiment": "sentiment_dict.json"}[kind]
    return json.loads((data / "goemotions" / file).read_text()) | {"neutral": ["neutral"]}


def read_banking(data: Path) -> list[Example]:
    """Return customers' queries to a bank; what they asked about is a weak label of pain."""
    examples = []
    for row in _rows(data / BANKING, keep_held_back=False):
        signals = {}
        if row["category"] in BANKING_TROUBLE:
            signals = {PAIN: 0.85, DELIGHT: 0.02}
        elif row["category"] in BANKING_INFORMATION:
            signals = {PAIN: 0.08, DELIGHT: 0.02}
        examples.append(Example(row["text"], signals=signals, weight=0.4))
    return examples


def read_survey(data: Path, *, keep_held_back: bool = False) -> list[Example]:
    """Return the open answers of the 2015 survey, each with its question and weak label."""
    path = data / SURVEY
    questions = pd.read_csv(data / "study-jupyter-ux-2015" / "questions.csv", dtype=str)
    short = pd.read_csv(
        data / "jupyter_surveys/2015-12-notebook-ux/survey_short_columns.csv", nrows=0
    )
    names = list(short.columns)[1:]
    wording: dict[str, str] = {}
    for columns, text in zip(questions["columns"], questions["wording"], strict=True):
        for column in columns.split():
            wording[column] = text
    examples = []
    for row in _rows(path, keep_held_back=keep_held_back, names=names):
        for column in names:
            stem = column.rstrip("123").rstrip("_")
            text = row[column].replace("\u00a0", " ").strip()
            if stem not in SURVEY_SIGNALS or not text:
                continue
            signal = SURVEY_SIGNALS[stem]
            signals = {PAIN: 0.9, DELIGHT: 0.05} if signal == PAIN else {PAIN: 0.05, DELIGHT: 0.9}
            if signal == NEED:
                signals = {DELIGHT: 0.05, NEED: 0.9}
            else:
                signals[NEED] = 0.1
            if text.casefold() in SAID_NOTHING:
                signals = {PAIN: 0.02, DELIGHT: 0.02, NEED: 0.02}
            examples.append(Example(text, wording[column], signals=signals, weight=0.5))
    return examples


def read_reviews(data: Path, *, keep_held_back: bool = False) -> list[Example]:
    """Return app-review sentences with a feature that people marked positive or negative.

    A sentence with features named neutrally tells nothing: plain reports of failure are
    among them.
    """
    examples = []
    for row in _rows(data / REVIEWS, keep_held_back=keep_held_back):
        liked, disliked = bool(row["Feature (Positive)"]), bool(row["Feature (Negative)"])
        if liked or disliked:
            signals = {PAIN: 0.95 if disliked else 0.05, DELIGHT: 0.95 if liked else 0.05}
            examples.append(Example(row["Sentence content"], signals=signals, weight=1.0))
    return examples


def read_sheet(path: Path) -> list[Example]:
    """Return a sheet of sentences that were written and labelled for this project."""
    rows = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, quoting=csv.QUOTE_NONE)
    return [
        Example(
            row["text"],
            row["prompt"],
            emotions=set(row["emotions"].split(",")),
            signals={name: float(row[name]) for name in SIGNALS},
        )
        for row in rows.to_dict("records")
    ]


def read_sheets(*folders: str, dev: bool = False) -> list[Example]:
    """Return the training rows of sheets, or those held back, which calibrate the signals.

    Parameters
    ----------
    folders : str
        "first", "second"; both when not given.
    dev : bool, default False
        Whether to return the rows held back instead.
    """
    return [
        example
        for folder in folders or ("first", "second")
        for path in sorted((SHEETS / folder).glob("*.tsv"))
        for number, example in enumerate(read_sheet(path))
        if held_back(path.name, number) == dev
    ]


def _rows(path: Path, *, keep_held_back: bool, names: list[str] | None = None) -> list[dict]:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    if names:
        frame.columns = names
    return [
        row
        for number, row in enumerate(frame.to_dict("records"))
        if keep_held_back or not held_back(path.name, number)
    ]
