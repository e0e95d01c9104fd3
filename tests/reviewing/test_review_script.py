"""The script in the browser: marking by keyboard, keeping, saving, loading, forgetting."""

import json

import pytest

from cjm_research.review import ClaimMark, read_marks

pytestmark = pytest.mark.browser


def open_page(tab, path):
    tab.seen.clear()
    tab.goto(path.as_uri())
    tab.wait_for_load_state("networkidle")


def begin(tab):
    tab.get_by_role("button", name="Review this report").press("Enter")


def place(tab, name):
    """Open the place for the answer to a claim or quote with the keyboard."""
    found = tab.locator("details.review").filter(has=tab.locator("summary", has_text=f"({name})"))
    if found.get_attribute("open") is None:
        found.locator("summary").focus()
        tab.keyboard.press("Enter")
    found.locator("fieldset").wait_for()
    return found


def save(tab, folder):
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="Save as file").press("Enter")
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def status(tab):
    return tab.locator(".review-status").inner_text()


def test_nothing_is_in_the_way_until_somebody_wants_to_review(tab, report):
    path = report("review")
    open_page(tab, path)
    assert tab.seen == [path.as_uri()] or tab.seen == [path.as_uri(), "data:,"]
    assert tab.locator("details.review").count() == 0
    assert not tab.get_by_label("Your name").is_visible()
    begin(tab)
    assert tab.locator("details.review").count() == 4
    tab.get_by_role("button", name="Stop reviewing").press("Enter")
    assert tab.locator("details.review").count() == 0


def test_answers_are_given_by_keyboard_and_saved_as_one_file(tab, report, tmp_path):
    open_page(tab, report("review"))
    begin(tab)
    tab.keyboard.type("Mara Klein")
    first = place(tab, "q001")
    assert not first.get_by_label("The right code").is_visible()
    first.get_by_label("wrong code").press("Space")
    assert status(tab) == "Choose the right code as well."
    first.get_by_label("The right code").select_option("pain_point:trust")
    first.get_by_label("Wrong stage").select_option("find")
    first.get_by_label("Comment").fill("She means <i>the shop</i>.")
    second = place(tab, "q002")
    second.get_by_label("disagree").press("Space")
    second.get_by_label("Which code is meant").select_option("need:need")
    claim = place(tab, "F1")
    claim.get_by_label("agree", exact=True).press("Space")
    # Shown as the page calls it, kept under the name that lasts.
    verdict = place(tab, "V2")
    assert verdict.locator("legend").inner_text() == "Claim V2"
    verdict.get_by_label("Comment").fill("Says who?")
    assert tab.get_by_role("region", name="Your review").get_by_text("5 marks").is_visible()
    assert tab.locator("summary", has_text="Your answer: wrong code, wrong stage").count() == 1
    path = save(tab, tmp_path)
    assert path.name == "review-tiny-v1.json"
    marks = read_marks(path, study="tiny")
    assert (marks.reviewer, marks.version) == ("Mara Klein", "v1")
    said = {(m.claim if isinstance(m, ClaimMark) else m.quote_id, m.answer): m for m in marks.marks}
    assert set(said) == {
        ("q001", "wrong code"), ("q001", "wrong stage"), ("q002", "disagree"), ("F1", "agree"),
        ("V:buy", "comment"),
    }  # fmt: skip
    wrong = said["q001", "wrong code"]
    assert (wrong.instead, wrong.comment) == ("pain_point:trust", "She means <i>the shop</i>.")
    assert (wrong.quote, wrong.start, wrong.end) == ("Paying was <b>awful</b>.", 54, 71)
    assert (said["q001", "wrong stage"].instead, said["q002", "disagree"].code) == (
        "find", "need:need",
    )  # fmt: skip
    assert said["F1", "agree"].words == "Paying is the trouble"


def test_the_top_of_the_page_leads_to_the_review(tab, report):
    open_page(tab, report("review"))
    tab.locator("header").get_by_role("link", name="Review this report").press("Enter")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.get_by_label("Your name").is_visible()
    assert not tab.get_by_role("link", name="Review this report").is_visible()


def test_where_no_code_fits_those_that_stand_there_are_refused(tab, report, tmp_path):
    open_page(tab, report("review"))
    begin(tab)
    tab.keyboard.type("mara")
    first = place(tab, "q001")
    first.get_by_label("wrong code").press("Space")
    first.get_by_label("The right code").select_option(label="none of these codes fits")
    assert status(tab) == "Kept: no code fits."
    (mark,) = read_marks(save(tab, tmp_path), study="tiny").marks
    assert (mark.answer, mark.code, mark.instead) == ("disagree", "", "")


def test_an_answer_stands_nearer_to_its_quote_than_to_the_next(tab, report):
    open_page(tab, report("review"))
    begin(tab)
    boxes = [one.bounding_box() for one in tab.locator("figure.voice > .review").all()]
    quotes = [one.bounding_box() for one in tab.locator("figure.voice blockquote").all()]
    own = boxes[0]["y"] - (quotes[0]["y"] + quotes[0]["height"])
    other = quotes[1]["y"] - (boxes[0]["y"] + boxes[0]["height"])
    assert 0 <= own < 12
    assert len(boxes) == len(quotes)
    assert other >= 0


