from pathlib import Path

import jsonschema
import pytest
import yaml

from cjm_research.config import (
    JourneyPart,
    StudyConfig,
    build_journey,
    json_schema,
    load_config,
    load_templates,
    resolve_stage,
)
from cjm_research.config.yaml_files import read_yaml
from cjm_research.errors import ConfigError, UnknownNameError

DEMO = Path(__file__).resolve().parents[2] / "data" / "raw" / "demo" / "study.yaml"

MINIMAL = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to build.
journey: {template: commerce}
sources:
  - {id: talks, kind: transcripts, files: "*.txt", sampling: purposive}
"""

SURVEY = """\
  - id: survey
    kind: survey
    files: survey.csv
    sampling: random
    questions:
      - {id: why, kind: open, columns: why, stage: purchase}
"""


@pytest.fixture
def load(tmp_path):
    def load_text(text):
        path = tmp_path / "study.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(path, where="demo/study.yaml")

    return load_text


@pytest.fixture
def problems(load):
    def problems_of(text):
        with pytest.raises(ConfigError) as raised:
            load(text)
        assert raised.value.where == "demo/study.yaml"
        return raised.value.problems

    return problems_of


def test_a_minimal_study_needs_only_six_things(load):
    config = load(MINIMAL)
    assert config.title == "Why do people leave?"
    assert config.source("talks").files == ["*.txt"]
    assert config.report.quotes_per_stage == 3


def test_a_misspelt_key_is_refused_with_a_suggestion(problems):
    (problem,) = problems(MINIMAL.replace("title:", "titel: x\ntitle:"))
    assert problem.startswith("titel: unknown key. Did you mean 'title'? Allowed: ")


def test_a_misspelt_key_of_a_source_is_found_by_the_sources_id(problems):
    (problem,) = problems(MINIMAL.replace("sampling: purposive", "sampling: random, lable: x"))
    assert problem.startswith("sources.talks.lable: unknown key. Did you mean 'label'?")
    assert "'masking_reviewed'" in problem


def test_a_misspelt_key_of_a_stage_is_found_by_the_stages_id(problems):
    text = MINIMAL.replace("{template: commerce}", "{stages: [{id: buy, completed_bye: [paid]}]}")
    (problem,) = problems(text)
    assert problem.startswith("journey.stages.buy.completed_bye: unknown key.")
    assert "Did you mean 'completed_by'?" in problem


def test_a_misspelt_key_of_a_question_is_found_by_its_place(problems):
    (problem,) = problems(MINIMAL + SURVEY.replace("stage: purchase", "stge: purchase"))
    assert problem.startswith("sources.survey.questions.why.stge: unknown key.")
    assert "Did you mean 'stage'?" in problem


def test_a_key_given_twice_is_refused(problems):
    (problem,) = problems(MINIMAL + "title: Another\n")
    assert "the key 'title' occurs twice" in problem


def test_a_key_given_twice_deep_inside_is_refused(problems):
    (problem,) = problems(MINIMAL.replace("{template: commerce}", "{template: a, template: b}"))
    assert "the key 'template' occurs twice" in problem


LAUGHS = "a: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + "".join(
    f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS, "beyond reason. Write out what they stand for"),
        ("title: &a [*a]\n", "aliases (*name) make it grow beyond reason"),
        ("title: " + "[" * 100_000, "nested too deeply"),
        ("? [a, b]\n: c\n", "unhashable key"),
        ("title: !!python/object/apply:os.system [ls]\n", "could not determine a constructor"),
    ],
    ids=["billion laughs", "itself", "deep", "a list as key", "python"],
)
def test_hostile_yaml_is_refused(tmp_path, text, said):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path, where="study.yaml")
    assert said in str(caught.value)


def test_aliases_that_stay_small_are_read(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("one: &a {x: 1}\ntwo: *a\n")
    assert read_yaml(path, where="study.yaml") == {"one": {"x": 1}, "two": {"x": 1}}


def test_merged_mappings_are_no_duplicates(load):
    text = MINIMAL.replace(
        '  - {id: talks, kind: transcripts, files: "*.txt", sampling: purposive}',
        "  - &talks {id: talks, kind: transcripts, files: a.txt, sampling: purposive}\n"
        "  - {<<: *talks, id: more, files: b.txt}",
    )
    config = load(text)
    assert [source.files for source in config.sources] == [["a.txt"], ["b.txt"]]


def test_text_that_is_no_yaml_is_refused(problems):
    (problem,) = problems("title: [open")
    assert "is not valid YAML" in problem


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words"])
def test_yaml_that_is_no_mapping_is_refused(problems, text):
    assert problems(text) == ["it should hold keys such as `title:` and `sources:`."]


def test_a_file_that_is_not_utf_8_is_refused(problems):
    (problem,) = problems(MINIMAL.replace("leave?", "gehen – für?").encode("cp1252"))
    assert problem.startswith("it is not UTF-8 text")
    assert "Save it as UTF-8" in problem


def test_a_byte_order_mark_does_no_harm(load):
    assert load(MINIMAL.encode("utf-8-sig")).schema_version == 1


def test_python_tags_in_yaml_are_never_run(problems, tmp_path):
    canary = tmp_path / "canary"
    (problem,) = problems(MINIMAL + f"x: !!python/object/apply:os.mkdir ['{canary}']\n")
    assert "is not valid YAML" in problem
    assert not canary.exists()


def test_a_missing_objective_is_named(problems):
    (problem,) = problems(MINIMAL.replace("objective: Decide what to build.\n", ""))
    assert problem == "objective: this key is required and missing."


def test_an_empty_objective_is_refused(problems):
    (problem,) = problems(MINIMAL.replace("Decide what to build.", "''"))
    assert problem.startswith("objective: ")


def test_all_problems_are_reported_at_once(problems):
    text = MINIMAL.replace("objective: Decide what to build.\n", "objectiv: x\n")
    text = text.replace("sampling: purposive", "sampling: lucky")
    found = "\n".join(problems(text))
    assert "objective: this key is required" in found
    assert "Did you mean 'objective'" in found
    assert "sources.talks.sampling" in found
    assert "'lucky'" in found


def test_a_source_without_kind_is_told_the_kinds(problems):
    (problem,) = problems(MINIMAL.replace("kind: transcripts, ", ""))
    assert problem.startswith("sources.talks: `kind:` is missing.")
    assert "'observations'" in problem


def test_an_unknown_kind_of_source_gets_a_suggestion(problems):
    (problem,) = problems(MINIMAL.replace("kind: transcripts", "kind: transcript"))
    assert "no kind 'transcript'. Did you mean 'transcripts'?" in problem


def test_source_ids_must_be_unique(problems):
    (problem,) = problems(MINIMAL + MINIMAL.splitlines()[-1] + "\n")
    assert "source ids must be unique; 'talks'" in problem


def test_a_study_without_sources_is_refused(problems):
    text = MINIMAL.split("sources:")[0] + "sources: []\n"
    assert problems(text)[0].startswith("sources: ")


@pytest.mark.parametrize(
    "kpi",
    [
        "{name: K, measure: drop_off, stage: purchse, target: 0.1}",
        "{name: K, measure: conversion, from: awareness, to: purchse, target: 0.1}",
    ],
)
def test_an_unknown_stage_in_a_kpi_is_refused(problems, kpi):
    (problem,) = problems(MINIMAL + f"kpis: [{kpi}]\n")
    assert problem.startswith("kpis.K: no stage 'purchse'. Did you mean 'purchase'?")


@pytest.mark.parametrize(
    ("kpi", "key"),
    [
        ("{name: K, measure: drop_off, target: 0.1}", "`stage:`"),
        ("{name: K, measure: conversion, to: purchase, target: 0.1}", "`from:`"),
    ],
)
def test_a_kpi_without_its_stage_is_refused(problems, kpi, key):
    (problem,) = problems(MINIMAL + f"kpis: [{kpi}]\n")
    assert key in problem


def test_a_conversion_that_runs_backwards_is_refused(problems):
    kpi = "{name: K, measure: conversion, from: purchase, to: awareness, target: 0.1}"
    (problem,) = problems(MINIMAL + f"kpis: [{kpi}]\n")
    assert problem.startswith("kpis.K: ")
    assert "before" in problem


def test_an_unknown_stage_in_a_survey_mapping_is_refused(problems):
    (problem,) = problems(MINIMAL + SURVEY.replace("stage: purchase", "stage: purchace"))
    assert problem.startswith("sources.survey.questions.why: no stage 'purchace'.")
    assert "Did you mean 'purchase'?" in problem


QUESTIONNAIRE = """\
    questionnaire:
      opened: awareness
      pages: [{stage: purchase, blocks: [{name: B, questions: [why]}]}]
      submitted: post_purchase
      submitted_column: state
      submitted_values: [yes, 1]
