"""What keeps words and numbers apart stands in the published pages, and no claim beside it."""

import html
import re

import pytest

from tests.study.test_integrating import SINGLE_PEOPLE, Small, hear_no_leavers, swap_cohort
from tests.whole.conftest import make_run


def read_text(page):
    """Return what a page says, without its marks."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", page.read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def plain(words):
    return re.sub(r"\s+", " ", words)


@pytest.fixture(
    scope="module", params=[swap_cohort, hear_no_leavers], ids=lambda change: change.__name__
)
def published(request, tmp_path_factory):
    project = tmp_path_factory.mktemp(request.param.__name__)
    small = Small()
    request.param(small)
    small.write(project / "data" / "raw" / "small")
    with pytest.MonkeyPatch.context() as patcher:
        run = make_run("small", project, patcher)
        yield request.param, run.study, {page.name: read_text(page) for page in run.pages}


def test_the_guards_words_stand_on_the_front_page(published):
    _, study, pages = published
    why = study.comparability.query("aspect in ('people', 'leavers') and status == 'differs'")
    assert len(why)
    for words in why["words"]:
        assert plain(words) in pages["index.html"]
    for words in study.comparable_sources["words"]:
        assert plain(words) in pages["methods.html"]


def test_each_verdict_stands_on_its_stages_page_with_its_reason(published):
    _, study, pages = published
    for row in study.verdicts.to_dict("records"):
        page = pages[f"stage-{row['stage']}.html"]
        assert plain(row["reason"]) in page
        assert row["verdict"].casefold() in page.casefold()


def test_nothing_is_published_about_single_people_whose_ids_do_not_join(published):
    change, _, pages = published
    if change is not swap_cohort:
        pytest.skip("here the ids join")
    # The chapters explain the rules; what is found stands on these.
    found = [name for name in pages if name == "index.html" or name.startswith("stage-")]
    assert len(found) == 4
    for name in found:
        assert not SINGLE_PEOPLE.search(pages[name]), (name, SINGLE_PEOPLE.search(pages[name]))
        assert "Leavers heard" not in pages[name], name


def test_leavers_who_were_not_heard_are_named(published):
    change, study, pages = published
    if change is not hear_no_leavers:
        pytest.skip("here leavers were heard")
    assert study.verdicts.set_index("stage").loc["buy", "verdict"] == "leavers not heard"
    assert "those who did are not heard" in pages["index.html"]
    assert "leavers not heard" in pages["stage-buy.html"].casefold()
    assert "0 of 24 (Survey) left here" in pages["stage-buy.html"]
