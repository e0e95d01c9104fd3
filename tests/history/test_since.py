"""What is said of two runs; the manifests are made by hand."""

import json
import random

import pytest

from cjm_research.reporting.manifest import write_manifest
from cjm_research.reporting.since import (
    MOST_LINES,
    Figure,
    compare_runs,
    find_predecessor,
    has_moved,
)
from cjm_research.reporting.site.changes import MOST_SENTENCES, list_lines

LEAVE = "behaviour:buy"


def figure(value, low, high):
    return Figure("behaviour", "buy", "Buy, leave", value=value, low=low, high=high)


def change_figure(manifest, key=LEAVE, **values):
    manifest["figures"][key] = manifest["figures"][key] | values


def code(coder="mara", unit="talks/P01#0", code="slow", strength=1.0, group="pain_point"):
    key = f"{coder}-{unit}-{group}-{code}"
    return {
        "id": key, "coder": coder, "unit": unit, "document": "talks/P01", "start": 0, "end": 9,
        "group": group, "code": code, "strength": strength,
    }  # fmt: skip


def test_a_run_beside_itself_changed_in_nothing(before):
    found = compare_runs(before, before)
    assert found.is_nothing
    assert found.n_same == 2
    (line,) = found.words
    assert "nothing that the figures depend on has changed" in line


@pytest.mark.parametrize("seed", range(30))
def test_whatever_a_manifest_holds_beside_itself_it_changed_in_nothing(before, seed):
    draw = random.Random(seed)
    for number in range(draw.randrange(20)):
        value = draw.random()
        width = draw.choice([0, None, draw.random()])
        before["figures"][f"rating:{number}"] = before["figures"][LEAVE] | {
            "kind": draw.choice(["rating", "kpi", "pain_point"]), "code": str(number),
            "value": draw.choice([None, value]),
            "low": None if width is None else value - width,
            "high": None if width is None else value + width,
            "count": draw.choice([None, 3]),
        }  # fmt: skip
    units = [f"talks/P{n}#0" for n in range(draw.randrange(5))]
    before["people_codes"]["rows"] = [code(unit=unit) for unit in units]
    again = json.loads(json.dumps(before))
    assert compare_runs(before, again).is_nothing


def test_the_first_run_has_nothing_to_be_compared_with(now):
    for before in ({}, {"schema_version": 0}, {"run_id": "x"}):
        found = compare_runs(before, now)
        assert found.is_first
        assert found.words == ["There is no earlier report to compare this one with."]


@pytest.mark.parametrize(
    ("earlier", "later", "moved"),
    [
        ((0.50, 0.45, 0.55), (0.60, 0.56, 0.64), True),
        ((0.50, 0.45, 0.55), (0.56, 0.49, 0.63), False),  # the old value is within the new one
        ((0.50, 0.30, 0.70), (0.60, 0.59, 0.61), False),  # the new value is within the old one
        ((0.50, 0.45, 0.55), (0.55, 0.52, 0.58), False),  # an end belongs to its interval
        ((0.50, 0.45, 0.55), (0.90, None, None), False),
        ((None, None, None), (0.90, 0.8, 1.0), False),
    ],
)
def test_a_number_moves_when_each_value_lies_outside_the_other_interval(earlier, later, moved):
    assert has_moved(figure(*earlier), figure(*later)) is moved
    assert has_moved(figure(*later), figure(*earlier)) is moved


def test_movement_within_the_noise_is_no_movement_and_is_listed_apart(before, now):
    change_figure(now, value=0.52, low=0.47, high=0.57)
    found = compare_runs(before, now)
    assert (found.n_within, found.moved) == (1, ())
    assert "No number moved beyond its noise; 1 number differs within its noise." in found.words
    lines = list_lines(found)
    which = lines[lines.index("Differ within their noise") + 1]
    assert which.strip().startswith(found.within[0].label)


def test_of_study_yaml_the_keys_that_differ_are_named(before, now):
    now["input_hashes"]["study.yaml"] = "other"
    (plain,) = [
        change for change in compare_runs(before, now).inputs if change.what == "study.yaml"
    ]
    assert plain.words == "differs"  # an older run knows no keys
    before["study_keys"] = {"title": "1", "funnel.patience": "2", "sources.survey": "3"}
    now["study_keys"] = {"title": "1", "funnel.patience": "4", "sources.talks": "5"}
    (told,) = [c for c in compare_runs(before, now).inputs if c.what == "study.yaml"]
    assert told.words == "differs in funnel.patience, sources.survey, sources.talks"
    now["study_keys"] = before["study_keys"]
    (told,) = [c for c in compare_runs(before, now).inputs if c.what == "study.yaml"]
    assert told.words == "differs in what is masked, or only in its comments or layout"


