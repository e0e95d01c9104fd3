"""Batch reports: what is asked for, what becomes of each report, and the page beside them."""

import shutil
from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest
from click.testing import CliRunner
from lxml import html

from cjm_research.cli_batch import batch as command
from cjm_research.config.batch import load_batch
from cjm_research.errors import CjmError, ConfigError, ReportError
from cjm_research.reporting.batch import plan_reports, run_batch
from cjm_research.reporting.states import BusyError, hold_study, is_held, study_lock
from cjm_research.study import Slice
from tests.batch.conftest import write_study
from tests.tiny import SENTINEL, SHOW, write_notebook

BATCH = """\
reports:
  - {name: Phones, segment: device, value: phone}
  - {name: Desktop only, segment: device, value: desktop}
  - {name: first day, to: 2026-03-01}
parameters: {word: batch}
"""
FAILS_ON_DESKTOPS = "assert set(this.events['device']) != {'desktop'}, 'what c2 said'"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """One batch with a good report, one that fails and one of a single person; then again."""
    base = tmp_path_factory.mktemp("batch")
    root = base / "project"
    folder = write_study(root / "data" / "raw" / "tiny")
    text = (folder / "study.yaml").read_text()
    (folder / "study.yaml").write_text(text.replace("smallest_cell: 5", "smallest_cell: 2"))
    (folder / "batch.yaml").write_text(BATCH)
    cells = (SHOW, FAILS_ON_DESKTOPS, SENTINEL)
    write_notebook(root / "notebooks" / "01_numbers.ipynb", *cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CJM_VAULT", str(base / "vault"))
        patch.setattr("cjm_research.study.hash_source", lambda: "this code")
        patch.chdir(root)
        first = run_batch("tiny")
        page = first.index.read_bytes()
        latest = (root / "reports/tiny/batch/phones-latest").parent / first.reports[0].part
        run_id = (latest / "latest").resolve().name
        second = run_batch("tiny")
    return SimpleNamespace(root=root, first=first, second=second, page=page, run_id=run_id)


def test_one_that_fails_does_not_stop_the_others(done):
    statuses = {report.name: report.status for report in done.first.reports}
    assert statuses == {"Phones": "good", "Desktop only": "failed", "first day": "too few"}
    assert done.first.n_failed == 1


def test_each_report_has_a_latest_of_its_own(done):
    report = done.first.reports[0]
    home = done.root / "reports" / "tiny" / "batch" / report.part
    assert (home / "latest").resolve() == report.run_dir.resolve()
    assert (home / "latest" / "index.html").is_file()
    assert not (home.parent / done.first.reports[1].part / "latest").exists()


def test_the_reason_of_a_failure_repeats_nobodys_words(done):
    reason = done.first.reports[1].reason
    assert "01_numbers.ipynb failed" in reason
    assert "what c2 said" not in reason
    assert "what c2 said" not in done.page.decode()


def test_one_with_too_few_people_is_no_failure_and_leaves_nothing(done):
    report = done.first.reports[2]
    assert "fewer than 2 people" in report.reason
    assert not (done.root / "reports" / "tiny" / "batch" / report.part).exists()


def test_what_has_not_changed_is_not_made_again(done):
    assert done.second.reports[0].status == "unchanged"
    home = done.root / "reports" / "tiny" / "batch" / done.first.reports[0].part
    assert (home / "latest").resolve().name == done.run_id
    assert done.second.index.read_bytes() == done.page


def test_the_page_sets_the_parts_beside_the_whole(done):
    page = html.fromstring(done.page)
    head = [cell.text_content() for cell in page.xpath("//thead//th")]
    assert head[0] == "Report"
    assert "Survey: people" in head
    assert "Visitors who buy" in head
    assert any(name.startswith("See: ") for name in head)
    rows = page.xpath("//tbody/tr")
    texts = [" ".join(row.text_content().split()) for row in rows]
    assert [text.split()[0] for text in texts] == ["The", "Phones", "Desktop", "first"]
    assert "12 people" in texts[1]
    assert "67" in texts[1]  # 8 of the 12 on a phone buy
    assert "n = 12" in texts[1]
    assert "failed" in texts[2]
    assert "too few to report" in texts[3]
    reasons = [item.text_content() for item in page.xpath("//li")]
    assert reasons[0].startswith("Desktop only, failed: 01_numbers.ipynb failed")
    assert reasons[1].startswith("first day, too few to report: there are fewer than 2")
    assert rows[1].xpath(".//a/@href") == [f"{done.first.reports[0].part}/latest/index.html"]
    assert rows[2].xpath(".//a/@href") == rows[3].xpath(".//a/@href") == []
    assert "no test of a difference" in page.text_content()


def test_links_of_the_page_lead_somewhere(done):
    page = html.fromstring(done.page)
    for href in page.xpath("//a/@href"):
        if not href.startswith("#"):
            assert (done.first.index.parent / href).is_file(), href


def test_a_segment_that_the_whole_report_hides_gets_no_report(place):
    # 4 of 12 people on a desktop leave: fewer than 5.
    (place.folder / "batch.yaml").write_text("matrix: {segment: {device: all}}\n")
    result = run_batch("tiny")
    assert [report.status for report in result.reports] == ["too few", "too few"]
    assert "does not split what people do by 'device'" in result.reports[0].reason
    assert result.n_failed == 0


# What batch.yaml asks for


def fake_study():
    people = [f"p{n}" for n in range(6)]
    return SimpleNamespace(
        config=SimpleNamespace(
            audience_segments=[SimpleNamespace(id="device"), SimpleNamespace(id="region")],
            sources=[],
        ),
        tables={
            "participants": pd.DataFrame(
                {"participant_id": people, "region": ["n", "s", "", "n", "s", "n"]}
            ),
            "events": pd.DataFrame(
                {
                    "participant_id": people,
                    "device": ["phone", "desktop"] * 3,
                    "event": "view",
                    "occurred_at": pd.to_datetime(
                        ["2026-01-15", "2026-02-03", "2026-03-31", *["2026-02-04"] * 3], utc=True
                    ),
                }
            ),
            "documents": pd.DataFrame(
                {"said_at": pd.Series([pd.NaT], dtype="datetime64[us, UTC]")}
            ),
        },
    )


def plan(tmp_path, text, monkeypatch):
    def first_values(events, column):
        return events.rename(columns={column: "value"})[["participant_id", "value"]]

    monkeypatch.setattr("cjm_research.behaviour.first_values", first_values)
    path = tmp_path / "batch.yaml"
    path.write_text(text)
    return plan_reports(load_batch(path), fake_study())


def test_every_value_is_crossed_with_every_period(tmp_path, monkeypatch):
    reports = plan(
        tmp_path,
        "matrix: {segment: {device: all, region: n}, period: {every: quarter, to: 2026-06-30}}",
        monkeypatch,
    )
    assert [report.name for report in reports] == [
        f"{who}, {days}"
        for who in ("device: desktop", "device: phone", "region: n")
        for days in ("2026-01-01 to 2026-03-31", "2026-04-01 to 2026-06-30")
    ]
    assert len({report.part for report in reports}) == 6


def test_calendar_periods_span_what_was_said_and_done(tmp_path, monkeypatch):
    reports = plan(tmp_path, "matrix: {period: {every: month}}", monkeypatch)
    assert [(r.only.start, r.only.end) for r in reports] == [
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 3, 1), date(2026, 3, 31)),
    ]
    weeks = plan(
        tmp_path, "matrix: {period: {every: week, from: 2026-01-07, to: 2026-01-20}}", monkeypatch
    )
    assert [(r.only.start, r.only.end) for r in weeks] == [
        (date(2026, 1, 7), date(2026, 1, 11)),
        (date(2026, 1, 12), date(2026, 1, 18)),
        (date(2026, 1, 19), date(2026, 1, 20)),
    ]


