"""Small whole studies, one for each way in which words and numbers part company.

Sixty people are in the log, forty of them answer a survey, and the two join by their ids. Each
variant breaks one thing; what broke is stated in words, and what was said of single people goes.
"""

import re
import shutil

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.study import open_study, steps

STUDY = """\
schema_version: 1
title: Why do people stop at the basket?
objective: Decide what to build.
journey:
  stages:
    - {id: see, name: Seeing, events: [view], cues: [the advert]}
    - id: buy
      name: Buying
      events: [basket]
      cues: [the basket]
      touchpoints: [{name: Basket page, channel: web}, {name: Hotline desk, channel: phone}]
    - {id: keep, name: Keeping, events: [delivered], completed_by: [kept], cues: [the parcel]}
sources:
"""
TALKS = """\
  - id: talks
    kind: transcripts
    label: Talks
    files: interviews/*.txt
    collected: {from: 2026-04-01, to: 2026-04-03}
    sampling: purposive
    consent: quote
    interviewers: [Ines]
    masking_reviewed: all
"""
SURVEY = """\
  - id: survey
    kind: survey
    label: Survey
    files: survey.csv
    collected: {from: %(day)s, to: %(day)s}
    sampling: random
    consent: quote
    masking_reviewed: all
    wave: %(wave)s
    columns: {%(columns)s}
    questions:
      - {id: csat, kind: csat, columns: csat, scale: [1, 5], stage: buy, text: "How was buying?"}
      - {id: see, kind: open, columns: see, stage: see, text: "What got in your way at first?"}
      - {id: buy, kind: open, columns: buy, stage: buy, text: "What got in your way then?"}
      - {id: keep, kind: open, columns: keep, stage: keep, text: "What got in your way in the end?"}
"""
LOG = """\
  - id: log
    kind: events
    label: Log
    files: events.csv
    collected: {from: 2026-03-01, to: 2026-03-31}
    sampling: census
    wave: 2026-03
    columns: {participant: id, event: event, occurred_at: at, channel: channel}
"""
SETTINGS = """\
coding: {scores: rules}
privacy: {synthetic: true}
"""

PEOPLE = [f"p{n:02}" for n in range(1, 61)]
KEPT, LEFT_BUYING, LEFT_SEEING = PEOPLE[:24], PEOPLE[24:57], PEOPLE[57:]
ASKED = [*KEPT[:16], *LEFT_BUYING[:22], *LEFT_SEEING[:2]]
TROUBLED = [*KEPT[:4], *LEFT_BUYING[:18]]

TROUBLE = "The basket page made me create an account before I could pay."
BY_PHONE = "Nobody answered at the hotline desk, and I had to create an account."
FINE = "It was easy."


class Small:
    """The files of a study; a variant changes what it names."""

    def __init__(self):
        self.asked, self.troubled = ASKED, TROUBLED
        self.day, self.wave = "2026-04-02", "2026-03"
        self.columns = "participant: id, submitted_at: at"
        self.filed = {}
        self.channels = {who: "phone" if n < 6 else "web" for n, who in enumerate(PEOPLE)}
        self.sources = [TALKS, SURVEY, LOG]
        self.talks = {"p01": "The basket was easy.", "p25": "The basket made me open an account."}
        self.fine = FINE
        self.logged = PEOPLE

    def answers(self):
        rows = []
        for n, who in enumerate(self.asked):
            troubled = who in self.troubled
            at_buying = (BY_PHONE if n % 3 == 0 else TROUBLE) if troubled else self.fine
            rows.append(
                {
                    "id": self.filed.get(who, who),
                    "at": f"{self.day} 10:{n:02}",
                    "csat": (1 + n % 2) if troubled else (4 + n % 2),
                    "see": self.fine,
                    "buy": "" if who in LEFT_SEEING else at_buying,
                    "keep": self.fine if who in KEPT else "",
                }
            )
        return pd.DataFrame(rows, columns=["id", "at", "csat", "see", "buy", "keep"])

    def events(self):
        rows = []
        for n, who in enumerate(self.logged):
            steps_of = ["view"]
            if who not in LEFT_SEEING:
                steps_of.append("basket")
            if who in KEPT:
                steps_of += ["delivered", "kept"]
            rows += [
                (who, event, f"2026-03-{1 + 2 * step:02} 10:{n:02}", self.channels[who])
                for step, event in enumerate(steps_of)
            ]
        return pd.DataFrame(rows, columns=["id", "event", "at", "channel"])

    def write(self, folder):
        (folder / "interviews").mkdir(parents=True)
        filled = {"day": self.day, "wave": self.wave, "columns": self.columns}
        sources = [text % filled if text == SURVEY else text for text in self.sources]
        (folder / "study.yaml").write_text("".join([STUDY, *sources, SETTINGS]))
        for who, said in self.talks.items():
            (folder / "interviews" / f"{who}.txt").write_text(f"Ines: How was it?\nA: {said}\n")
        self.answers().to_csv(folder / "survey.csv", index=False)
        self.events().to_csv(folder / "events.csv", index=False)