def test_edited_evidence_says_how_many_links_came_and_went(before, now):
    row = {"headline": "Slow pages", "status": "draft", "fields": {"evidence": "1"}}
    before["findings"] = {"F1": row | {"links": ["a", "b", "b"]}}
    now["findings"] = {"F1": row | {"fields": {"evidence": "2"}, "links": ["b", "c", "d"]}}
    lines = "\n".join(list_lines(compare_runs(before, now)))
    assert "F1 “Slow pages”: evidence (2 links added, 2 links removed) edited" in lines


def test_movement_beyond_the_noise_is_shown_with_both_intervals(before, now):
    change_figure(now, value=0.7, low=0.66, high=0.74, count=280)
    (change,) = compare_runs(before, now).moved
    assert change.now.count == 280
    line = next(line for line in compare_runs(before, now).words if "Buy, leave" in line)
    plain = line.replace("\u202f", " ")
    assert "50 % (45–55 %), 200 of 400 → 70 % (66–74 %), 280 of 400: beyond the noise." in plain


def test_without_a_design_a_difference_is_counted_otherwise_and_never_movement(before, now):
    change_figure(now, "pain_point:buy:slow:talks", count=12)
    found = compare_runs(before, now)
    assert [c.now.count for c in found.counted] == [12]
    assert (found.moved, found.n_within) == ((), 0)
    assert "3 of 16 → 12 of 16" in "\n".join(list_lines(found))


def test_a_number_that_counts_something_else_is_no_movement(before, now):
    change_figure(now, value=0.9, low=0.88, high=0.92, definition="y")
    found = compare_runs(before, now)
    assert len(found.redefined) == 1
    assert found.moved == ()


def test_numbers_of_one_run_only_are_named_as_such(before, now):
    now["figures"]["kpi:NPS"] = now["figures"].pop(LEAVE) | {"kind": "kpi", "label": "NPS"}
    found = compare_runs(before, now)
    assert [c.label for c in found.appeared] == ["NPS"]
    assert [c.label for c in found.gone] == ["Buy, leave"]


def test_inputs_come_first_and_one_changed_input_owns_the_difference(before, now):
    now["inputs"]["talks"].append({"sha256": "2", "bytes": 1, "rows": None})
    now["input_hashes"]["data"] = "new"
    now["headline"]["participants"][0]["n"] = 17
    change_figure(now, value=0.7, low=0.66, high=0.74)
    found = compare_runs(before, now)
    assert [(c.what, c.words) for c in found.inputs] == [("data of Talks", "1 file new")]
    assert "What differs is owed to the data." in found.words[0]
    assert found.words[1] == "Talks: 16 → 17 people."


def test_causes_that_changed_at_once_cannot_be_told_apart(before, now):
    now["input_hashes"] |= {"data": "new", "software": "new"}
    now["inputs"]["talks"][0]["sha256"] = "2"
    now["versions"] = {"pandas": "3.0.0"}
    found = compare_runs(before, now)
    assert "The data and the software changed at once" in found.words[0]
    assert ("software", "pandas 2.3.3 → 3.0.0") in [(c.what, c.words) for c in found.inputs]


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("as_of", "2026-04-01", "looks back from: no day → 2026-04-01"),
        ("parameters", {"top": 8}, "parameter of the notebooks: top 5 → 8"),
        ("notebooks", {"01_numbers.ipynb": "2"}, "notebook 01_numbers.ipynb: changed"),
        ("notebooks", {}, "notebook 01_numbers.ipynb: is gone"),
        ("people_codes_files", {"mara": "2", "tom": "1"}, "people’s codes: tom: is new"),
        ("slice", {"words": "device = phone"}, "the whole study → device = phone"),
        ("inputs", {}, "data of Talks: is no longer there"),
        ("seed", 1, "seed of the resampling: 0 → 1"),
    ],
)
def test_every_input_that_changed_is_named(before, now, part, value, said):
    now[part] = value
    assert said in "\n".join(list_lines(compare_runs(before, now)))


def test_new_and_vanished_pain_points_are_told_with_who_was_heard(before, now):
    slow = now["figures"].pop("pain_point:buy:slow:talks")
    now["figures"]["pain_point:buy:dear:talks"] = slow | {
        "code": "dear", "name": "Dear", "label": "“Dear” at Buy (Talks)", "count": 2
    }  # fmt: skip
    found = compare_runs(before, now)
    (new,), (gone,) = found.new_pains, found.gone_pains
    assert (new.label, new.told[0].before, new.told[0].now) == ("“Dear” at Buy", (0, 16), (2, 16))
    assert (gone.label, gone.told[0].before, gone.told[0].now) == (
        "“Slow” at Buy",
        (3, 16),
        (0, 16),
    )
    words = "\n".join(found.words)
    assert "told for the first time: “Dear” at Buy" in words
    assert "No longer told: “Slow” at Buy" in words


