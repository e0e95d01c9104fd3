"""What the columns of a survey probably are: the questions that `cjm check` proposes.

Ratings, choices and words are told by the answers. What answers cannot tell is asked: which way a
scale runs and where it ends, whether a comma joins two choices or belongs to one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cjm_research.errors import quoted
from cjm_research.readers.cells import squeeze
from cjm_research.readers.choices import CHECKED, NAMES_OTHER, UNCHECKED, split_cell
from cjm_research.readers.guesses.column_signs import (
    IDS,
    is_choice,
    is_time,
    is_unique,
    looks_like_times,
    words_of,
)
from cjm_research.readers.scales import SUS_ITEMS, find_steps, read_scale
from cjm_research.readers.survey_exports import SPSS, TABLE, Export

_PARTICIPANT = ("ResponseId", "ResponseID", "Respondent ID", "#", "Response ID")
# The end of an answer, and its start where only that is there.
_SUBMITTED = (
    "EndDate", "RecordedDate", "End Date", "Date Modified", "Submit Date (UTC)",
    "Date Submitted", "Timestamp", "StartDate", "Start Date", "Start Date (UTC)", "Time Started",
)  # fmt: skip
_WHEN = re.compile(
    r"(?i)((response|answer\w*|submi\w+|complet\w+|creat\w+) )?(date|time|datetime|time ?stamp|when"
    r"|(submitted|completed|answered|created)( (at|on))?)"
)
_ABOUT_THE_ANSWER = frozenset(
    {"StartDate", "Status", "Progress", "Duration (in seconds)", "Finished", "RecordedDate"}
    | {"ExternalReference", "DistributionChannel", "UserLanguage", "EndDate", "ResponseId"}
    | {
        "Collector ID",
        "Date Created",
        "Date Modified",
        "Start Date",
        "End Date",
        "Respondent ID",
        "Custom Data 1",
    }
    | {"#", "Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)", "Response Type"}
    | {"Tags", "Ending", "Time Started", "Date Submitted", "Timestamp", "Legacy Comments"}
    | {"Comments", "Language", "Referer", "Response ID", "Country", "State/Region"}
)
_OF_HOTJAR = re.compile(r"(?i)^(number|device|browser|os|operating system|date|.*\burl\b|page)$")
_LINKS = ("ExternalReference", "Custom Data 1")
"""Columns in which whoever sent the survey may have put ids of their own."""
_ASKS_WHO = re.compile(
    r"(?i)\b(your|first|last|full|family|sur) ?name\b|^name\??$|\be[- ]?mail\b|\bphone number\b"
)
# What survey programs compute from the answers, beside them.
_OF_THE_MACHINE = re.compile(r"(?i)_NPS_GROUP$| - (Parent )?Topics$| - Sentiment\b.*$")
_MARKS = (CHECKED | UNCHECKED) - {"yes", "no", "ja", "nein", "oui", "non", "sí"}
_WRITTEN = re.compile(r"(?i)specify|write[- ]?in|_TEXT$| - Text$")
_SUS_NAME = re.compile(r"(?i)\bsus ?(?:q|item)? ?0?(10|[1-9])\b")
_SUS_ITEMS = (
    "frequently", r"complex", r"easy to use", r"support|technical person", r"integrated",
    r"inconsisten", r"quickly", r"cumbersome|awkward", r"confident", r"learn a lot|needed to learn",
)  # fmt: skip
_SEPARATORS = (";", ", ", ",", "|")
_MOST_OPTIONS = 30

Questions = list[tuple[int, dict[str, Any]]]
"""Questions with the position of their first column."""


@dataclass
class _Survey:
    """A survey whose columns are sorted out one after another.

    `codes` is what stands in the cells; `frame` is what it stands for, which differs in SPSS only.
    """

    frame: pd.DataFrame
    codes: pd.DataFrame
    export: Export
    missing: frozenset[str]
    left: list[str]
    questions: Questions = field(default_factory=list)
    asks: list[str] = field(default_factory=list)

    def asked(self, name: str) -> str:
        return self.export.wording.get(name, name)

    def filled(self, name: str) -> pd.Series:
        return self.frame[name][self.frame[name] != ""]

    def numbers(self, name: str) -> pd.Series:
        """Return the answers as numbers, NaN where they are none."""
        filled = self.codes[name][self.codes[name] != ""]
        values, _ = read_scale(filled, {})
        # Of SPSS, what people would not say is known to be no number.
        return values.dropna() if name in self.missing else values

    def is_number(self, name: str) -> bool:
        """Tell whether all answers are plain numbers."""
        filled = self.codes[name][self.codes[name] != ""]
        values = pd.to_numeric(filled, errors="coerce")
        return bool((values.dropna() if name in self.missing else values).notna().all())

    def add(self, columns: list[str], **question: Any) -> None:
        at = min(self.frame.columns.get_loc(name) for name in columns)
        asked = self.asked(columns[0])
        if "text" not in question and len(columns) == 1 and asked != columns[0]:
            question["text"] = asked
        self.questions.append((at, {"columns": columns} | question))
        taken = {*columns, question.get("other", "")}
        self.left = [name for name in self.left if name not in taken]


def guess_questions(
    frame: pd.DataFrame,
    export: Export,
    *,
    codes: pd.DataFrame | None = None,
    missing: Iterable[str] = (),
) -> tuple[dict[str, Any], list[str]]:
    """Return the keys of study.yaml for a survey, and what to ask; none where it shows no survey.

    Parameters
    ----------
    frame : DataFrame
        Its cells, personal columns left out.
    export : Export
        What wrote the file.
    codes : DataFrame, optional
        The codes that the cells stand for, where the file tells both.
    missing : iterable of str
        Columns in which some answers are known to be none.
    """
    columns = {}
    ids = [name for name in _PARTICIPANT if name in frame and is_unique(frame[name])]
    # A question may speak of a person; the name of an id is short.
    named = [n for n in frame.columns if IDS.search(words_of(n)) and len(n.split()) <= 5]
    ids += [name for name in named if is_unique(frame[name])]
    if ids:
        columns["participant"] = ids[0]
    submitted = [name for name in _name_times(frame) if is_time(frame[name])]
    survey = _Survey(
        frame, frame if codes is None else codes, export, frozenset(missing), list(frame.columns)
    )
    if submitted:
        columns["submitted_at"] = submitted[0]
    else:
        survey.asks += _ask_about_times(frame)
    identifying = _set_apart(survey, ids)
    _find_sus(survey)
    _find_spread_choices(survey)
    _find_single_columns(survey)
    _join_open(survey)
    questions = [
        {"id": f"q{number}", "kind": question.pop("kind")} | question
        for number, (_, question) in enumerate(
            sorted(survey.questions, key=lambda one: one[0]), start=1
        )
    ]
    shown = any(one["kind"] == "open" or one.get("multiple") for one in questions)
    if not questions or (export.name == TABLE and not shown):
        return {}, []
    asks = survey.asks + _ask_about_people(survey, identifying, ids)
    asks.append("give open questions the stage that they ask about (`stage:`), where they do.")
    source: dict[str, Any] = {"columns": columns, "questions": questions}
    source |= {} if ids else {"unit": "visit"}
    source |= {"identifying": identifying} if identifying else {}
    return source, asks


def _name_times(frame: pd.DataFrame) -> list[str]:
    """Return the columns that are called like the time of an answer."""
    others = [n for n in frame if n not in _SUBMITTED and _WHEN.fullmatch(words_of(n))]
    return [
        *(name for name in _SUBMITTED if name in frame),
        *(name for name in others if looks_like_times(frame[name])),
    ]


def _ask_about_times(frame: pd.DataFrame) -> list[str]:
    """Say why no time of the answers is proposed, where there are any."""
    dated = [name for name in _name_times(frame) if (frame[name] != "").any()]
    if not dated:
        return []
    filled = frame[dated[0]][frame[dated[0]] != ""]
    if filled.str.match(r"\d{1,2}[-/.]\d").any():
        return [
            f"times are left out: whether 03/04 in '{dated[0]}' is in March or April, only you "
            f"know. `submitted_at: {dated[0]}` under `columns:` and `day_first: true` (3 April) or "
            "`day_first: false` read them."
        ]
    return [f"times are left out: not all of '{dated[0]}' can be read (2026-03-05 13:03 can)."]


def _ask_about_people(survey: _Survey, identifying: list[str], ids: list[str]) -> list[str]:
    asks = []
    if not survey.export.verified:
        asks.append(
            f"unverified: no file of {survey.export.name} was ever seen by us, so look at each "
            f"column below. About the person, and never read as answers: "
            f"{quoted(sorted(survey.export.personal))}."
        )
    if identifying:
        asks.append(f"{quoted(identifying)} name people: masked everywhere, never read as answers.")
    links = [
        name for name in _LINKS if name in survey.frame and (survey.frame[name] != "").mean() > 0.5
    ]
    asks += [
        f"'{name}' holds ids: if another source has the same, `columns: {{participant: {name}}}` "
        "joins the two, where each row has one of its own."
        for name in links
    ]
    if not ids:
        asks.append("no column tells people apart: every row is a visit of its own.")
    return asks


def _set_apart(survey: _Survey, ids: list[str]) -> list[str]:
    """Leave what is no question; return the columns that ask who somebody is."""
    identifying, left = [], []
    for name in survey.left:
        asked = survey.asked(name)
        if name in _ABOUT_THE_ANSWER or name in ids or looks_like_times(survey.frame[name]):
            continue
        if _OF_THE_MACHINE.search(asked) or _OF_THE_MACHINE.search(name):
            continue
        if survey.export.name == "Hotjar" and _OF_HOTJAR.search(name):
            continue
        if _ASKS_WHO.search(words_of(asked)):
            identifying.append(name)
            continue
        left.append(name)
    survey.left = left
    return identifying


def _find_sus(survey: _Survey) -> None:
    """Propose the ten items of the System Usability Scale as one score."""
    named = {
        int(match[1]): name
        for name in survey.left
        if (match := _SUS_NAME.search(words_of(name)) or _SUS_NAME.search(survey.asked(name)))
    }
    if len(named) != SUS_ITEMS:
        named = {}
        for number, words in enumerate(_SUS_ITEMS, start=1):
            fits = [name for name in survey.left if re.search(words, survey.asked(name), re.I)]
            if len(fits) == 1:
                named[number] = fits[0]
    if len(named) != SUS_ITEMS or len(set(named.values())) != SUS_ITEMS:
        return
    columns = [named[number] for number in range(1, SUS_ITEMS + 1)]
    answers = pd.concat([survey.numbers(name) for name in columns])
    if len(answers) and answers.between(1, 5).all():
        labels = {}
    else:
        steps = find_steps(pd.concat([survey.filled(name) for name in columns]))
        if len(steps) != 5 or "agree" not in steps:
            return
        labels = {"labels": {step: number for number, step in enumerate(steps, start=1)}}
    survey.add(columns, kind="sus", text="System Usability Scale", **labels)
    survey.asks.append(
        "ten items are taken for the System Usability Scale, in the order proposed: items 1, 3, 5, "
        "7 and 9 praise, the others blame, and 5 is 'strongly agree'."
    )


def _find_spread_choices(survey: _Survey) -> None:
    """Propose columns that each stand for an option as one question."""
    groups: dict[tuple[str, str], list[str]] = {}
    run, alone = 0, False
    for name in survey.left:
        base = _base_of_option(survey, name)
        if base is None:
            alone = False
            continue
        if base == ("", ""):  # the option stands alone in the header, as Typeform has it
            run += not alone
        alone = base == ("", "")
        base = ("alone", str(run)) if alone else base
        groups.setdefault(base, []).append(name)
    for (sign, shared), columns in groups.items():
        other = _find_other(survey, columns, sign, shared)
        if len(columns) < 2 and (sign == "alone" or not other):
            continue
        question: dict[str, Any] = {"kind": "choice", "multiple": True}
        question |= {"other": other} if other else {}
        if not re.search(r"[^\W\d]{3}", shared):
            survey.asks.append(
                f"{len(columns)} columns from '{columns[0]}' on are taken for options of one "
                "question, whose words the export does not hold: give it its `text:`."
            )
        else:
            survey.asks.append(
                f"the columns of '{shared}' ({len(columns)}) are taken for options of one "
                "question, of which several may be chosen."
            )
            question["text"] = shared
        survey.add(columns, **question)


def _base_of_option(survey: _Survey, name: str) -> tuple[str, str] | None:
    """Return what a column that stands for an option shares with the others of its question.

    None where it stands for no option. Both parts are empty where the header is the option.
    """
    values = {squeeze(text) for text in survey.filled(name).unique()}
    if not values or name in survey.export.open:
        return None
    asked, stem = survey.asked(name), re.fullmatch(r"(.+?)_\d+", name)
    if {value.casefold() for value in values} <= _MARKS:
        if not stem or survey.export.name not in ("Qualtrics", SPSS):
            return None
        return ("stem", _without_option(asked, stem[1]))
    if len(values) > 1:
        return None
    (value,) = values
    folded = value.casefold()
    for label in dict.fromkeys((name, asked)):
        if label.casefold() == folded:
            return ("", "")
        if label.casefold().endswith(folded):
            base = label[: -len(value)].rstrip(" -:[_")
            return ("before", base) if base else None
        if label.casefold().startswith(f"{folded}:"):  # `Web:Which do you use?`
            return ("after", label[len(value) + 1 :].lstrip(": "))
        if label.casefold().endswith(f"{folded}]"):  # `Which do you use? [Web]`
            return ("before", label[: -len(value) - 1].rstrip(" -:["))
    return None


def _without_option(asked: str, stem: str) -> str:
    return asked.rpartition(" - ")[0] or stem


def _find_other(survey: _Survey, columns: list[str], sign: str, base: str) -> str:
    """Return the column in which people wrote what was no option; empty without one."""
    stems = {match[1] for name in columns if (match := re.fullmatch(r"(.+?)_\d+", name))}
    for name in survey.left:
        if name in columns or survey.filled(name).empty:
            continue
        asked = survey.asked(name)
        if sign == "alone":
            at = list(survey.frame.columns)
            if at.index(name) == at.index(columns[-1]) + 1 and NAMES_OTHER.match(name):
                return name
            continue
        of_it = base in (asked, asked.partition(":")[2].strip(": ")) or name.startswith(base)
        of_it = of_it or any(re.match(rf"{re.escape(stem)}_\d*_?TEXT$", name) for stem in stems)
        if of_it and _is_write_in(name, asked, base):
            return name
    return ""


def _is_write_in(name: str, asked: str, base: str) -> bool:
    rest = name.replace(base, "").strip(" -:[]")
    return bool(NAMES_OTHER.match(rest) or _WRITTEN.search(name) or _WRITTEN.search(asked))


def _find_single_columns(survey: _Survey) -> None:
    """Propose a question for each column that is left, where its answers show one."""
    for name in list(survey.left):
        if name not in survey.left or survey.filled(name).empty:
            continue
        if name in survey.export.open:
            survey.add([name], kind="open")
            continue
        question = _guess_rating(survey, name) or _guess_choice(survey, name)
        if not question and not survey.is_number(name):
            question = _guess_open(survey, name)
        if not question:
            continue
        if question["kind"] == "choice":
            other = _find_other(survey, [name], "one", survey.asked(name))
            question |= {"other": other} if other else {}
        survey.add([name], **question)


def _join_open(survey: _Survey) -> None:
    """Make one of open questions with the same words: three boxes are one question."""
    first: dict[str, dict[str, Any]] = {}
    kept = []
    for at, question in survey.questions:
        text = question.get("text", "")
        if question["kind"] == "open" and text in first:
            first[text]["columns"] = [*first[text]["columns"], *question["columns"]]
            continue
        if question["kind"] == "open" and text:
            first[text] = question
        kept.append((at, question))
    survey.questions = kept


def _guess_rating(survey: _Survey, name: str) -> dict[str, Any]:
    """Return a rating that the numbers and the question show."""
    asked, numbers = survey.asked(name), survey.numbers(name)
    if numbers.empty or numbers.isna().any():
        return {}
    if re.search(r"(?i)recommend|\bnps\b", f"{asked} {name}"):
        return {"kind": "nps"} if numbers.between(0, 10).all() else {}
    kind = ""
    if re.search(r"(?i)satisf|\bcsat\b", f"{asked} {name}"):
        kind = "csat"
    elif re.search(r"(?i)\beas(y|ier)\b|effort|\bces\b", f"{asked} {name}"):
        kind = "ces"
    if not kind or not numbers.between(1, 7).all() or _runs_down(survey, name):
        return {}
    if numbers.max() > 5:
        survey.asks.append(f"'{name}' is taken for a scale of 1 to 7, and 7 for the best.")
        return {"kind": kind, "scale": [1, 7]}
    survey.asks.append(
        f"'{name}' is taken for a scale of 1 to 5, and 5 for the best: if it ends at 7, say "
        "`scale: [1, 7]`."
    )
    return {"kind": kind}


def _runs_down(survey: _Survey, name: str) -> bool:
    """Tell whether codes fall where what they stand for rises."""
    pairs = survey.codes[name] != survey.frame[name]
    steps = find_steps(survey.frame[name][pairs]) if pairs.any() else ()
    if not steps:
        return False
    ranks = survey.frame[name][pairs].map(lambda text: steps.index(squeeze(text).casefold()))
    order = pd.to_numeric(survey.codes[name][pairs], errors="coerce").groupby(ranks).mean()
    if order.is_monotonic_increasing:
        return False
    survey.asks.append(f"the codes of '{name}' fall where satisfaction rises: proposed as choices.")
    return True


def _guess_choice(survey: _Survey, name: str) -> dict[str, Any]:
    filled = survey.filled(name)
    steps = find_steps(filled)
    if steps:
        labels = ", ".join(f"{step.capitalize()}: {rank}" for rank, step in enumerate(steps, 1))
        survey.asks.append(
            f"'{name}' is answered in words of a scale, and proposed as choices: `kind: csat` (or "
            f"ces, rating) with `labels: {{{labels}}}` makes numbers of them, if that is its order."
        )
        return {"kind": "choice"}
    separator = _find_separator(filled)
    if separator:
        survey.asks.append(
            f"'{name}' holds several choices in a cell, split at '{separator.strip()}': where an "
            "option itself holds that sign, list all of them under `options:`."
        )
        return {"kind": "choice", "separator": separator}
    if (survey.codes[name] != survey.frame[name]).any():
        return {"kind": "choice"}
    if survey.is_number(name) or not is_choice(filled):
        return {}
    # Options may be long; sentences that recur by chance are not as few as that.
    short = filled.str.split().str.len().mean() < 5 or filled.nunique() <= len(filled) // 20
    return {"kind": "choice"} if short else {}


def _find_separator(filled: pd.Series) -> str:
    """Return the sign that joins choices in a cell; empty where nothing shows one."""
    for separator in _SEPARATORS:
        cells = [split_cell(text, separator, ())[0] for text in filled]
        joined = [pieces for pieces in cells if len(pieces) > 1]
        if len(joined) < 2 or len(joined) < len(cells) / 10:
            continue
        counts = Counter(piece for pieces in cells for piece in pieces)
        total = sum(counts.values())
        known = sum(n for n in counts.values() if n > 1)
        few = len(counts) <= min(_MOST_OPTIONS, total // 2)
        short = sum(len(piece.split()) * n for piece, n in counts.items()) / total < 5
        # An option such as `Yes, always` holds a comma; its parts are never met in other company.
        alone = {pieces[0] for pieces in cells if len(pieces) == 1}
        mixed = any(piece in alone for pieces in joined for piece in pieces)
        varied = len(set(map(tuple, cells))) >= len(counts)
        if few and short and known >= 0.8 * total and mixed and (varied or separator == ";"):
            return separator
    return ""


def _guess_open(survey: _Survey, name: str) -> dict[str, Any]:
    """Return an open question; where only the guess says that it is a survey, of sentences."""
    words = survey.filled(name).str.split().str.len()
    sentences = (words >= 3).mean() >= 0.3
    return {"kind": "open"} if survey.export.name != TABLE or sentences else {}
