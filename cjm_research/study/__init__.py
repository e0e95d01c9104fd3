"""A study: opened by name, every table a frame, every step and figure one call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from cjm_research import __version__, coding, privacy, readers
from cjm_research.config import (
    Findings,
    StudyConfig,
    build_journey,
    load_config,
    load_findings,
)
from cjm_research.errors import ConfigError, UnknownNameError
from cjm_research.journey import Journey
from cjm_research.study import following, slicing, steps
from cjm_research.study.cache import (
    Tables,
    copy_table,
    hash_file,
    hash_parts,
    load_or_make,
    read_table,
    read_tables,
)
from cjm_research.study.project import (
    FINDINGS_FILE,
    STUDY_FILE,
    Place,
    find_study,
    list_studies,
)
from cjm_research.study.slicing import Slice

__all__ = ["Place", "Slice", "Study", "find_study", "list_studies", "open_study"]

log = logging.getLogger(__name__)

TABLES: dict[str, str] = {
    "journey_map": "one row per stage: all that a reader sees in one column of the map",
    "verdicts": "one row per stage: what words and numbers say together, and why",
    "opportunities": "one row per stage and pain point: people, severity, drop-off, rank",
    "causes": "one row per stage where people leave and pain point: told, and left, or not",
    "links": "one row per stage and source: of those heard, who entered and who left",
    "joint_display": "one row per stage and source: words beside numbers",
    "comparability": "one row per source and aspect: whether words and numbers may be compared",
    "comparable_sources": "one row per source with words: how closely it may be compared",
    "display_gaps": "one row per source and gap: stages where one strand alone shows trouble",
    "trust": "one row per source and machine code: agreement with people, corrected share",
    "segment_comparison": "one row per stage, code and audience segment: against all others",
    "orders": "one row per two stages in a row: as designed, as told, as logged",
    "expectations": "one row per stage and source: expectations met, missed, exceeded",
    "balance": "one row per stage and source: people who give reasons, and who show feelings",
    "channel_consistency": "one row per stage and two channels: whether the same is told of both",
    "openings": "one row per stage and source: people who wish for something beside it",
    "wave_changes": "one row per rating or pain point: a wave against the one before",
    "stage_behaviour": "one row per stage: the one number that it declares for what people do",
    "person_stages": "one row per person heard and stage entered: what became of them there",
    "kpis": "one row per KPI: figure, interval, target and verdict",
    "funnel": "one row per stage (and audience segment): entered, continued, dropped",
    "funnel_differences": "one row per stage and audience segment: drop-off against the others",
    "stage_timing": "one row per stage (and audience segment): time until the next",
    "time_to_next": "one row per step of a curve: share still in the stage, censored people in it",
    "time_to_next_summary": "one row per stage (and audience segment): median time, censored",
    "transitions": "one row per pair of stages: how often people went from one to the other",
    "rework": "one row per stage (and audience segment): people who came back to it",
    "loops": "one row per pattern A → B → A: how often, by how many people",
    "paths": "one row per most common path, with the share of people it explains",
    "drop_destinations": "one row per stage and what those lost there did next",
    "abandonment_points": "one row per stage and event: people lost right after it",
    "path_matches": "one row per question to paths: people it holds for",
    "channel_switches": "one row per pair of channels: people who changed from one to the other",
    "channels": "one row per set of channels: people who used it, and how many came through",
    "touchpoint_lift": "one row per stage and event: going on with and without it; no cause",
    "retention": "one row per cohort and period: people who came back; later ones missing",
    "loss": "one row for everybody and per audience segment: people silent for too long",
    "loyalty": "one row per measure (and audience segment): repeat and referral",
    "value_at_stake": "one row per stage (and audience segment): value lost with people, at most",
    "experiments": "one row per experiment and arm: difference to the control, and a verdict",
    "changes": "one row per change: people before against people after",
    "log_quality": "one row per thing that is odd about the events",
    "visitors": "one row per stage: participants seen there",
    "segment_reach": "one row per audience segment: for how many people in the events it is known",
    "task_success": "one row per stage and task outcome: attempts and persons",
    "mentions": "one row per stage, source and code: people who said it, of those heard",
    "touchpoint_mentions": "one row per touchpoint, source and code: people who said it there",
    "channel_mentions": "one row per channel, source and code: people who said it there",
    "statements": "one row per pain point, delight, need, expectation or reason, with particulars",
    "pain_points": "one row per stage, source and pain point: people, severity, consequences",
    "emotion_curve": "one row per stage and source: mean valence over people",
    "stage_bases": "one row per source and basis: on what the stages of excerpts rest",
    "talk": "one row per speaker of a document: turns, words, share of the talk",
    "dominance": "one row per document: share of the most talkative and of the interviewer",
    "saturation": "one row per source, base and run: did the last interviews bring new codes",
    "languages": "one row per document: its language, and whether it was read",
    "segment_people": "one row per audience segment and source: people known to belong",
    "themes": "one row per theme of pain points, with its stability",
    "learned_codes": "one row per code that people gave: how well it was learned from them",
    "quotes": "one row per quote chosen for the report, with its address",
    "rating_summary": "one row per stage, source, wave and measure: NPS, CSAT, CES",
    "coverage": "one row per stage and source: asked, heard, silent",
    "joins": "one row per pair of sources: people in both",
    "survey_questions": "one row per question: people and answers",
    "survey_choices": "one row per question and choice: people who chose it, of those who answered",
    "survey_steps": "one row per page and block of a questionnaire: reached and answered",
    "participants": "one row per person: pseudonym, alias, consent, audience segments",
    "documents": "one row per transcript, survey answer or note (masked)",
    "turns": "one row per stretch of one speaker in a document",
    "excerpts": "one row per sentence-sized unit, with its stage",
    "codes": "one row per assertion about a span, by machine or person",
    "held_codes": "the codes that hold: person over source over machine",
    "lost_codes": "people's codes whose quote was not found",
    "coders": "one row per coder",
    "scores": "one row per excerpt: emotions, valence, pain, delight, need",
    "embeddings": "one row per excerpt: its meaning as numbers; empty when rules made the scores",
    "ratings": "one row per participant, measure and item",
    "answers": "one row per choice of a person, or filled cell, of a questionnaire",
    "events": "one row per event",
    "reported_funnels": "one row per step (and segment) of a funnel that another program counted",
    "touchpoint_metrics": "one row per touchpoint and measure of e-mail or ads, counted elsewhere",
    "sources": "one row per source: what it is, n, dates, sampling",
    "quality": "one row per thing noticed while reading",
    "files": "one row per file: what it was taken for, rows in, rows used, rows set aside",
    "set_aside": "one row per row of a file that was left out, and why",
    "masked": "how often what kind of identifying text was masked",
}
"""Every table of a study, with its grain."""


class Study:
    """A study whose tables are made when first asked for, and cached by content.

    Every name in `TABLES` is an attribute (`study.funnel`) and gives a pandas frame of its
    own: changing it changes nothing else.

    Parameters
    ----------
    place : Place
        The study's folders.
    run_folder : Path, optional
        Read the tables of a run from here, instead of making them.
    as_of : date, optional
        See the study as on the evening of that day, UTC.
    only : Slice, optional
        Only an audience segment, or only a period.
    say : callable, optional
        Told what is being done; silent by default.

    Raises
    ------
    ConfigError
        If study.yaml or another file of the study cannot be used.
    UnknownNameError
        If study.yaml declares no such audience segment.
    """

    def __init__(
        self,
        place: Place,
        *,
        run_folder: Path | None = None,
        as_of: date | None = None,
        only: Slice | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.place = place
        self.as_of = as_of
        self.only = only or None
        self.config: StudyConfig = load_config(
            place.folder / STUDY_FILE, where=f"{place.name}/{STUDY_FILE}"
        )
        self.journey: Journey = build_journey(self.config.journey)
        self.codebook = coding.load_codebook(place.folder / "codebook.yaml")
        found = load_findings(
            place.folder / FINDINGS_FILE,
            self.journey,
            n_questions=len(self.config.questions),
            n_assumptions=len(self.config.assumptions),
            where=f"{place.name}/{FINDINGS_FILE}",
        )
        self.findings: Findings = slicing.still_concluded(found, as_of, self.only)
        slicing.check_slice(self.only, self.config)
        self._say = say or log.info
        self._run_folder = run_folder
        self._tables: Tables | None = None
        self._read: Tables = {}
        self._key = ""
        self._about = ""

    @property
    def name(self) -> str:
        """Name of the study: that of its folder."""
        return self.place.name

    @property
    def stage_names(self) -> dict[str, str]:
        """Name of each stage id, as people read it."""
        return {stage.id: stage.name for stage in self.journey}

    @property
    def tables(self) -> Tables:
        """Every table by name, as frames of your own."""
        return {name: copy_table(table) for name, table in self._loaded().items()}

    @property
    def key(self) -> str:
        """Hash of all that the tables depend on: inputs, study.yaml, code, vault."""
        if not self._key:
            self._make_key()
        return self._key

    @property
    def about(self) -> str:
        """Whom and when the tables are about, in sentences; empty for the whole study."""
        self._loaded()
        return self._about

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in TABLES:
            return copy_table(self._find_table(name))
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(str(UnknownNameError("table or attribute", name, dir(self))))

    def __dir__(self) -> list[str]:
        own = [name for name in super().__dir__() if not name.startswith("_")]
        return sorted({*own, *TABLES})

    def __repr__(self) -> str:
        stages = " → ".join(stage.name for stage in self.journey)
        lines = [f"Study '{self.name}': {self.config.title}", f"  stages   {stages}"]
        if self._tables is None:
            lines.append("  tables   not made yet; ask for one, such as study.journey_map")
        else:
            for row in self._tables["sources"].itertuples():
                lines.append(
                    f"  source   {row.label}: {row.n_participants:,} {row.unit}s, "
                    f"{row.n_documents:,} documents, {row.n_events:,} events ({row.sampling})"
                )
            lines.append(f"  tables   {', '.join(TABLES)}")
        return "\n".join(lines)

    def quotes_at(self, stage: str) -> pd.DataFrame:
        """Return the chosen quotes of a stage, with their address.

        Raises
        ------
        UnknownNameError
            If the journey has no such stage.
        """
        known = self.journey[stage].id
        return self.quotes[lambda rows: rows["stage"] == known].reset_index(drop=True)

    def find_excerpts(self, query: str, *, n: int = 10) -> pd.DataFrame:
        """Find what participants said by its meaning, nearest first.

        Parameters
        ----------
        query : str
            Such as "waiting for an engineer".
        n : int, default 10

        Returns
        -------
        DataFrame
            `excerpt_id`, `similarity`, `text`, `stage`, `participant_id`, `source` and the
            place in the document.

        Raises
        ------
        ConfigError
            If the study is coded by rules, which give no embeddings.
        """
        encoder = coding.load_encoder()
        return coding.find_excerpts(
            self.excerpts, self._vectors(), query, encode=encoder.encode, n=n
        )

    def suggest_excerpts_to_code(self, *, n: int = 20) -> pd.DataFrame:
        """Suggest what a person should code next: uncertain, and unlike each other.

        Never estimate agreement on these: for that, draw a validation sample
        (`study.coding_work.export_sheet`).
        """
        return coding.suggest_excerpts_to_code(
            self.excerpts, self.scores, self._vectors(), self.codes, n=n, random_state=0
        )

    def explain(self, excerpt_id: str) -> coding.Explanation:
        """Show why an excerpt bears its codes: phrases, probabilities, examples, basis.

        Raises
        ------
        UnknownNameError
            If there is no such excerpt.
        """
        return coding.explain_excerpt(
            excerpt_id,
            excerpts=self.excerpts,
            codes=self.codes,
            scores=self.scores,
            coders=self.coders,
            embeddings=coding.as_vectors(self.embeddings),
            journey=self.journey,
            labels=coding.label_codes(self.codes, self.codebook),
        )

    def _vectors(self) -> pd.DataFrame:
        vectors = coding.as_vectors(self.embeddings)
        if vectors is None:
            raise ConfigError(
                "study.yaml",
                ["`coding: {scores: rules}` gives no embeddings, which this needs: use `encoder`."],
            )
        return vectors

    def funnel_by_stage(self) -> list[dict[str, Any]]:
        """Return the map's numbers as plain values, one mapping per stage, for other programs."""
        columns = [
            "stage", "coverage", "behaviour_measure", "n_entered", "n_continued", "n_dropped",
            "drop_off_rate", "drop_off_low", "drop_off_high",
        ]  # fmt: skip
        return [
            {key: None if value != value else value for key, value in row.items()}
            for row in self.journey_map[columns].to_dict("records")
        ]

    def plot_journey_map(self, **options: Any) -> Any:
        """Draw the journey map; see `figures.plot_journey_map`."""
        from cjm_research import figures

        options.setdefault("title", self.config.title)
        return figures.plot_journey_map(self.journey_map, **options)

    def plot_joint_display(self, **options: Any) -> Any:
        """Draw words beside numbers, stage by stage; see `figures.plot_joint_display`."""
        from cjm_research import figures

        rules = self.config.integration.verdicts
        compared = self.comparable_sources
        options.setdefault("left_out", compared.loc[~compared["comparable"], "source"].tolist())
        options.setdefault("stage_names", self.stage_names)
        return figures.plot_joint_display(
            self.verdicts,
            mentions=self.mentions,
            coverage=self.coverage,
            stage_behaviour=self.stage_behaviour,
            much_told=rules.much_told,
            much_lost=rules.much_lost,
            **options,
        )

    def plot_funnel(self, **options: Any) -> Any:
        """Draw drop-off by stage; see `figures.plot_funnel`."""
        from cjm_research import figures

        options.setdefault("stage_names", self.stage_names)
        return figures.plot_funnel(self.funnel, **options)

    def plot_stage_flow(self, **options: Any) -> Any:
        """Draw how people move between stages; see `figures.plot_stage_flow`."""
        from cjm_research import figures

        options.setdefault("stage_names", self.stage_names)
        return figures.plot_stage_flow(self.transitions, **options)

    def plot_stage_timing(self, **options: Any) -> Any:
        """Draw the times between stages; see `figures.plot_stage_timing`."""
        from cjm_research import figures

        options.setdefault("stage_names", self.stage_names)
        return figures.plot_stage_timing(self.stage_timing, **options)

    def plot_time_to_next(self, **options: Any) -> Any:
        """Draw who has not gone on yet, by time; see `figures.plot_time_to_next`."""
        from cjm_research import figures

        options.setdefault("stage_names", self.stage_names)
        return figures.plot_time_to_next(self.time_to_next, **options)

    def plot_paths(self, **options: Any) -> Any:
        """Draw the most common paths; see `figures.plot_paths`."""
        from cjm_research import figures

        options.setdefault("stage_names", self.stage_names)
        return figures.plot_paths(self.paths, **options)

    def plot_retention(self, **options: Any) -> Any:
        """Draw who comes back; see `figures.plot_retention`."""
        from cjm_research import figures

        options.setdefault("period", self.config.behaviour.retention.period)
        return figures.plot_retention(self.retention, **options)

    def plot_experiments(self, **options: Any) -> Any:
        """Draw versions against their control; see `figures.plot_experiments`."""
        from cjm_research import figures

        return figures.plot_experiments(self.experiments, **options)

    def plot_emotions(self, source: str, **options: Any) -> Any:
        """Draw people per emotion and stage; see `figures.plot_emotions`."""
        from cjm_research import figures

        self._check_source(source)
        options.setdefault("stage_names", self.stage_names)
        return figures.plot_emotions(self.mentions, source=source, **options)

    def plot_pain_points(self, source: str, **options: Any) -> Any:
        """Draw people per pain point and stage; see `figures.plot_pain_points`."""
        from cjm_research import figures

        self._check_source(source)
        options.setdefault("stage_names", self.stage_names)
        return figures.plot_pain_points(self.mentions, source=source, **options)

    def _check_source(self, source: str) -> None:
        worded = list(self._find_table("coverage")["source"].unique())
        if source not in worded:
            raise UnknownNameError("source with words", source, worded)

    def _loaded(self) -> Tables:
        """Return the tables, made or read from the cache at the first call."""
        if self._tables is None:
            self._tables = self._make()
        return self._tables

    def _find_table(self, name: str) -> pd.DataFrame:
        """Return one table; of a run's folder nothing else is read."""
        if self._tables is None and self._run_folder:
            if name not in self._read:
                self._read[name] = read_table(self._run_folder / f"{name}.parquet")
            return self._read[name]
        return self._loaded()[name]

    def check_part(self) -> None:
        """See whether there are people enough for a report of the part; nothing is counted.

        Raises
        ------
        TooFewError
            If the part, or what it leaves out, is too few people for a report.
        UnknownNameError, ConfigError
            If the part cannot be cut.
        """
        self._take_part()

    def _take_part(self) -> slicing.Part:
        folder = self.place.processed
        vault = self.open_vault()
        evidence_key, codes_key = self._make_key()
        evidence = load_or_make(
            folder,
            "evidence",
            evidence_key,
            lambda: steps.make_evidence(
                self.config, self.journey, self.place.folder, vault, self._say
            ),
        )
        coded = load_or_make(
            folder,
            "codes",
            codes_key,
            lambda: steps.make_codes(
                evidence, self.config, self.coding, folder / "scores", self._say
            ),
        )
        return slicing.take_part(
            evidence,
            coded,
            config=self.config,
            journey=self.journey,
            folder=self.place.folder,
            as_of=self.as_of,
            only=self.only,
        )

    def _make(self) -> Tables:
        if self._run_folder:
            return read_tables(self._run_folder)
        part = self._take_part()
        folder = self.place.processed
        self._about = part.about

        def keep(made_from: Sequence[object], make: Callable[[], Tables]) -> Tables:
            step = slicing.name_step("behaviour", self.as_of, self.only)
            told = (self.inputs["software"], part.config.model_dump_json(), repr(self.journey))
            return load_or_make(folder, step, hash_parts(*told, *made_from), make)

        mapped = load_or_make(
            folder,
            slicing.name_step("map", self.as_of, self.only),
            self._key,
            lambda: steps.make_map(
                part.evidence,
                part.coded,
                config=part.config,
                setting=self.coding,
                findings=self.findings,
                keep=keep,
                say=self._say,
            ),
        )
        everything = part.evidence | part.coded | mapped
        return {name: everything[name] for name in TABLES}

    @cached_property
    def inputs(self) -> dict[str, str]:
        """Hash of each thing that the tables depend on, by its name for people."""
        folder = self.place.folder
        return {
            "data": hash_parts(
                [
                    (path.name, hash_file(path))
                    for source in self.config.sources
                    if not getattr(source, "stays", False)
                    for path in readers.list_files(source, folder)
                ],
                following.describe_staying(self.config, self.journey, folder),
                self.open_vault().digest("key"),
            ),
            "study.yaml": hash_parts(
                self.config.model_dump_json(exclude=_WHEN_IT_RUNS), repr(self.journey)
            ),
            "people's codes": _hash_files(sorted((folder / "codes").glob("*.csv"))),
            "codebook log and samples": _hash_files(
                [folder / "codebook_log.csv", *sorted((folder / "samples").glob("*.csv"))]
            ),
            "findings": hash_parts(self.findings.model_dump_json()),
            "reviews": _hash_files(sorted((folder / "reviews").glob("*.csv"))),
            "coders": hash_parts(coding.fingerprint(self.coding)),
            "software": hash_parts(__version__, hash_source()),
        }

    def _make_key(self) -> tuple[str, str]:
        """Chain the keys of the steps; a person's new code does not make machines code again."""
        inputs = self.inputs
        sources = hash_parts(inputs["software"], inputs["study.yaml"], inputs["data"])
        evidence = hash_parts(sources, inputs["people's codes"])
        codes = hash_parts(sources, inputs["coders"])
        self._key = hash_parts(
            evidence, codes, inputs["codebook log and samples"], inputs["findings"],
            *slicing.key_parts(self.as_of, self.only),
        )  # fmt: skip
        return evidence, codes

    @property
    def coding(self) -> coding.CodingSetting:
        """What the study's coders are made from, for `code_excerpts`."""
        return coding.CodingSetting(
            self.journey, self.codebook, self.config.coding, self.place.folder
        )

    def open_vault(self) -> privacy.Vault:
        """Return the vault that holds the study's key and the aliases of its people."""
        return privacy.open_vault(
            self.config.privacy.vault or self.name,
            synthetic=self.config.privacy.synthetic,
            study_folder=self.place.folder,
        )