def test_a_pain_point_where_nobody_was_heard_before_says_so(before, now):
    now["figures"]["pain_point:see:slow:talks"] = now["figures"]["pain_point:buy:slow:talks"] | {
        "stage": "see"
    }  # fmt: skip
    now["heard"]["see"] = {"talks": {"label": "Talks", "n": 16}}
    found = compare_runs(before, now)
    assert found.new_pains[0].told[0].before is None
    assert "nobody heard of this stage → 3 of 16" in "\n".join(list_lines(found))


@pytest.mark.parametrize("basis", ["the codebook", "the language model", "people’s codes"])
def test_under_another_coding_pain_points_are_recoding(before, now, basis):
    now["basis"] |= {basis: "2", "the coders’ rules": "2"}
    change_figure(now, "pain_point:buy:slow:talks", count=12, value=0.75, low=0.5, high=0.9)
    change_figure(before, "pain_point:buy:slow:talks", value=0.2, low=0.1, high=0.3)
    now["figures"]["pain_point:buy:dear:talks"] = now["figures"]["pain_point:buy:slow:talks"] | {
        "code": "dear"
    }  # fmt: skip
    found = compare_runs(before, now)
    assert basis in found.recoding
    assert len(found.recoded) == 1
    assert found.moved == ()
    words = "\n".join(found.words)
    assert "Pain points are not compared" in words
    assert "first time" not in words


def test_a_changed_rule_of_the_coders_is_named_where_nothing_else_explains_it(before, now):
    now["basis"]["the coders’ rules"] = "2"
    assert compare_runs(before, now).recoding == ("the coders’ rules",)


def test_a_verdict_changes_from_what_to_what_and_why(before, now):
    now["verdicts"]["stage:buy"] = {
        "name": "Buy", "verdict": "sources agree", "reason": "both do", "by": "Ines"
    }  # fmt: skip
    (change,) = compare_runs(before, now).verdicts
    assert (change.before, change.now, change.reason) == ("cannot tell", "sources agree", "both do")
    assert "Buy: cannot tell → sources agree, decided by Ines" in "\n".join(
        list_lines(compare_runs(before, now))
    )


def test_a_reviewer_who_changes_a_code_is_named_beside_it(before, now):
    row = code(code="price_surprise")
    now["people_codes"] = {
        "rows": [row],
        "held": {row["unit"]: {"pain_point": ["price_surprise"]}},
        "proposed": {row["unit"]: {"pain_point": ["forced_account"]}},
    }
    (coder,) = compare_runs(before, now).coders
    assert (coder.coder, coder.n_new, coder.n_changed) == ("mara", 1, 1)
    lines = list_lines(compare_runs(before, now))
    assert (
        "  document talks/P01, characters 0–9: pain point forced_account → price_surprise (mara)"
        in lines
    )


def test_a_code_that_was_taken_back_lets_the_machine_speak_again(before, now):
    row = code(code="price_surprise")
    before["people_codes"] = {
        "rows": [row],
        "held": {row["unit"]: {"pain_point": ["price_surprise"]}},
        "proposed": {row["unit"]: {"pain_point": ["forced_account"]}},
    }
    (coder,) = compare_runs(before, now).coders
    assert (coder.n_new, coder.n_gone) == (0, 1)
    assert (coder.codes[0].before, coder.codes[0].now) == (("price_surprise",), ("forced_account",))


def test_a_code_that_says_what_the_machine_said_is_a_confirmation(before, now):
    row = code()
    held = {row["unit"]: {"pain_point": ["slow"]}}
    now["people_codes"] = {"rows": [row], "held": held, "proposed": held}
    found = compare_runs(before, now)
    assert found.coders[0].n_changed == 0
    assert "pain point slow, confirmed (mara)" in "\n".join(list_lines(found))


def test_many_excerpts_of_a_coder_are_counted_beyond_twenty(before, now):
    rows = [code(unit=f"talks/P01#{n}") for n in range(30)]
    now["people_codes"] = {"rows": rows, "held": {}, "proposed": {}}
    found = compare_runs(before, now)
    assert sum("characters" in line for line in list_lines(found)) == MOST_LINES