def test_named_reports_come_first_under_their_names(tmp_path, monkeypatch):
    text = (
        "reports: [{name: Phones in spring, segment: device, value: phone, from: 2026-03-01}]\n"
        "matrix: {segment: {region: [s]}}\n"
    )
    first, second = plan(tmp_path, text, monkeypatch)
    assert first.only == Slice("device", "phone", date(2026, 3, 1))
    assert first.part.startswith("phones-in-spring")
    assert second.name == "region: s"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("matrix: {segment: {devise: all}}", "no audience segment 'devise'.*mean 'device'"),
        ("matrix: {segment: {device: [phones]}}", "no value 'phones'.*mean 'phone'"),
        ("matrix: {segment: {device: phone}, period: {every: yearly}}", "every.*'month'"),
        ("matrix: {perid: {every: month}}", "unknown key.*mean 'period'"),
        ("reports: [{name: x}]", "say which part"),
        ("reports: [{name: ../x, segment: device, value: phone}]", "is of letters, digits.*'../x'"),
        ("reports: [{name: 1, segment: device, value: phone, from: soon}]", "a day such as 2026"),
        ("reports: [{name: x, segment: device}]", "go together"),
        ("matrix: {period: [{from: 2026-03-01, to: 2026-02-01}]}", "before `from`"),
        ("{}", "give `reports`, `matrix` or both"),
        ("- 1", "should hold the keys"),
        (
            "reports: [{name: x, to: 2026-02-01}, {name: x, to: 2026-03-01}]",
            "occur more than once",
        ),
        (
            "reports: [{name: A, to: 2026-02-01}, {name: a, to: 2026-03-01}]",
            "'A', 'a' occur more than once; capitals make no difference",
        ),
        ("matrix: {period: [{to: 2026-02-01}, {to: 2026-02-01}]}", "asked for more than once"),
    ],
)
def test_what_is_wrong_is_said_in_words(tmp_path, monkeypatch, text, words):
    with pytest.raises(ConfigError, match=words):
        plan(tmp_path, text, monkeypatch)