def keep_whole(small):
    """Change nothing."""


def swap_cohort(small):
    small.filed = {who: f"x{who}" for who in PEOPLE}
    small.talks = {f"x{who}": said for who, said in small.talks.items()}


def mix_up_ids(small):
    # Everybody's words stand under the id of somebody who came less far, or further.
    small.filed = dict(zip(ASKED, reversed(ASKED), strict=True))


def shift_dates(small):
    small.day = "2027-04-02"


def lose_a_channel(small):
    small.channels = dict.fromkeys(PEOPLE, "web")


def drop_ids(small):
    small.columns = "submitted_at: at"
    small.talks = {"k01": small.talks["p01"], "k02": small.talks["p25"]}


def hear_no_leavers(small):
    small.asked, small.troubled = KEPT, KEPT[:1]
    small.talks = {"p01": "The basket was easy."}


def ask_in_another_wave(small):
    small.wave = "2027-03"


def count_nothing(small):
    small.sources = [TALKS, SURVEY]


def hear_nothing(small):
    small.sources = [LOG]


def keep_one_person(small):
    small.asked, small.logged, small.talks = PEOPLE[:1], PEOPLE[:1], {}
    small.sources = [SURVEY, LOG]


def answer_nothing(small):
    small.troubled, small.fine = [], ""
    small.sources = [SURVEY, LOG]


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Return the tables of a variant; each is made once."""
    project = tmp_path_factory.mktemp("small")
    made = {}

    def tables(change):
        name = change.__name__
        if name not in made:
            small = Small()
            change(small)
            small.write(project / "data" / "raw" / name)
            made[name] = open_study(name).tables
        return made[name]

    with pytest.MonkeyPatch.context() as patch:
        (project / "data" / "raw").mkdir(parents=True, exist_ok=True)
        patch.setenv("CJM_VAULT", str(project / "vault"))
        patch.chdir(project)
        yield tables


JOINED = [
    "n_told", "n_told_left", "n_others", "n_others_left", "risk_ratio", "low", "high", "p",
    "p_adjusted", "n_told_before", "n_told_after", "n_told_unknown",
]  # fmt: skip
BESIDE = ["n_lost_known", "n_lost_silent", "n_kept_known", "n_kept_told"]
SINGLE_PEOPLE = re.compile(
    r"found in the behaviour record|and came to|left (?:here|there)|Among those who left"
    r"|who (?:do not )?leave|of the same people"
)
REFUSED = [swap_cohort, mix_up_ids, shift_dates, drop_ids, ask_in_another_wave]
DEGENERATE = [count_nothing, hear_nothing, keep_one_person, answer_nothing]
TEXTS = ("words", "reason", "missing")
NAMES = (
    "verdicts", "opportunities", "causes", "links", "joint_display", "comparability",
    "comparable_sources", "display_gaps", "trust", "segment_comparison", "orders",
    "expectations", "balance", "channel_consistency", "openings", "wave_changes",
    "stage_behaviour", "person_stages",
)  # fmt: skip


def all_words(tables, *, source=""):
    """Return every sentence that weighing gives, of one source or of all."""
    found = []
    for name in NAMES:
        table = tables[name]
        mine = table[table["source"] == source] if source and "source" in table else table
        for column in set(TEXTS) & set(table.columns):
            found += [f"{name}: {words}" for words in mine[column]]
    return found


def stated(tables, aspect, source="survey"):
    """Return the words of one aspect of a source, those of the summary with them."""
    guard = tables["comparability"]
    mine = guard[(guard["source"] == source) & (guard["aspect"] == aspect)]
    summary = tables["comparable_sources"].set_index("source").loc[source, "words"]
    differing = mine[mine["status"] != "same"]
    assert all(words in summary for words in differing["words"])
    return mine["status"].tolist(), " ".join(mine["words"])


def verdict_at(tables, stage):
    return tables["verdicts"].set_index("stage").loc[stage]


def told_at_buying(tables, code="forced_account", source="survey"):
    causes = tables["causes"]
    keys = (causes["stage"] == "buy") & (causes["source"] == source) & (causes["code"] == code)
    return causes[keys].iloc[0]


def test_words_and_numbers_of_the_same_people_are_joined_person_by_person(make):
    tables = make(keep_whole)
    assert verdict_at(tables, "buy")["proposed"] == "sources agree"
    cause = told_at_buying(tables)
    # 18 of the 22 who tell it left, and 4 of the 16 others who came to the basket.
    assert cause[JOINED[:4]].tolist() == [22, 18, 16, 4]
    assert cause["risk_ratio"] == pytest.approx((18 / 22) / (4 / 16))
    assert cause["low"] > 1
    assert cause["p_adjusted"] < 0.05
    display = tables["joint_display"].set_index(["stage", "source"]).loc[("buy", "survey")]
    assert display[BESIDE].tolist() == [22, 4, 16, 4]
    assert any(SINGLE_PEOPLE.search(words) for words in all_words(tables, source="survey"))
    summary = tables["comparable_sources"].set_index("source")["person_level"]
    # Two people are interviewed: too few to be spoken of one by one.
    assert summary.to_dict() == {"talks": False, "survey": True}


def test_four_people_or_fewer_are_not_spoken_of_one_by_one(make):
    tables = make(keep_whole)
    causes = tables["causes"]
    assert causes.loc[causes["source"] == "talks", JOINED].isna().all(axis=None)
    display = tables["joint_display"]
    assert set(display.loc[display["source"] == "talks", "counted"]) == {""}
    assert "(Talks) left here" not in verdict_at(tables, "buy")["reason"]


@pytest.mark.parametrize("change", REFUSED)
def test_what_single_people_do_is_in_no_table_and_no_sentence(make, change):
    tables = make(change)
    summary = tables["comparable_sources"].set_index("source")
    assert not summary["person_level"].any()
    assert summary["words"].str.endswith("Nothing is said about single people.").all()
    causes, display = tables["causes"], tables["joint_display"]
    assert len(causes)
    assert causes[JOINED].isna().all(axis=None)
    assert set(display["counted"]) == {""}
    assert display[BESIDE].isna().all(axis=None)
    # The guard itself says who could be found, and who could not.
    claims = [words for words in all_words(tables) if not words.startswith("compara")]
    assert claims
    assert [words for words in claims if SINGLE_PEOPLE.search(words)] == []
    assert set(tables["verdicts"]["leavers_heard"]) == {"cannot tell"}
    assert tables["verdicts"]["n_leavers_heard"].isna().all()
    missing = causes.loc[causes["source"] == "survey", "missing"]
    assert missing.str.contains("cannot be (?:linked|set against)").all()


def test_a_swapped_cohort_is_stated(make):
    tables = make(swap_cohort)
    assert stated(tables, "people") == (
        ["differs"],
        "Nobody of the 40 people of Survey is found in Log: the two are of different people, or "
        "their ids do not join.",
    )
    assert stated(tables, "people", "talks")[0] == ["differs"]
    assert tables["person_stages"].empty
    assert tables["links"]["n_linked"].sum() == 0


def test_mixed_up_ids_are_stated(make):
    tables = make(mix_up_ids)
    assert stated(tables, "people")[0] == ["same"]
    status, words = stated(tables, "stages")
    assert status == ["differs"]
    assert "16 of 16 on Keeping" in words
    assert "ids may be mixed up" in words


def test_shifted_dates_are_stated(make):
    tables = make(shift_dates)
    status, words = stated(tables, "dates")
    assert status == ["differs", "differs"]
    assert "told 367 days after the count ended" in words
    assert "of the 40 people of Survey found in Log spoke" in words
    assert stated(tables, "dates", "talks")[0] == ["same"]
    # The stage as a whole may still be compared.
    assert verdict_at(tables, "buy")["proposed"] == "sources agree"


def test_a_missing_channel_is_stated(make):
    assert stated(make(keep_whole), "channel") == (
        ["same"], "Survey and Log are of the same channels.",
    )  # fmt: skip
    tables = make(lose_a_channel)
    assert stated(tables, "channel") == (
        ["differs"],
        "People of Survey tell of channels that Log does not hold: phone. What happens there is "
        "not counted.",
    )


def test_no_shared_ids_are_stated(make):
    tables = make(drop_ids)
    assert stated(tables, "people")[0] == ["differs"]
    assert "their ids do not join" in stated(tables, "people")[1]
    assert verdict_at(tables, "buy")["proposed"] == "sources agree"


def test_another_wave_has_no_say(make):
    tables = make(ask_in_another_wave)
    status, words = stated(tables, "wave")
    assert status == ["differs"]
    assert "its words are not set beside these numbers" in words
    verdict = verdict_at(tables, "buy")
    assert verdict["proposed"] == "cannot tell"
    assert "Left out, as not comparable with the numbers: Survey." in verdict["reason"]
    gaps = tables["display_gaps"]
    assert "survey" not in set(gaps["source"])


def test_nobody_who_left_was_heard(make):
    tables = make(hear_no_leavers)
    assert stated(tables, "leavers") == (
        ["differs"],
        "Nobody of the 24 people of Survey whose way is known left: those who did are not heard.",
    )
    verdict = verdict_at(tables, "buy")
    assert verdict["said"] == "little"
    assert verdict["done"] == "much"
    assert verdict["proposed"] == "leavers not heard"
    assert verdict["leavers_heard"] == "not heard"
    assert "0 of 24 (Survey) left here" in verdict["reason"]
    cause = told_at_buying(tables)
    assert cause["n_told_left"] + cause["n_others_left"] == 0
    assert cause[["risk_ratio", "p", "p_adjusted"]].isna().all()
    assert "nobody who left here was heard" in cause["missing"]


@pytest.mark.parametrize("change", DEGENERATE)
def test_a_study_with_next_to_nothing_gives_whole_tables(make, change):
    tables, whole = make(change), make(keep_whole)
    for name in NAMES:
        assert list(tables[name].columns) == list(whole[name].columns), name
    assert tables["verdicts"]["stage"].tolist() == ["see", "buy", "keep"]
    assert tables["stage_behaviour"]["stage"].tolist() == ["see", "buy", "keep"]
    for name in ("causes", "opportunities"):
        assert tables[name].empty or tables[name]["n_said"].min() > 0
    assert tables["causes"]["risk_ratio"].isna().all()
    assert not tables["comparable_sources"]["person_level"].any()
    assert set(tables["joint_display"]["counted"]) <= {""}
    for words in all_words(tables):
        assert not re.search(r"\b(?:nan|inf)\b|\b0 of 0\b", words), words


def test_without_events_only_the_words_speak(make):
    tables = make(count_nothing)
    assert tables["verdicts"]["proposed"].tolist() == ["cannot tell", "only said", "cannot tell"]
    assert set(tables["verdicts"]["done"]) == {"not measured"}
    assert tables["causes"].empty
    assert set(tables["comparability"]["words"]) == {
        "No source of the study counts what people do."
    }


def test_without_words_nobody_was_asked(make):
    tables = make(hear_nothing)
    assert set(tables["verdicts"]["proposed"]) == {"not asked"}
    for name in ("comparability", "links", "joint_display", "causes", "opportunities", "trust"):
        assert tables[name].empty, name


def test_one_person_has_no_share(make):
    tables = make(keep_one_person)
    assert set(tables["verdicts"]["proposed"]) == {"cannot tell"}
    assert tables["opportunities"].empty
    for name in ("expectations", "balance", "openings"):
        shares = tables[name].filter(regex="share$|low$|high$")
        assert len(shares.columns)
        assert shares.isna().all(axis=None), name


def test_a_finding_changes_whose_verdict_it_is_and_nothing_that_machines_made(
    make, tmp_path, monkeypatch
):
    before = make(keep_whole)
    study = open_study("keep_whole")
    first_keys = study._make_key()
    project = study.place.folder.parents[2]
    for part in ("data/raw", "data/processed"):
        shutil.copytree(project / part / "keep_whole", tmp_path / part / "keep_whole")
    written = (
        "verdicts:\n  - {stage: buy, verdict: partly agree, by: Ines Adler, note: The old form.}\n"
        "opportunities:\n  - {stage: buy, code: forced_account, confirmed: true, by: Ines Adler}\n"
    )
    findings = tmp_path / "data" / "raw" / "keep_whole" / "findings.yaml"
    findings.write_text(written)

    def refuse(*args, **options):
        raise AssertionError("coded again")

    monkeypatch.setattr(steps, "make_codes", refuse)
    monkeypatch.chdir(tmp_path)
    again = open_study("keep_whole")
    assert again._make_key() == first_keys
    assert again.key != study.key
    after = again.tables
    assert findings.read_text() == written

    verdict, proposal = verdict_at(after, "buy"), verdict_at(before, "buy")
    assert verdict[["verdict", "by"]].tolist() == ["partly agree", "Ines Adler"]
    assert verdict["proposed"] == proposal["proposed"] == "sources agree"
    assert verdict["reason"] == proposal["reason"] + " Ines Adler: The old form."
    confirmed = after["opportunities"].set_index(["stage", "code"]).loc[("buy", "forced_account")]
    assert confirmed[["status", "confirmed_by"]].tolist() == ["confirmed", "Ines Adler"]
    assert set(before["opportunities"]["status"]) == {"candidate"}
    machine = ["stage", "said", "done", "leavers_heard", "n_leavers_heard", "proposed"]
    assert_frame_equal(after["verdicts"][machine], before["verdicts"][machine])
    for name in set(before) - {"verdicts", "opportunities"}:
        assert_frame_equal(after[name], before[name], obj=name)


def test_candidates_are_in_no_order_of_weight(make):
    found = make(keep_whole)["opportunities"]
    assert set(found["status"]) == {"candidate"}
    assert found[["score", "rank", "rank_low", "rank_high"]].isna().all(axis=None)
    places = list(zip(found["stage"], found["label"], strict=True))
    assert places == sorted(
        places, key=lambda place: (["see", "buy", "keep"].index(place[0]), place[1])
    )
