"""`cjm check` names columns that nobody declared and that would join two sources."""

import json

import pandas as pd
import pytest

from cjm_research.study import check

CRM = "contact\n" + "".join(f"003A{n:02d}\n" for n in range(10))
SURVEY = "who,crm_ref,age,nps\n" + "".join(f"R_{n}x,003a{n:02d},{n + 20},9\n" for n in range(6))
SOURCES = {
    "crm.csv": "{id: crm, kind: roster, files: crm.csv, columns: {participant: contact}}",
    "survey.csv": "{id: survey, kind: survey, files: survey.csv, sampling: random, "
    "columns: {participant: who}, questions: [{id: nps, kind: nps, columns: [nps]}]}",
}


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Write files of a study, check it, and return the lines about columns that would join."""

    def ask_of(files, sources):
        folder = tmp_path / "data" / "raw" / "shop"
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        journey = "journey: {stages: [{id: see, events: [view]}, {id: buy, events: [pay]}]}\n"
        head = f"schema_version: 1\ntitle: t\nobjective: o\ncoding: {{scores: rules}}\n{journey}"
        # As it is printed, or as it is written here.
        listed = "\n".join(s if s.startswith("  - ") else f"  - {s}" for s in sources)
        (folder / "study.yaml").write_text(f"{head}sources:\n{listed}\n")
        lines, n_problems = check.check_study("shop")
        assert n_problems == 0
        begins = ("  ? '", "    in ", "    under `sources:`, a key map", "  - {")
        after = lines[next(n for n, line in enumerate(lines) if line.startswith("people")) :]
        return [line for line in after if line.startswith(begins)]

    monkeypatch.chdir(tmp_path)
    return ask_of


def test_a_column_that_holds_the_ids_of_a_roster_is_named_and_no_id_is(ask):
    assert ask({"crm.csv": CRM, "survey.csv": SURVEY}, SOURCES.values()) == [
        "  ? 'crm_ref' of survey holds 6 of the 10 ids of crm. If it says who a person is, it "
        "joins them:",
        "    in survey, under `columns:`, `participant: crm_ref`",
    ]


def test_as_soon_as_it_is_declared_nothing_is_left_to_say(ask):
    joined = SOURCES["survey.csv"].replace("participant: who", "participant: crm_ref")
    assert ask({"crm.csv": CRM, "survey.csv": SURVEY}, [SOURCES["crm.csv"], joined]) == []


def test_of_a_roster_it_is_an_identifier(ask):
    crm = "contact,survey_id\n" + "".join(f"003A{n:02d},r_{n:02d}x\n" for n in range(9))
    survey = "who,nps\n" + "".join(f"R_{n:02d}x,9\n" for n in range(6))
    line, advice = ask({"crm.csv": crm, "survey.csv": survey}, SOURCES.values())
    assert "'survey_id' of crm holds 6 of the 6 ids of survey" in line
    assert advice == "    in crm, `identifiers: [survey_id]`"


def test_who_is_logged_in_is_looked_up_in_an_export_of_a_program(ask):
    records = [
        {
            "event_name": "view", "event_timestamp": str(1_746_093_900_000_000 + n),
            "user_pseudo_id": f"{n}.55", "user_id": f"003A{n:02d}" if n % 2 else None,
        }
        for n in range(10)
    ]  # fmt: skip
    log = "\n".join(map(json.dumps, records))
    source = "{id: log, kind: events, files: ga.jsonl, sampling: census}"
    line, why, advice = ask({"crm.csv": CRM, "ga.jsonl": log}, [SOURCES["crm.csv"], source])
    assert "'user_id' of log holds 5 of the 10 ids of crm" in line
    assert "it is blank in 5 of its rows" in why
    assert ask({}, [SOURCES["crm.csv"], source, advice]) == []


def test_of_parquet_only_text_and_whole_numbers_are_compared(ask, tmp_path):
    frame = pd.DataFrame(
        {
            "visitor": [f"v{n:03d}" for n in range(6)],
            "event": "view",
            "at": pd.date_range("2026-03-01", periods=6, tz="UTC"),
            "customer": [f"003A{n:02d}" if n else None for n in range(6)],
            "carts": [[1]] * 6,
        }
    )
    frame.to_parquet(tmp_path / "log.parquet")
    source = (
        "{id: log, kind: events, files: log.parquet, sampling: census, "
        "columns: {participant: visitor, event: event, occurred_at: at}}"
    )
    files = {"crm.csv": CRM, "log.parquet": (tmp_path / "log.parquet").read_bytes()}
    line, _, advice = ask(files, [SOURCES["crm.csv"], source])
    assert "'customer' of log holds 5 of the 10 ids of crm" in line
    assert ask({}, [SOURCES["crm.csv"], source, advice]) == []


def test_ages_and_numbers_of_rows_are_not_taken_for_ids(ask):
    crm = "contact\n" + "".join(f"{n + 20}\n" for n in range(10))
    assert ask({"crm.csv": crm, "survey.csv": SURVEY}, SOURCES.values()) == []


def test_two_that_are_the_same_may_be_chance(ask):
    few = "".join(SURVEY.splitlines(keepends=True)[:3])
    assert ask({"crm.csv": CRM, "survey.csv": few}, SOURCES.values()) == []


def test_a_source_of_several_files_is_asked_as_one(ask):
    head, *rows = SURVEY.splitlines(keepends=True)
    files = {
        "crm.csv": CRM,
        "survey-1.csv": head + "".join(rows[:3]),
        "survey-2.csv": head + "".join(rows[3:]),
    }
    both = SOURCES["survey.csv"].replace("files: survey.csv", "files: survey-*.csv")
    line, _ = ask(files, [SOURCES["crm.csv"], both])
    assert "holds 6 of the 10" in line


LOG = (
    "{id: log, kind: events, files: log.csv, sampling: census, "
    "columns: {participant: device, event: event, occurred_at: at}}"
)


def make_log(user, n=12):
    rows = [
        f"dev-{k},{user(k) if event == 'pay' else ''},{event},2026-03-0{day}T10:00Z\n"
        for k in range(n)
        for day, event in enumerate(("view", "pay"), start=1)
        if event == "view" or k % 2
    ]
    return "device,user,event,at\n" + "".join(rows)


def test_events_before_a_log_in_are_kept_by_a_key_map(ask, tmp_path):
    files = {"log.csv": make_log("003A{:02d}".format), "crm.csv": CRM}
    line, why, advice = ask(files, [SOURCES["crm.csv"], LOG])
    assert "'user' of log holds 5 of the 10 ids of crm" in line
    assert "it is blank in 12 of its rows" in why
    # Taken at its word, it joins people and loses no event.
    assert ask({}, [SOURCES["crm.csv"], LOG, advice]) == []
    told = "\n".join(check.check_study("shop")[0])
    assert "5 of 10 in crm (50%) are also in log, of 12 there (42%)" in " ".join(told.split())
    assert "unattributed events" not in told


def test_a_survey_in_which_an_id_repeats_is_joined_by_a_key_map(ask):
    survey = SURVEY + "R_9x,003a00,40,9\n"
    _, why, advice = ask({"crm.csv": CRM, "survey.csv": survey}, SOURCES.values())
    assert "(it repeats)" in why
    assert ask({}, [*SOURCES.values(), advice]) == []


@pytest.mark.parametrize(
    ("column", "asked"),
    [
        ("birth_year", 0),
        ("order value", 0),
        ("zip", 0),
        ("visits", 0),
        ("crm_id", 2),
        ("userId", 2),
    ],
)
def test_numbers_are_ids_only_where_their_column_says_so(ask, column, asked):
    crm = "contact\n" + "".join(f"{n}\n" for n in range(1001, 3000))
    survey = f"who,{column},nps\n" + "".join(f"R_{n}x,{1950 + n},9\n" for n in range(9))
    assert len(ask({"crm.csv": crm, "survey.csv": survey}, SOURCES.values())) == asked


@pytest.mark.parametrize(
    ("ours", "theirs", "asked"),
    [
        ("cust", "cust-{}".format, 4),
        ("mail", "p{}@example.org".format, 4),
        ("country", "c{}".format, 0),
        ("day", "2026-03-1{}".format, 0),
    ],
)
def test_two_columns_that_nobody_declared_are_named_together(ask, ours, theirs, asked):
    """A log knows devices and a survey its answers; both hold who the customer is."""
    value = (lambda k: theirs(k % 2)) if ours == "country" else theirs
    survey = f"who,{ours},nps\n" + "".join(f"R_{k}x,{value(k)},9\n" for k in range(1, 10, 2))
    lines = ask({"log.csv": make_log(value), "survey.csv": survey}, [LOG, SOURCES["survey.csv"]])
    assert len(lines) == asked
    if asked:
        assert f"'user' of log and '{ours}' of survey have 5 ids in common (of 6 and 5)" in lines[0]
        joined = SOURCES["survey.csv"].replace("participant: who", f"participant: {ours}")
        assert lines[-1] == f"    in survey, under `columns:`, `participant: {ours}`"
        assert ask({}, [LOG, joined, lines[2]]) == []


def test_visits_that_nothing_could_join_are_not_offered(ask):
    visits = "{id: survey, kind: survey, files: survey.csv, sampling: random, unit: visit, %s}"
    visits %= "questions: [{id: nps, kind: nps, columns: [nps]}]"
    assert len(ask({"crm.csv": CRM, "survey.csv": SURVEY}, [SOURCES["crm.csv"], visits])) == 2
    again = SURVEY + "R_9x,003a00,40,9\n"
    assert ask({"survey.csv": again}, [SOURCES["crm.csv"], visits]) == []


@pytest.mark.parametrize("word", ["anonymous", "(not set)", "guest", "0", "NaN"])
def test_a_word_for_nobody_is_a_blank_and_joins_nobody(ask, word):
    log = make_log("003A{:02d}".format).replace(",,", f",{word},")
    _, why, advice = ask({"log.csv": log, "crm.csv": CRM}, [SOURCES["crm.csv"], LOG])
    assert "it is blank in 12 of its rows" in why
    ask({}, [SOURCES["crm.csv"], LOG, advice])
    told = " ".join("\n".join(check.check_study("shop")[0]).split())
    assert "5 of 10 in crm (50%) are also in log, of 12 there (42%)" in told


def test_an_id_that_several_people_of_a_roster_share_is_mapped_the_other_way_round(ask):
    crm = "contact,login\n" + "".join(f"003A{n:02d},u-{n // 2 if n < 4 else n}\n" for n in range(9))
    survey = "who,nps\n" + "".join(f"u-{n},9\n" for n in range(9))
    _, why, advice = ask({"crm.csv": crm, "survey.csv": survey}, SOURCES.values())
    assert "(several people have the same)" in why
    ask({}, [*SOURCES.values(), advice])
    told = " ".join("\n".join(check.check_study("shop")[0]).split())
    # Two logins are shared: they join nobody.
    assert "5 of 9 in crm (56%) are also in survey, of 9 there (56%)" in told


def test_several_pieces_of_advice_can_be_taken_together(ask):
    """A log joins the survey by one column and the CRM by another; both are blank at first."""
    log = make_log("003A{:02d}".format).replace("device,user,", "device,user,mail,")
    rows = [line.split(",") for line in log.splitlines()[1:]]
    rows = [[d, u, f"p{u}@x.org" if u else "", *rest] for d, u, *rest in rows]
    log = "device,user,mail,event,at\n" + "\n".join(map(",".join, rows)) + "\n"
    survey = "who,nps\n" + "".join(f"p003A{n:02d}@x.org,9\n" for n in range(9))
    sources = [*SOURCES.values(), LOG]
    lines = ask({"crm.csv": CRM, "survey.csv": survey, "log.csv": log}, sources)
    maps = [line for line in lines if line.startswith("  - {")]
    assert len(maps) == 2
    ask({}, [*sources, *maps])
    told = " ".join("\n".join(check.check_study("shop")[0]).split())
    assert "nobody in common" not in told


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("session_id", "session"), ("order_id", "order"), ("user_zip", "zip_key"), ("city", "town"),
        ("name", "first"), ("version", "app"), ("event_id", "response_id"),
    ],
)  # fmt: skip
def test_columns_of_other_things_are_no_ids_of_people(ask, ours, theirs):
    log = make_log("X-{}".format).replace("device,user,", f"device,{ours},")
    survey = f"who,{theirs},nps\n" + "".join(f"R_{k}x,X-{k},9\n" for k in range(1, 10, 2))
    assert ask({"log.csv": log, "survey.csv": survey}, [LOG, SOURCES["survey.csv"]]) == []
