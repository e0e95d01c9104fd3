"""What people did: every measure of behaviour, over the one log of a study.

The log is the table `events`, or, where a source stays where it is (`in_place`, `table`), that
source itself: measured by the study's engine, of which only counts come back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pandas as pd

from cjm_research import behaviour, engine
from cjm_research.config import Events, StudyConfig
from cjm_research.errors import CjmError, ConfigError, SourceError, quoted
from cjm_research.journey import Journey
from cjm_research.study.cache import Tables, hash_parts

Say = Callable[[str], None]
Keep = Callable[[Sequence[object], Callable[[], Tables]], Tables]


def make_anew(made_from: Sequence[object], make: Callable[[], Tables]) -> Tables:
    """Keep nothing: a `Keep` for studies without a folder."""
    return make()


_NAMES = {"participant": "participant_id", "session": "session_id"}


def find_staying(config: StudyConfig) -> Events | None:
    """Return the source whose events stay where they are, or None."""
    staying = [s for s in config.sources if isinstance(s, Events) and s.stays]
    return staying[0] if staying else None


@contextmanager
def open_staying(
    config: StudyConfig, journey: Journey, folder: Path, *, segments: bool = False
) -> Iterator[behaviour.EventLog]:
    """Open the log of the source that stays where it is.

    Raises
    ------
    ConfigError
        If a declared audience segment is no column of it.
    EngineError
        If the engine, the files or the table cannot be reached, or columns are missing.
    """
    source, setting = find_staying(config), config.engine
    if source is None:
        raise ConfigError("study.yaml", ["no source stays where it is."])
    with engine.open_engine(
        setting.backend, setting.connection,
        memory_limit=setting.memory_limit, threads=setting.threads,
    ) as opened:  # fmt: skip
        table = opened.table(source.table or folder / source.files[0])
        columns = {_NAMES.get(key, key): name for key, name in source.columns.items()}
        # A segment may go by the log's own name or by that of the study's columns.
        known = {*table.columns, *columns}
        wanted = [segment.id for segment in config.audience_segments]
        missing = [name for name in wanted if name not in known]
        if segments and missing:
            raise ConfigError(
                "study.yaml",
                [
                    f"audience_segments: the events of '{source.id}' have no column "
                    f"{quoted(missing)}. They stay where they are, so that only their own "
                    f"columns can split them. Found: {quoted(sorted(known))}."
                ],
            )
        with behaviour.open_log(
            table, journey, columns=columns, segments=wanted if segments else (),
            ties=config.behaviour.funnel.ties, time_unit=source.time_unit,
            until=_end_of(config), engine=opened,
        ) as log:  # fmt: skip
            yield log


def describe_staying(config: StudyConfig, journey: Journey, folder: Path) -> dict[str, str]:
    """Return what identifies the present content of a source that stays: for the cache.

    A file by its size and date, a table by its rows and last event: hashing every byte of a
    large log would take longer than measuring it.
    """
    source = find_staying(config)
    if source is None:
        return {}
    if not source.table:
        path = folder / source.files[0]
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        if not path.exists():
            raise SourceError(
                str(source.files[0]),
                f"source '{source.id}': there is no such file or folder.",
                "correct `files:` of this source in study.yaml.",
            )
        return {
            str(file): f"{file.stat().st_size} {file.stat().st_mtime_ns}"
            for file in files
            if file.is_file()
        }
    with open_staying(config, journey, folder) as log:
        found = log.engine.run(
            log.raw.aggregate(n=log.raw.count(), last=log.raw.moment.max())
        ).iloc[0]
        return {source.table: f"{found['n']} {found['last']}"}


def count_staying(config: StudyConfig, journey: Journey, folder: Path) -> tuple[int, int]:
    """Return how many participants and events the source that stays holds."""
    with open_staying(config, journey, folder) as log:
        events = log.events
        found = log.engine.run(
            events.aggregate(people=events.participant_id.nunique(), n=events.count())
        ).iloc[0]
        return int(found["people"]), int(found["n"])


def follow_people(
    config: StudyConfig,
    journey: Journey,
    folder: Path,
    events: pd.DataFrame,
    segments: pd.DataFrame | None,
    say: Say,
    *,
    people: Collection[str] = (),
    values: pd.DataFrame | None = None,
    keep: Keep = make_anew,
) -> Tables:
    """Measure what people did.

    Parameters
    ----------
    config, journey, folder
        Of the study.
    events : DataFrame
        Table `events`.
    segments : DataFrame or None
        Audience segments known for enough people to split by.
    say : callable
        Told what is being done.
    people : collection of str
        Participants whose own ends are wanted: those who said something. The people of a log
        that stays where it is go by other ids, and none of them is found.
    values : DataFrame, optional
        `participant_id` and `value`: what people are worth by another source than the events.
    keep : callable
        Given what the measures depend on besides the study's configuration, and how to make
        them, returns them: from a cache, where it has one. What became of single people is
        looked up each time, as it changes with every interview.

    Returns
    -------
    dict of str to DataFrame
        Tables of behaviour, each with its columns also where there is nothing to measure.
    """
    say("following people through the stages")
    ties = config.behaviour.funnel.ties
    if find_staying(config) is None:
        made_from = [_hash_table(table) for table in (events, segments, values)]

        def measure() -> Tables:
            with behaviour.open_log(
                events, journey, segments=segments, ties=ties, until=_end_of(config)
            ) as log:
                return _measure(config, log, values)

        measured = keep(made_from, measure)
        with behaviour.open_log(events, journey, ties=ties, until=_end_of(config)) as log:
            ends = behaviour.list_ends(log, people=people, rule=_rule(config))
        return measured | {"person_stages": ends}

    def measure_there() -> Tables:
        with open_staying(config, journey, folder, segments=True) as log:
            return _measure(config, log)

    # The key of the study holds what is there, if not what it says.
    tables = keep([describe_staying(config, journey, folder)], measure_there)
    # Forms that people filled are followed here: their answers are in the study.
    forms = behaviour.estimate_drop_off(events, journey)
    tables["funnel"] = _together([tables["funnel"], forms])
    seen = behaviour.count_visitors(events, journey)["n_seen"]
    tables["visitors"]["n_seen"] += seen
    ends = behaviour.list_ends(events, journey, people=people)
    return tables | {"person_stages": ends}


def _hash_table(table: pd.DataFrame | None) -> str:
    """Return a hash of a table's rows, their order included."""
    if table is None:
        return ""
    rows = pd.util.hash_pandas_object(table, index=False)
    return hash_parts(list(table.columns), rows.to_numpy().tobytes())