"""


def test_an_unknown_stage_of_a_questionnaire_is_refused(problems):
    form = QUESTIONNAIRE.replace("submitted: post_purchase", "submitted: sent")
    (problem,) = problems(MINIMAL + SURVEY + form)
    assert problem.startswith("sources.survey.questionnaire: no stage 'sent'.")


def test_an_unknown_question_of_a_questionnaire_is_refused(problems):
    form = QUESTIONNAIRE.replace("[why]", "[whi]")
    (problem,) = problems(MINIMAL + SURVEY + form)
    assert problem == (
        "sources.survey.questionnaire: no question 'whi'. Did you mean 'why'? Allowed: 'why'."
    )


def test_yes_no_and_numbers_are_read_as_the_text_in_the_cell(load):
    consent = "    consent_values: {quote: yes, no_quote: [no, off, 0]}\n"
    source = load(MINIMAL + SURVEY + QUESTIONNAIRE + consent).source("survey")
    assert source.consent_values.quote == ["yes"]
    assert source.consent_values.no_quote == ["no", "no", "0"]
    assert source.questionnaire.submitted_values == ["yes", "1"]


def test_a_stage_given_by_its_name_is_stored_as_its_id(load):
    text = MINIMAL + SURVEY.replace("stage: purchase", "stage: Purchase") + QUESTIONNAIRE
    text = text.replace("submitted: post_purchase", "submitted: Post-purchase")
    text += "kpis: [{name: K, measure: conversion, from: Awareness, to: Purchase, target: 0.1}]\n"
    config = load(text)
    survey = config.source("survey")
    assert survey.questions[0].stage == "purchase"
    assert survey.questionnaire.submitted == "post_purchase"
    assert (config.kpis[0].from_stage, config.kpis[0].to_stage) == ("awareness", "purchase")


OBSERVATIONS = """\
  - id: tests
    kind: observations
    files: log.csv
    sampling: purposive
    columns: {participant: who, item: task}
    outcomes:
      - {id: done, label: Done, rules: [{when: {result: "PATTERN"}, then: success}]}