def test_marks_stay_and_are_shared_by_the_pages_of_a_report(tab, report):
    open_page(tab, report("review"))
    begin(tab)
    place(tab, "F1").get_by_label("disagree").press("Space")
    open_page(tab, report("review", name="other.html"))
    assert tab.get_by_text("1 mark", exact=True).is_visible()
    assert place(tab, "F1").get_by_label("disagree").is_checked()
    place(tab, "F1").get_by_label("no answer").press("Space")
    assert tab.get_by_text("0 marks", exact=True).is_visible()


def test_a_file_is_loaded_to_go_on_and_a_foreign_one_is_refused(tab, report, tmp_path):
    open_page(tab, report("review"))
    begin(tab)
    tab.keyboard.type("mara")
    place(tab, "q001").get_by_label("wrong code").press("Space")
    place(tab, "q001").get_by_label("The right code").select_option("pain_point:slow")
    path = save(tab, tmp_path)
    tab.get_by_role("button", name="Forget").press("Enter")
    assert tab.get_by_text("1 mark", exact=True).is_visible()
    tab.get_by_role("button", name="Forget").press("Enter")
    assert tab.get_by_text("0 marks", exact=True).is_visible()
    tab.locator("input[type=file]").set_input_files(path)
    tab.get_by_text("Loaded. You have 1 mark.").wait_for()
    assert place(tab, "q001").get_by_label("The right code").input_value() == "pain_point:slow"
    content = json.loads(path.read_text("utf-8"))
    for change in ({"study": "other"}, {"format": "x"}, {"marks": 3}):
        path.write_text(json.dumps(content | change), "utf-8")
        tab.locator("input[type=file]").set_input_files(path)
        tab.get_by_text("This file cannot be read").wait_for()
        tab.get_by_role("button", name="Stop").focus()
        tab.evaluate("document.querySelector('.review-status').textContent = ''")
    assert tab.get_by_text("1 mark", exact=True).is_visible()
    assert not [line for line in tab.seen if "rror" in line]


def test_marks_without_a_name_are_not_saved(tab, report):
    open_page(tab, report("review"))
    begin(tab)
    place(tab, "F1").get_by_label("disagree").press("Space")
    tab.get_by_role("button", name="Save as file").press("Enter")
    assert status(tab) == "Write your name first."


def test_a_browser_that_keeps_nothing_says_so(tab, report):
    tab.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})"
    )
    open_page(tab, report("review"))
    begin(tab)
    assert tab.get_by_text("This browser keeps no marks").is_visible()
    place(tab, "F1").get_by_label("disagree").press("Space")
    assert tab.get_by_text("1 mark", exact=True).is_visible()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_reviewing_is_accessible_and_fits_the_screen(tab, report, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    tab.set_viewport_size({"width": width, "height": 700})
    tab.emulate_media(color_scheme=scheme)
    open_page(tab, report("review", "quotes"))
    begin(tab)
    for name in ("q001", "q002", "F1"):
        place(tab, name)
    place(tab, "q001").get_by_label("wrong code").press("Space")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(tab, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert found.response["violations"] == []


def test_the_focus_does_not_lie_behind_the_bar(tab, report):
    open_page(tab, report("review"))
    tab.set_viewport_size({"width": 1000, "height": 500})
    begin(tab)
    for name in ("q001", "q002"):
        place(tab, name)
    tab.evaluate("scrollTo(0, 0)")
    tab.locator("summary").first.focus()
    reached = []
    while reached[-1:] != ["INPUT.bar"]:
        tab.keyboard.press("Tab")
        name, covered = tab.evaluate(
            """() => {
              const bar = document.querySelector(".review-bar"), one = document.activeElement;
              const [low, high] = [one, bar].map((each) => each.getBoundingClientRect());
              const inside = bar.contains(one);
              return [one.tagName + (inside ? ".bar" : ""), !inside && low.top > high.top - 16];
            }"""
        )
        reached.append(name)
        assert not covered, " ".join(reached)
    assert len(reached) > 10


def test_quotes_are_filtered_by_words_and_choices(tab, report):
    open_page(tab, report("quotes"))
    shown = tab.locator("figure.voice:visible")
    assert tab.get_by_role("status").inner_text() == "2 of 2 quotes shown"
    tab.get_by_label("Words").fill("CAFE slow")
    assert shown.count() == 1
    assert tab.get_by_role("status").inner_text() == "1 of 2 quotes shown"
    tab.get_by_label("Source").select_option("talks")
    assert shown.count() == 0
    tab.get_by_label("Words").fill("")
    assert shown.count() == 1
    tab.get_by_label("Source").select_option("")
    tab.get_by_label("Segment").select_option("device=phone")
    # Of whom it is not known, may be one of them: that is said.
    assert tab.get_by_role("status").inner_text() == (
        "1 of 2 quotes shown; 1 left out, of people whose device is not known or not told"
    )
    tab.get_by_label("Segment").select_option("")
    for label, value, n in (("Segment", "device=", 1), ("Code", "need:need", 1)):
        tab.get_by_label(label).select_option(value)
        assert shown.count() == n
        tab.get_by_label(label).select_option("")
    tab.get_by_label("Code").select_option("pain_point")
    assert shown.count() == 2


def test_without_scripts_there_is_no_filter_and_nothing_to_press(browser, report):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report("review", "quotes").as_uri())
    assert page.locator("figure.voice").count() == 2
    assert not page.locator("#quote-filter").is_visible()
    assert page.locator("button").count() == 0
    context.close()