def _measure(
    config: StudyConfig, log: behaviour.EventLog, values: pd.DataFrame | None = None
) -> Tables:
    setting = config.behaviour
    rule = _rule(config)
    funnel = behaviour.estimate_drop_off(log, rule=rule)
    # What compares groups, or counts what people are worth, counts people.
    people = funnel
    if rule.unit == "session":
        people = behaviour.estimate_drop_off(log, rule=behaviour.count_people(rule))
    curves = behaviour.estimate_time_to_next(log, rule=rule)
    return {
        "funnel": funnel,
        "funnel_differences": behaviour.compare_segments(people),
        "stage_timing": behaviour.estimate_stage_timing(log, rule=rule),
        "time_to_next": curves,
        "time_to_next_summary": behaviour.summarize_time_to_next(log, rule=rule),
        "visitors": behaviour.count_visitors(log),
        "log_quality": behaviour.describe_log(log),
        "transitions": behaviour.count_transitions(log, collapse=True),
        "rework": behaviour.summarize_rework(log),
        "loops": behaviour.count_loops(log),
        "paths": behaviour.count_paths(log, top=setting.top_paths),
        "drop_destinations": behaviour.find_destinations(log, rule=rule),
        "abandonment_points": behaviour.find_abandonment_points(log, rule=rule),
        "path_matches": behaviour.count_path_matches(
            log, None, [behaviour.parse_path_query(p.query, p.name) for p in setting.paths]
        ),
        "channel_switches": behaviour.count_channel_switches(log),
        "channels": behaviour.summarize_channels(log, rule=rule),
        "touchpoint_lift": behaviour.estimate_touchpoint_lift(log, rule=rule),
        "retention": behaviour.estimate_retention(
            log, period=setting.retention.period, event=setting.retention.event or None
        ),
        "loss": behaviour.estimate_loss(log, gap=setting.retention.gap),
        "loyalty": _loyalty(config, log),
        "value_at_stake": behaviour.estimate_value_at_stake(
            people, behaviour.measure_values(log, people=values, rule=rule)
        ),
        "experiments": behaviour.compare_arms(log, experiments=_experiments(config)),
        "changes": _changes(config, log),
    }