_WHEN_IT_RUNS: Any = {"schedule": True, "report": {"deadline_s", "run_deadline_s"}}
"""Keys of study.yaml that say when a run starts and must end, and nothing of what comes out."""


def open_study(
    study: str | Path = "demo",
    *,
    run_folder: str | Path = "",
    as_of: date | None = None,
    only: Slice | None = None,
    say: Callable[[str], None] | None = None,
) -> Study:
    """Open a study by name or folder.

    Parameters
    ----------
    study : str or Path, default "demo"
        Name of a folder under `data/raw`, or any folder with a study.yaml.
    run_folder : str or Path, optional
        Folder with the tables of a run; report notebooks get it as a parameter.
    as_of : date, optional
        See the study as on the evening of that day, UTC: nothing later is seen.
    only : Slice, optional
        Only an audience segment, or only a period: `Slice(segment="device", value="phone")`.
    say : callable, optional
        Told what is being done, one line at a time.

    Returns
    -------
    Study

    Raises
    ------
    SourceError
        If there is no such study.
    ConfigError
        If its study.yaml cannot be used.
    """
    return Study(
        find_study(study),
        run_folder=Path(run_folder) if run_folder else None,
        as_of=as_of,
        only=only,
        say=say,
    )


def _hash_files(paths: list[Path]) -> str:
    return hash_parts([(path.name, hash_file(path)) for path in paths if path.exists()])


def hash_source() -> str:
    """Return a hash of the code that makes tables: changed code never meets an old cache."""
    package = Path(__file__).parent.parent
    presenting = {"figures", "exporters", "reporting", "display.py"}
    paths = [
        path
        for path in package.rglob("*.py")
        if (place := path.relative_to(package).parts[0]) not in presenting
        and not place.startswith("cli")
    ]
    return hash_parts(*(path.read_bytes() for path in sorted(paths)))
