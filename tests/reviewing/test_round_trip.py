"""A reviewer's marks from the page into the next report: mark, save, import, run again."""

import json
import re
from types import SimpleNamespace

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from cjm_research.cli_review import review
from cjm_research.reporting.runs import run_study
from cjm_research.study import open_study
from cjm_research.study.reviewing import list_claim_reviews
from tests.review.test_coding_work import STUDY
from tests.tiny import write_notebook

pytestmark = pytest.mark.browser
COUNT = """\
import cjm_research as cjm
print(len(cjm.open_study(study, run_folder=run_folder).quotes))"""
TALKS = {
    "t1": "Ina: How was it?\nMara: I saw the advert. The basket was so slow that I left.\n",
    "t2": "Ina: And you?\nOle: The basket crashed twice. I gave up in the end.\n",
    "t3": "Ina: And then?\nZoe: I went to the basket. Paying was awful.\n",
}
ADVERT, PAYING = "I saw the advert.", "Paying was awful."
"""What Zoe says is coded `payment` by rule, in the stage `buy`."""


def cjm_review(*words):
    done = CliRunner().invoke(review, [str(word) for word in words])
    if done.exception:
        raise done.exception
    return done.output


def choose(tab, inside, label, name):
    """Choose from a list by typing the beginning of a name."""
    control = inside.get_by_label(label)
    control.focus()
    tab.keyboard.type(name)
    chosen = control.evaluate("list => list.selectedOptions[0].textContent")
    assert chosen == name


def answer(tab, element, word):
    """Open the place for an answer after an element, and choose one; by keyboard alone."""
    place = tab.locator(f"{element} + details.review, {element} > details.review").first
    place.locator("summary").focus()
    tab.keyboard.press("Enter")
    if word:
        radio = place.get_by_label(word, exact=True)
        radio.focus()
        tab.keyboard.press("Space")
        assert radio.is_checked()
    return place


def comment(tab, place, words):
    place.get_by_label("Comment").focus()
    tab.keyboard.type(words)
    tab.keyboard.press("Tab")


def mark(tab, page, folder):
    """Mark what can be marked, and save it."""
    tab.goto(page.as_uri())
    tab.get_by_role("button", name="Review this report").press("Enter")
    tab.keyboard.type("Mara Klein")
    place = answer(tab, f"figure:has-text('{PAYING}')", "wrong code")
    choose(tab, place, "The right code", "Doubts whether to trust it")
    choose(tab, place, "Wrong stage", "Find")
    comment(tab, place, "She means <b>the shop</b>.")
    answer(tab, f"figure:has-text('{ADVERT}')", "agree")
    claim = answer(tab, "[data-claim='V:buy']", "disagree")
    comment(tab, claim, "Two people are <i>few</i>.")
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="Save as file").press("Enter")
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def read(run):
    return {
        path.name: BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in run.run_dir.glob("*.html")
    }


