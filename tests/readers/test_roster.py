import pytest

from cjm_research.config import Roster
from cjm_research.errors import SourceError
from cjm_research.readers import read_source

CSV = """id,talk,name,mail,phone,consent,age
p1,T-01,Anna Berg,ann@x.org,+49 171 1234567,Yes,30-40
p2,,Bo,,,withdrawn,
p3,T-03,,,,,
"""


def source(**more):
    return Roster.model_validate(
        {
            "id": "roster",
            "kind": "roster",
            "files": ["people.csv"],
            "columns": {"participant": "id", "consent": "consent"},
            "identifiers": ["talk"],
            "names": ["name"],
            "contacts": ["mail", "phone"],
            "attributes": ["age"],
        }
        | more
    )


def test_people_and_identities(write, tmp_path, journey):
    write("people.csv", CSV)
    material = read_source(source(), tmp_path, journey)
    assert material.people.to_numpy().tolist() == [
        ["p1", "quote", "30-40"],
        ["p2", "withdrawn", ""],
        ["p3", "", ""],
    ]
    assert {tuple(row) for row in material.identities.to_numpy()} == {
        ("p1", "id", "T-01"),
        ("p3", "id", "T-03"),
        ("p1", "name", "Anna Berg"),
        ("p2", "name", "Bo"),
        ("p1", "email", "ann@x.org"),
        ("p1", "phone", "+49 171 1234567"),
    }


@pytest.mark.parametrize(
    ("csv", "found", "advice"),
    [
        (CSV.replace("p2,", "P1,"), "rows 2, 3 repeat participant ids", "one row per participant"),
        (CSV.replace("p2,", " ,"), "blank in row 3", "give every participant an id"),
        (CSV.replace("T-03", "t-01"), "rows 2, 4 share an id", "make ids unique"),
        (CSV.replace("T-03", "P2"), "rows 3, 4 share an id", "make ids unique"),
        (CSV.replace("Yes", "perhaps"), "'perhaps'", "`consent_values:`"),
        (CSV.replace("talk", "tlak"), "Did you mean 'tlak'?", "correct the names"),
    ],
)
def test_bad_rosters(write, tmp_path, journey, csv, found, advice):
    write("people.csv", csv)
    with pytest.raises(SourceError) as caught:
        read_source(source(), tmp_path, journey)
    message = str(caught.value)
    assert message.startswith("people.csv")
    assert found in message
    assert advice in message
    assert "Anna" not in message
