import pytest

from cjm_research.errors import (
    CjmError,
    ConfigError,
    ReportError,
    SourceError,
    TableError,
    UnknownNameError,
    did_you_mean,
    quoted,
)


def test_a_config_error_lists_every_problem_under_the_file():
    error = ConfigError("study.yaml", ["title is missing.", "kpis is odd."])
    assert str(error) == (
        "study.yaml cannot be used (2 problems):\n  - title is missing.\n  - kpis is odd."
    )
    assert error.problems == ["title is missing.", "kpis is odd."]


def test_one_problem_is_not_called_problems():
    assert "(1 problem):" in str(TableError("codes/anna.csv", "codes", ["column is missing."]))


def test_a_table_error_names_file_and_table():
    error = TableError("codes/anna.csv", "codes", ["x"])
    assert str(error).startswith("codes/anna.csv does not fit the table `codes`")


def test_a_source_error_says_what_to_do():
    error = SourceError("survey.csv", "it is empty.", "export it again.")
    assert str(error) == "survey.csv: it is empty.\n  What to do: export it again."


def test_an_unknown_name_comes_with_a_suggestion_and_all_allowed_names():
    error = UnknownNameError("stage", "purchse", ["awareness", "purchase"], where="survey")
    assert str(error) == (
        "survey: no stage 'purchse'. Did you mean 'purchase'? Allowed: 'awareness', 'purchase'."
    )


def test_nothing_is_suggested_for_a_far_name():
    assert did_you_mean("zzz", ["awareness", "purchase"]) == ""
    assert str(UnknownNameError("stage", "zzz", [])) == "no stage 'zzz'. Allowed: none."


def test_quoted_names_are_separated_by_commas():
    assert quoted(["a", "b"]) == "'a', 'b'"
    assert quoted([]) == "none"


def test_a_report_error_keeps_its_place():
    error = ReportError("failed", notebook="01_x.ipynb", cell=3)
    assert (error.notebook, error.cell) == ("01_x.ipynb", 3)


@pytest.mark.parametrize("kind", [ConfigError, SourceError, TableError, UnknownNameError])
def test_bad_input_is_a_value_error_too(kind):
    assert issubclass(kind, CjmError)
    assert issubclass(kind, ValueError)