def _end_of(config: StudyConfig) -> pd.Timestamp | str:
    """Return the last instant of the day until which people were observed, "" for no such day."""
    day = config.behaviour.until
    return pd.Timestamp(day) + pd.Timedelta(days=1) - pd.Timedelta(microseconds=1) if day else ""


def find_slips(config: StudyConfig) -> list[str]:
    """Return what is wrong with the questions of `behaviour:`, without asking the log."""
    setting = config.behaviour
    asked: list[Callable[[], object]] = [partial(_rule, config)]
    asked += [partial(behaviour.parse_path_query, path.query, path.name) for path in setting.paths]
    asked += [partial(behaviour.Experiment, **part.model_dump()) for part in setting.experiments]
    slips = []
    for ask in asked:
        try:
            ask()
        except CjmError as error:
            slips.append(str(error))
    return slips


def list_named_events(config: StudyConfig) -> list[str]:
    """Return the names of events, or stages, that `behaviour:` asks about."""
    setting = config.behaviour
    names = [setting.repeat, setting.retention.event]
    if setting.referral:
        names += [*setting.referral.did, *setting.referral.of]
    for experiment in setting.experiments:
        names += [experiment.outcome, *(name for arm in experiment.arms.values() for name in arm)]
    names += [change.outcome for change in setting.changes]
    return [name for name in dict.fromkeys(names) if name]


def _rule(config: StudyConfig) -> behaviour.FunnelRule:
    return behaviour.FunnelRule(**config.behaviour.funnel.model_dump(exclude={"ties"}))


def _experiments(config: StudyConfig) -> list[behaviour.Experiment]:
    return [behaviour.Experiment(**part.model_dump()) for part in config.behaviour.experiments]


def _loyalty(config: StudyConfig, log: behaviour.EventLog) -> pd.DataFrame:
    """Repeat and referral in one table: `measure`, people, rate."""
    setting = config.behaviour
    parts = []
    if setting.repeat:
        repeat = behaviour.estimate_repeat(log, setting.repeat)
        parts.append(repeat.assign(measure="repeat").rename(columns={"n_repeated": "n_did"}))
    if setting.referral:
        referral = behaviour.estimate_referral(
            log, did=setting.referral.did, of=setting.referral.of
        )
        parts.append(referral.assign(measure="referral").rename(columns={"n_referred": "n_did"}))
    columns = ["measure", "segment", "segment_value", "n", "n_did", "rate", "low", "high"]
    return _together(parts).reindex(columns=columns)


def _together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of several frames; those of empty ones would have no say in the types."""
    filled = [part for part in parts if len(part)] or list(parts[:1])
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _changes(config: StudyConfig, log: behaviour.EventLog) -> pd.DataFrame:
    parts = [
        behaviour.compare_periods(
            log, at=pd.Timestamp(change.at), stage=change.stage, outcome=change.outcome,
            within=change.within,
        ).assign(change=change.name)
        for change in config.behaviour.changes
    ]  # fmt: skip
    return _together(parts).reindex(columns=["change", *behaviour.PERIOD_COLUMNS])