def test_a_study_without_batch_yaml_says_where_to_read(tmp_path):
    with pytest.raises(ConfigError, match=r"docs/batch\.md"):
        load_batch(tmp_path / "batch.yaml")


# The command


def test_the_command_says_what_became_of_each(monkeypatch, done):
    monkeypatch.setattr("cjm_research.reporting.batch.run_batch", lambda *a, **k: done.first)
    monkeypatch.chdir(done.root)
    told = CliRunner().invoke(command, ["tiny", "--quiet"])
    assert told.exit_code == 1
    assert told.stdout.splitlines()[-1] == "reports/tiny/batch/index.html"
    assert "too few    first day" in told.stderr


def test_a_dry_run_makes_nothing(place):
    (place.folder / "batch.yaml").write_text(BATCH)
    path = place.folder / "study.yaml"
    path.write_text(path.read_text().replace("smallest_cell: 5", "smallest_cell: 1"))
    told = CliRunner().invoke(command, ["tiny", "--dry-run", "--quiet"])
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines() == [
        "planned    Phones", "planned    Desktop only", "planned    first day",
    ]  # fmt: skip
    assert not place.reports.exists()


def test_a_dry_run_says_which_parts_nobody_or_too_few_are_in(place):
    (place.folder / "batch.yaml").write_text(
        "reports:\n"
        "  - {name: Phones, segment: device, value: phone}\n"
        "  - {name: a day, from: 2026-03-01, to: 2026-03-01}\n"
        "  - {name: long ago, to: 2019-12-31}\n"
        "  - {name: half of March, to: 2026-03-12}\n"
    )
    told = CliRunner().invoke(command, ["tiny", "--dry-run", "--quiet"])
    assert told.exit_code == 0, told.output
    phones, day, ago, half = told.stdout.splitlines()
    assert "does not split what people do by 'device'" in phones
    assert day.startswith("too few    a day: there are fewer than 5 people in it")
    assert ago.startswith("too few    long ago: nobody is in it")
    assert half == "planned    half of March"


@pytest.mark.parametrize("dry", [True, False])
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("{tpo: 3}", r"tiny/batch\.yaml: parameters: no parameter 'tpo'\. Did you mean 'top'"),
        ("{top: many}", r"tiny/batch\.yaml: parameters: parameter 'top' should be a whole number"),
    ],
)
def test_a_wrong_parameter_is_refused_before_anything(place, dry, given, words):
    text = f"reports: [{{name: Phones, segment: device, value: phone}}]\nparameters: {given}\n"
    (place.folder / "batch.yaml").write_text(text)
    with pytest.raises(CjmError, match=words):
        run_batch("tiny", dry_run=dry)
    assert not (place.root / "reports").exists()
    assert not (place.root / "data" / "processed").exists()


def test_a_batch_beside_a_run_of_the_study_begins_nothing(place):
    (place.folder / "batch.yaml").write_text(BATCH)
    with hold_study(place.root, "tiny"), pytest.raises(BusyError, match="is being run already"):
        run_batch("tiny")
    assert not place.reports.exists()
    assert not (place.root / "data" / "processed").exists()


def test_a_batch_holds_the_study_to_its_end(place, monkeypatch):
    (place.folder / "batch.yaml").write_text(
        "reports: [{name: one half, to: 2026-03-12}, {name: other half, from: 2026-03-13}]\n"
    )
    held = []

    def run(*args, locked, **options):
        held.append(locked and is_held(study_lock(place.root, "tiny")))
        raise ReportError("this is only a test")

    monkeypatch.setattr("cjm_research.reporting.batch.run_study", run)
    assert run_batch("tiny").n_failed == 2
    assert held == [True, True]
    assert not is_held(study_lock(place.root, "tiny"))


def test_a_batch_of_no_study_is_an_error_for_people(place):
    shutil.rmtree(place.folder)
    told = CliRunner().invoke(command, ["tiny"])
    assert isinstance(told.exception, CjmError)
