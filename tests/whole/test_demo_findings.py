"""What the demo's findings say is true of its tables, and stands first in its report."""

from cjm_research.study.conclusions import resolve_findings


def test_the_findings_of_the_demo_hold_and_stand_on_the_first_page(demo):
    resolved = resolve_findings(demo.study)
    assert [finding.id for finding in resolved] == ["F1", "F2", "F3"]
    assert [finding.status for finding in resolved] == ["reviewed", "reviewed", "reviewed"]
    assert [quote for finding in resolved for quote in finding.quotes if quote.against]
    page = (demo.folder / "index.html").read_text("utf-8")
    places = [page.index(f'data-claim="{finding.id}"') for finding in resolved]
    assert places == sorted(places)
    for finding in resolved:
        assert finding.headline in page
        for quote in finding.quotes:
            assert f'data-document="{quote.document_id}" data-start="{quote.start}"' in page


def test_what_they_say_beyond_their_links_is_true(demo):
    stages = demo.study.journey_map.set_index("stage")
    # F1: a larger share than at any other stage, and no pain point told by more people.
    assert stages["drop_off_rate"].idxmax() == "order"
    told = demo.study.mentions.query(
        "stage == 'order' and segment == '' and code_group == 'pain_point' and code != 'other'"
    )
    for source in ("interviews", "survey"):
        counts = told[told["source"] == source].set_index("code")["n_said"]
        assert counts.idxmax() == "forced_account"
    cause = demo.study.causes.query(
        "stage == 'order' and told_at == 'order' and code == 'forced_account'"
    ).set_index("source")
    survey = cause.loc["survey"]
    assert survey["p_adjusted"] < 0.05
    assert survey["n_told_before"] == 0
    # F2: as far as the order on either device.
    reached = demo.study.funnel.query("stage == 'order' and segment == 'device'")
    assert reached["reached_rate"].max() - reached["reached_rate"].min() < 0.03
    # F3: nobody was asked about recommending.
    assert stages.loc["recommend", "coverage"] == "not asked"