def test_findings_that_came_went_or_were_edited_are_named(before, now):
    now["findings"] = {
        "F1": {"headline": "Slow pages", "status": "reviewed",
               "fields": {"headline": "2", "status": "2"}},
        "F2": {"headline": "New", "status": "draft", "fields": {}},
    }  # fmt: skip
    before["findings"]["F0"] = {"headline": "Old", "status": "draft", "fields": {}}
    lines = "\n".join(list_lines(compare_runs(before, now)))
    assert "F1 “Slow pages”: headline edited; draft → reviewed" in lines
    assert "F2 “New”: added" in lines
    assert "F0 “Old”: removed" in lines


def test_the_front_page_gets_eight_sentences_at_most_and_inputs_first(before, now):
    now["inputs"]["talks"][0]["sha256"] = "2"
    now["headline"]["participants"][0]["n"] = 20
    for number in range(6):
        before["figures"][f"kpi:{number}"] = before["figures"][LEAVE] | {"kind": "kpi"}
        now["figures"][f"kpi:{number}"] = before["figures"][LEAVE] | {
            "kind": "kpi", "value": 0.9, "low": 0.88, "high": 0.92
        }  # fmt: skip
    now["verdicts"]["stage:buy"]["verdict"] = "sources agree"
    now["people_codes"] = {"rows": [code()], "held": {}, "proposed": {}}
    now["findings"] = {}
    words = compare_runs(before, now).words
    assert len(words) <= MOST_SENTENCES
    assert "this changed: data of Talks" in words[0]
    assert any("4 more numbers moved" in line for line in words)
    assert all("2026-04-01T" not in line for line in words)  # a run id is a time


def publish(reports, **known):
    folder = reports / known["run_id"]
    folder.mkdir(parents=True)
    write_manifest(folder, known | {"pages": {}})


def test_the_predecessor_is_the_newest_good_run_of_other_inputs(before, tmp_path):
    publish(tmp_path, **before | {"run_id": "r1", "key": "a", "started": "2026-03-01T10:00:00Z"})
    publish(tmp_path, **before | {"run_id": "r2", "key": "b", "started": "2026-03-02T10:00:00Z"})
    publish(tmp_path, **before | {"run_id": "r3", "key": "c", "started": "2026-03-03T10:00:00Z"})
    publish(tmp_path, **before | {"run_id": "r4", "key": "c", "started": "2026-03-04T10:00:00Z"})
    assert find_predecessor(tmp_path, "c")["run_id"] == "r2"
    assert find_predecessor(tmp_path, "d")["run_id"] == "r4"
    assert find_predecessor(tmp_path, "d", than="2026-03-01T12:00:00Z")["run_id"] == "r1"
    assert find_predecessor(tmp_path, "d", part="device = phone") == {}
    assert find_predecessor(tmp_path / "none", "d") == {}


def test_a_run_that_looks_back_from_a_day_is_compared_with_such_runs_only(before, tmp_path):
    publish(tmp_path, **before | {"run_id": "r1", "key": "a", "started": "2026-03-01T10:00:00Z"})
    dated = {"run_id": "r2", "key": "b", "started": "2026-03-02T10:00:00Z", "as_of": "2026-02-28"}
    publish(tmp_path, **before | dated)
    assert find_predecessor(tmp_path, "c")["run_id"] == "r1"
    assert find_predecessor(tmp_path, "c", dated=True)["run_id"] == "r2"


def test_codes_whose_words_are_gone_are_not_said_to_be_taken_back(before, now):
    before["people_codes"]["rows"] = [code()]
    for run in (before, now):
        run["people_codes_files"] = {"mara": "the same"}
    (coder,) = compare_runs(before, now).coders
    assert (coder.n_gone, coder.by_texts) == (1, True)
    now["people_codes_files"] = {"mara": "another"}
    (coder,) = compare_runs(before, now).coders
    assert not coder.by_texts


def test_failed_half_made_and_damaged_runs_are_no_predecessors(before, tmp_path):
    publish(tmp_path, **before | {"run_id": "r1", "status": "failed"})
    publish(tmp_path, **before | {"run_id": "r2", "schema_version": 0})
    publish(tmp_path, **before | {"run_id": ".tmp-r3"})
    (tmp_path / "r4").mkdir()
    (tmp_path / "r4" / "manifest.json").write_text("{")
    (tmp_path / "latest").symlink_to("r1")
    assert find_predecessor(tmp_path, "x") == {}


def test_of_two_runs_in_one_second_the_later_number_is_newer(before, tmp_path):
    for run_id in ("2026-03-01T100000", "2026-03-01T100000-2", "2026-03-01T100000-10"):
        publish(tmp_path, **before | {"run_id": run_id})
    assert find_predecessor(tmp_path, "x")["run_id"] == "2026-03-01T100000-10"