"""


def test_a_pattern_that_does_not_compile_is_refused(problems):
    (problem,) = problems(MINIMAL + OBSERVATIONS.replace("PATTERN", "(open"))
    assert problem.startswith("sources.tests.outcomes.done: '(open' for column 'result'")


def test_a_pattern_that_compiles_is_taken(load):
    config = load(MINIMAL + OBSERVATIONS.replace("PATTERN", "yes.*"))
    assert config.source("tests").outcomes[0].rules[0].when == {"result": "yes.*"}


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("(open", "is not a valid pattern"), ("k\\d+", "needs one pair of parentheses")],
)
def test_a_participant_pattern_that_names_nobody_is_refused(problems, pattern, words):
    line = f"sampling: purposive, participant_pattern: '{pattern}'"
    (problem,) = problems(MINIMAL.replace("sampling: purposive", line))
    assert words in problem


def test_an_unknown_template_gets_a_suggestion(problems):
    (problem,) = problems(MINIMAL.replace("commerce", "comerce"))
    assert problem == (
        "journey.template: no template 'comerce'. Did you mean 'commerce'? "
        "Allowed: 'commerce', 'lifecycle', 'service'."
    )


def test_a_journey_without_stages_is_refused(problems):
    (problem,) = problems(MINIMAL.replace("{template: commerce}", "{}"))
    assert problem.startswith("journey: name a template")


def test_a_stage_given_twice_is_refused(problems):
    (problem,) = problems(
        MINIMAL.replace("{template: commerce}", "{stages: [{id: buy}, {id: buy}]}")
    )
    assert problem == "journey.stages: 'buy' occur more than once."


@pytest.mark.parametrize("stage_id", ["Buy", "a b", "", "-x"])
def test_an_id_with_odd_characters_is_refused(problems, stage_id):
    text = MINIMAL.replace("{template: commerce}", f"{{stages: [{{id: '{stage_id}'}}]}}")
    assert problems(text)[0].startswith("journey.stages.")


def test_own_stages_add_to_and_override_a_template():
    part = JourneyPart.model_validate(
        {
            "template": "commerce",
            "stages": [
                {"id": "purchase", "owner": "Checkout team", "events": ["pay"], "cues": ["till"]},
                {"id": "recommend", "sequential": False},
            ],
        }
    )
    journey = build_journey(part)
    assert journey.stage_ids == [
        "awareness", "consideration", "purchase", "post_purchase", "recommend",
    ]  # fmt: skip
    assert journey["purchase"].owner == "Checkout team"
    assert journey["purchase"].definition == "Someone orders and pays."
    assert journey["purchase"].cues == ("till",)
    assert journey["awareness"].cues
    assert not journey["recommend"].sequential


def test_a_stage_takes_measure_and_outcome_of_its_journey_unless_it_has_its_own():
    part = JourneyPart.model_validate(
        {
            "measure": "task_failure",
            "outcome": "done",
            "stages": [{"id": "try_it"}, {"id": "talk", "measure": "none"}],
        }
    )
    journey = build_journey(part)
    assert (journey["try_it"].measure, journey["try_it"].outcome) == ("task_failure", "done")
    assert journey["talk"].measure == "none"
    assert journey["try_it"].name == "Try it"


@pytest.mark.parametrize(
    ("template", "stages"),
    [
        ("commerce", ["awareness", "consideration", "purchase", "post_purchase"]),
        ("lifecycle", ["awareness", "consideration", "decision", "retention", "advocacy"]),
    ],
)
def test_templates_have_the_promised_stages(template, stages):
    assert [stage.id for stage in load_templates()[template].stages] == stages


def test_every_template_makes_a_journey():
    assert set(load_templates()) == {"commerce", "lifecycle", "service"}
    for name in load_templates():
        journey = build_journey(JourneyPart(template=name))
        assert all(stage.definition and stage.cues for stage in journey)


def test_a_stage_is_resolved_by_id_or_name_and_empty_stays_empty():
    journey = build_journey(JourneyPart(template="commerce"))
    assert resolve_stage(journey, "purchase", where="x") == "purchase"
    assert resolve_stage(journey, "Post-purchase", where="x") == "post_purchase"
    assert resolve_stage(journey, "", where="x") == ""
    with pytest.raises(UnknownNameError, match=r"^x: no stage 'pay'"):
        resolve_stage(journey, "pay", where="x")


def test_an_unknown_source_gets_a_suggestion(load):
    with pytest.raises(UnknownNameError, match="Did you mean 'talks'"):
        load(MINIMAL).source("talk")


def plain(path):
    # Dates as text: JSON has no others.
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor(
        "tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node)
    )
    return yaml.load(path.read_text("utf-8"), Loader=Loader)


def test_the_json_schema_accepts_the_demo_study():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(plain(DEMO), schema, jsonschema.Draft202012Validator)


def test_the_json_schema_accepts_what_a_new_study_starts_with():
    template = Path(load_config.__code__.co_filename).parents[1] / "study" / "new_study.yaml"
    jsonschema.validate(plain(template), json_schema(), jsonschema.Draft202012Validator)


def test_the_json_schema_refuses_a_misspelt_key():
    study = plain(DEMO) | {"titel": "x"}
    with pytest.raises(jsonschema.ValidationError, match="titel"):
        jsonschema.validate(study, json_schema(), jsonschema.Draft202012Validator)


def test_a_config_cannot_be_changed_after_it_was_read(load):
    config = load(MINIMAL)
    with pytest.raises(ValueError, match="frozen"):
        config.title = "other"
    assert isinstance(config, StudyConfig)


def test_rules_of_integration_have_declared_defaults(load):
    rules = load(MINIMAL).integration
    assert (rules.verdicts.much_told, rules.verdicts.much_lost) == (0.25, 0.2)
    assert rules.priorities.weights == {"people": 1, "severity": 1, "drop_off": 1}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{priorities: {source: talk}}", "Did you mean 'talks'?"),
        ("{priorities: {weights: {people: 0}}}", "at least one weight"),
        ("{priorities: {weights: {money: 1}}}", "integration.priorities.weights"),
        ("{verdicts: {much_told: 25}}", "integration.verdicts.much_told"),
        ("{smallest_cell: 0}", "integration.smallest_cell"),
    ],
)
def test_rules_of_integration_that_cannot_be_are_refused(problems, rule, words):
    (problem,) = problems(MINIMAL + f"integration: {rule}\n")
    assert words in problem


def test_a_kpi_of_tasks_needs_its_stage(problems):
    kpi = "kpis: [{name: Done, measure: task_success, target: 0.9}]\n"
    (problem,) = problems(MINIMAL + kpi)
    assert problem == "kpis.Done: a task_success needs `stage:` with a stage."


def test_a_date_that_is_no_day_is_refused(problems):
    (problem,) = problems(MINIMAL + "behaviour: {until: 2026-13-01}\n")
    assert problem.startswith("a date is no day of the calendar")


@pytest.mark.parametrize(
    ("kpi", "words"),
    [
        ("{name: A, measure: conversion, from: purchase, target: 50}", "between 0 and 1"),
        ("{name: A, measure: nps, target: 500}", "between -100 and 100"),
        ("{name: A, measure: csat, target: 4, source: talk}", "Did you mean 'talks'?"),
    ],
)
def test_a_kpi_that_nothing_can_meet_is_refused(problems, kpi, words):
    (problem,) = problems(MINIMAL + f"kpis: [{kpi}]\n")
    assert problem.startswith("kpis.A: ")
    assert words in problem


def test_an_infinite_weight_is_refused(problems):
    (problem,) = problems(MINIMAL + "integration: {priorities: {weights: {people: .inf}}}\n")
    assert "integration.priorities.weights.people" in problem


def test_a_collection_that_ends_before_it_begins_is_refused(problems):
    text = "sampling: purposive, collected: {from: 2026-03-20, to: 2026-03-02}"
    (problem,) = problems(MINIMAL.replace("sampling: purposive", text))
    assert problem == "sources.talks.collected: `to:` lies before `from:`."


def test_the_items_of_a_sus_are_no_score(problems):
    survey = SURVEY.replace("kind: open", "kind: sus").replace("columns: why", "columns: [s1, s2]")
    assert any("a `sus` is one column" in problem for problem in problems(MINIMAL + survey))