@pytest.fixture(scope="module")
def trip(browser, tmp_path_factory):
    root = tmp_path_factory.mktemp("trip")
    folder = root / "data" / "raw" / "tiny"
    (folder / "talks").mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY, "utf-8")
    for name, text in TALKS.items():
        (folder / "talks" / f"{name}.txt").write_text(text, "utf-8")
    write_notebook(root / "notebooks" / "01_count.ipynb", COUNT, 'print("chapter complete")')
    context = browser.new_context(accept_downloads=True)
    tab = context.new_page()
    seen = []
    tab.on("console", lambda message: seen.append(message.text))
    tab.on("pageerror", lambda error: seen.append(str(error)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CJM_VAULT", str(root / "vault"))
        patch.chdir(root)
        before = run_study("tiny")
        # The whole report in one file holds what the pages hold, and its marks are theirs.
        file = mark(tab, before.run_dir / "report.html", root)
        tab.goto((before.run_dir / "stage-buy.html").as_uri())
        shared = tab.locator(".review-count").inner_text()
        said = cjm_review("import", "tiny", file)
        again = cjm_review("import", "tiny", file)
        listed = cjm_review("list", "tiny")
        after = run_study("tiny")
        study = open_study("tiny")
        yield SimpleNamespace(
            folder=folder, file=file, shared=shared, said=said, again=again, listed=listed,
            seen=seen, before=before, after=after, pages=read(after), held=study.held_codes,
            codes=study.codes, claims=list_claim_reviews(study), tab=tab,
        )  # fmt: skip
    context.close()


def test_the_file_names_its_study_and_version(trip):
    content = json.loads(trip.file.read_text("utf-8"))
    assert trip.file.name == f"review-tiny-{content['version']}.json"
    assert (content["study"], content["reviewer"]) == ("tiny", "Mara Klein")
    assert sorted(one["answer"] for one in content["marks"]) == [
        "agree", "disagree", "wrong code", "wrong stage",
    ]  # fmt: skip
    assert content["version"] in trip.before.index.read_text("utf-8")
    assert trip.shared == "4 marks"
    assert trip.seen == []


def test_the_import_says_what_it_took_and_takes_nothing_twice(trip):
    assert "mara-klein: 5 rows of codes and 1 answers to claims appended, 0 known" in trip.said
    assert "0 rows of codes and 0 answers to claims appended, 6 known already" in trip.again
    assert len(pd.read_csv(trip.folder / "codes" / "mara-klein.csv")) == 5
    assert len(pd.read_csv(trip.folder / "reviews" / "mara-klein.csv")) == 1
    assert re.search(r"V:buy +\S+ +mara-klein +disagree +Two people are <i>few</i>\.", trip.listed)
    assert "mara-klein   pain_point trust  She means <b>the shop</b>." in trip.listed


def test_the_next_run_is_another_and_goes_by_the_reviewer(trip):
    assert trip.after.run_dir != trip.before.run_dir
    held = trip.held[trip.held["quote"] == PAYING]
    assert set(held[["code_group", "code", "coder_id"]].itertuples(index=False, name=None)) == {
        ("pain_point", "trust", "person:mara-klein"), ("stage", "find", "person:mara-klein"),
    }  # fmt: skip
    assert trip.claims[["reviewer", "claim", "answer", "words"]].to_numpy().tolist() == [
        ["mara-klein", "V:buy", "disagree", "Buy: cannot tell"]
    ]


def test_the_changed_code_shows_with_its_reviewer(trip):
    (quote,) = [
        figure
        for figure in trip.pages["quotes.html"].select("figure.voice")
        if figure.select_one(".quote p").get_text() == PAYING
    ]
    assert (quote["data-codes"], quote["data-stage"]) == ("pain_point:trust", "find")
    shown = " ".join(quote.get_text(" ").split())
    assert "coded by mara-klein : Doubts whether to trust it" in shown
    assert "not Paying" in shown


def test_what_was_said_about_a_claim_stands_beside_it(trip):
    shown = " ".join(
        trip.pages["stage-buy.html"].select_one("[data-claim='V:buy']").get_text(" ").split()
    )
    assert "mara-klein disagrees: Two people are <i>few</i>. (20" in shown


def test_the_page_of_changes_names_the_reviewer(trip):
    shown = " ".join(trip.pages["changes.html"].get_text(" ").split())
    assert "mara-klein" in shown
    assert "recoding" in shown


def test_marks_of_an_older_report_are_loaded_into_the_next(trip):
    trip.tab.goto((trip.after.run_dir / "report.html").as_uri())
    assert trip.tab.get_by_role("button", name="Review this report").is_visible()
    trip.tab.get_by_role("button", name="Review this report").press("Enter")
    trip.tab.locator(".review-bar input[type=file]").set_input_files(trip.file)
    trip.tab.get_by_text("Loaded. You have 4 marks. It was made in another version").wait_for()
