"""study.yaml: what a researcher declares about a study, validated before anything runs.

`schema` holds the keys, `journeys` the stages, `loading` reads a file, `references` checks
names against each other and `faults` words what is wrong.
"""

from cjm_research.config.findings import (
    Findings,
    OpportunityFinding,
    StageFinding,
    Verdict,
    load_findings,
)
from cjm_research.config.journeys import build_journey, load_templates, resolve_stage
from cjm_research.config.loading import load_config
from cjm_research.config.schema import (
    Block,
    CodePart,
    CodingPart,
    ConsentValues,
    Events,
    JourneyPart,
    Kpi,
    Lookup,
    NoteText,
    Observations,
    Outcome,
    OwnModel,
    Page,
    Privacy,
    Question,
    Questionnaire,
    Roster,
    Rule,
    Source,
    StagePart,
    StudyConfig,
    Survey,
    Transcripts,
    json_schema,
)

__all__ = [
    "Block",
    "CodePart",
    "CodingPart",
    "ConsentValues",
    "Events",
    "Findings",
    "JourneyPart",
    "Kpi",
    "Lookup",
    "NoteText",
    "Observations",
    "OpportunityFinding",
    "Outcome",
    "OwnModel",
    "Page",
    "Privacy",
    "Question",
    "Questionnaire",
    "Roster",
    "Rule",
    "Source",
    "StageFinding",
    "StagePart",
    "StudyConfig",
    "Survey",
    "Transcripts",
    "Verdict",
    "build_journey",
    "json_schema",
    "load_config",
    "load_findings",
    "load_templates",
    "resolve_stage",
]
