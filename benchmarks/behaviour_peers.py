"""The behaviour measures of a log of events, computed by other means, each from the file, cold.

Every peer is a function from the path of a Parquet file (as `behaviour_events.py` makes it) to

- `funnel`: people who entered each of the six stages, by segment (also one that nobody entered
  from); `""` is everybody;
- `medians_s`: median seconds from the entry into a stage to the entry into the next, of those
  who went on (NaN when nobody did);
- `transitions`: `{(from, to): [transitions, people]}` between consecutive stage events.

A person enters the first stage with their first event of it, and a later stage with its first
event at or after the entry into the stage before. The segment is the `device` of a person's
earliest event, the alphabetically first if several share the instant. Stage events stand in the
order of time and, within an instant, of the journey; events of no stage are left out; staying in
a stage is a transition too.

`python benchmarks/behaviour_peers.py NAME PATH` runs one peer in its own process and prints one
line of JSON. `polars` and `retentioneering` are in no lock of this project: any environment with
DuckDB and the peer's library will do.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import pairwise, product
from pathlib import Path
from typing import Any

from behaviour_events import STAGES

NAMES = list(STAGES)
PLACES = {event: place for place, events in enumerate(STAGES.values()) for event in events}
"""Position of each event's stage in the journey. Events of no stage are not in it."""
COLUMNS = ["participant_id", "event", "occurred_at", "device"]

# A key holds the instant in microseconds and, in its last three bits, the stage: one comparison
# of integers orders stage events by time and, within an instant, by the journey.
_SLOTS = 8

Results = dict[str, Any]


def run_python(path: Path) -> Results:
    """Compute the measures person by person, word for word as they are defined: the referee."""
    import pyarrow.parquet

    history: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in pyarrow.parquet.read_table(path, columns=COLUMNS).to_pylist():
        history[row["participant_id"]].append(row)

    funnel: dict[str, list[int]] = defaultdict(lambda: [0] * len(NAMES))
    took: list[list[int]] = [[] for _ in NAMES[1:]]
    transitions: Counter[tuple[str, str]] = Counter()
    people: Counter[tuple[str, str]] = Counter()
    for rows in history.values():
        segment = min((row["occurred_at"], row["device"]) for row in rows)[1]
        visits = sorted(
            (row["occurred_at"], PLACES[row["event"]]) for row in rows if row["event"] in PLACES
        )
        entries: list[Any] = []
        for place in range(len(NAMES)):
            times = [at for at, stage in visits if stage == place]
            later = [at for at in times if not entries or at >= entries[-1]]
            if not later:
                break
            entries.append(min(later))
        for counts in (funnel[""], funnel[segment]):
            for place in range(len(entries)):
                counts[place] += 1
        for place, (entry, following) in enumerate(pairwise(entries)):
            took[place].append((following - entry) // timedelta(microseconds=1))
        moves = [(NAMES[here], NAMES[there]) for (_, here), (_, there) in pairwise(visits)]
        transitions.update(moves)
        people.update(set(moves))
    medians = [statistics.median(values) / 1e6 if values else float("nan") for values in took]
    return {
        "funnel": dict(funnel),
        "medians_s": medians,
        "transitions": {move: [n, people[move]] for move, n in transitions.items()},
    }


def run_pandas(path: Path) -> Results:
    """Compute the measures with pandas and NumPy: integers early, sorted once, nobody on their own.

    Two calls of `argsort` stand in for `DataFrame.sort_values`, which takes four times as long
    on two keys.
    """
    import numpy as np
    import pandas as pd

    log = pd.read_parquet(path, columns=COLUMNS, dtype_backend="pyarrow")
    person, ids = pd.factorize(log["participant_id"])
    moment = log["occurred_at"].to_numpy("datetime64[us]").astype(np.int64)
    code, events = pd.factorize(log["event"])
    stage = np.array([PLACES.get(event, -1) for event in events])[code]
    device, devices = pd.factorize(log["device"], sort=True)
    segment = pd.Series(moment * len(devices) + device).groupby(person).min() % len(devices)

    staged = stage >= 0
    visits = pd.DataFrame(
        {"person": person[staged], "time": moment[staged], "stage": stage[staged]}
    )
    entries = pd.DataFrame({"segment": devices.to_numpy(str)[segment]})
    entry = pd.Series(-np.inf, index=entries.index)
    for place, name in enumerate(NAMES):
        rows = visits[visits["stage"] == place]
        rows = rows[rows["time"] >= rows["person"].map(entry)]
        entry = rows.groupby("person")["time"].min()
        entries[name] = entry
    by_segment = entries.groupby("segment")[NAMES].count()
    medians = entries[NAMES].diff(axis="columns").iloc[:, 1:].median() / 1e6

    key = (visits["time"] * _SLOTS + visits["stage"]).to_numpy()
    order = np.argsort(key)
    order = order[np.argsort(visits["person"].to_numpy()[order], kind="stable")]
    person, stage = visits["person"].to_numpy()[order], visits["stage"].to_numpy()[order]
    same = person[1:] == person[:-1]
    n_moves = len(NAMES) ** 2
    move = (stage[:-1] * len(NAMES) + stage[1:])[same]
    made = np.bincount(person[1:][same] * n_moves + move, minlength=len(ids) * n_moves)
    made = made.reshape(-1, n_moves)
    return {
        "funnel": {
            "": entries[NAMES].count().tolist(),
            **{name: row.tolist() for name, row in by_segment.iterrows()},
        },
        "medians_s": medians.tolist(),
        "transitions": _transitions(
            zip(range(n_moves), made.sum(axis=0), (made > 0).sum(axis=0), strict=True)
        ),
    }


def run_polars(path: Path) -> Results:
    """Compute the measures with Polars: one streamed pass to a sorted history for each person."""
    import polars as pl

    log = pl.scan_parquet(path)
    devices = log.select(pl.col("device").unique().sort()).collect().to_series().to_list()
    moment = pl.col("occurred_at").dt.epoch("us")
    stage = pl.col("event").replace_strict(PLACES, default=None, return_dtype=pl.Int8)
    device = pl.col("device").cast(pl.Enum(devices)).to_physical()
    people = (
        log.select(
            "participant_id", key=moment * _SLOTS + stage, mark=moment * len(devices) + device
        )
        .group_by("participant_id")
        .agg(pl.col("key").drop_nulls(), pl.col("mark").min())
        .select(pl.col("key").list.sort(), segment=pl.col("mark") % len(devices))
        .with_row_index("person")
        .collect(engine="streaming")
    )
    visits = (
        people.select("person", "key")
        .explode("key")
        .drop_nulls()
        .with_columns(stage=pl.col("key") % _SLOTS, time=pl.col("key") // _SLOTS)
    )
    entries = people.select("person", "segment")
    entry = people.select("person", before=pl.lit(0, pl.Int64))
    for place, name in enumerate(NAMES):
        entry = (
            visits.lazy()
            .filter(pl.col("stage") == place)
            .join(entry.lazy(), on="person")
            .filter(pl.col("time") >= pl.col("before"))
            .group_by("person")
            .agg(before=pl.col("time").min())
            .collect()
        )
        entries = entries.join(entry.rename({"before": name}), on="person", how="left")
    by_segment = entries.group_by("segment").agg(pl.col(NAMES).count())
    medians = entries.select(
        ((pl.col(there) - pl.col(here)).median() / 1e6).alias(there)
        for here, there in pairwise(NAMES)
    )
    moves = (
        visits.lazy()
        .with_columns(was=pl.col("person").shift(), before=pl.col("stage").shift())
        .filter(pl.col("person") == pl.col("was"))
        .group_by(move=pl.col("before") * len(NAMES) + pl.col("stage"))
        .agg(pl.len(), people=pl.col("person").n_unique())
        .collect()
    )
    return {
        "funnel": {
            "": list(entries.select(pl.col(NAMES).count()).row(0)),
            **{devices[code]: list(counts) for code, *counts in by_segment.iter_rows()},
        },
        "medians_s": _medians(medians.row(0)),
        "transitions": _transitions(moves.iter_rows()),
    }


def run_sql(path: Path) -> Results:
    """Compute the measures in DuckDB, tuned by hand: sort once, then work on one list per person.

    People are told apart by the 64-bit hash of their id: among 500,000, two share one with a
    chance of about one in a hundred million. Grouping by the ids themselves takes longer.
    """
    import duckdb

    query = duckdb.connect().execute
    found = query(f"select distinct device from '{path}' order by device").fetchall()
    devices = {device: code for code, (device,) in enumerate(found)}
    bits = len(devices).bit_length()
    instant, last = f"key >> {bits + 3}", 2**bits - 1
    query(f"""
        create temp table log as
        select hash(participant_id) as person,
               (epoch_us(occurred_at) << {bits + 3})
                 | ({_case("event", PLACES)} << {bits}) | {_case("device", devices)} as key
        from '{path}' order by person, key
    """)
    # A person whose rows two threads share may get them in two runs: hence the sort.
    query(f"""
        create temp table people as
        select min((({instant}) << {bits}) | (key & {last})) & {last} as device,
               list_sort(list(key >> {bits}) filter ((key >> {bits}) & 7 < {len(NAMES)})) as keys,
               list_transform(keys, lambda key: (key & 7)::utinyint) as stages
        from log group by person
    """)
    entry, columns = "from people", []
    for place in range(len(NAMES)):
        found = f"list_position(stages, {place}::utinyint)"
        if place:
            found = f"at{place - 1} + list_position(stages[at{place - 1} + 1:], {place}::utinyint)"
        entry = f"from (select *, {found} as at{place} {entry})"
        columns.append(f"keys[at{place}] >> 3 as t{place}")
    query(f"create temp table entries as select device, {', '.join(columns)} {entry}")
    counts = ", ".join(f"count(t{place})" for place in range(len(NAMES)))
    funnel = query(f"select device, {counts} from entries group by rollup (device)").fetchall()
    medians = ", ".join(f"median(t{i + 1} - t{i}) / 1e6" for i in range(len(NAMES) - 1))
    seconds = query(f"select {medians} from entries").fetchone()
    query(f"""
        create temp table moves as
        select person, here * {len(NAMES)} + there as move
        from (select rowid as person, unnest(stages[:-2]) as here, unnest(stages[2:]) as there
              from people)
        where there is not null
    """)
    # One bit for each move that a person made at all.
    n_moves = len(NAMES) ** 2
    made = ", ".join(f"sum((made >> {move}) & 1)" for move in range(n_moves))
    people = query(
        f"select {made} from (select bit_or(1::bigint << move) as made from moves group by person)"
    ).fetchone()
    moves = query("select move, count(*) from moves group by move").fetchall()
    names = {code: device for device, code in devices.items()}
    return {
        "funnel": {names.get(code, ""): counts for code, *counts in funnel},
        "medians_s": _medians(seconds),
        "transitions": _transitions((move, n, people[move]) for move, n in moves),
    }


def run_retentioneering(path: Path) -> Results:
    """Compute the measures with retentioneering 5.2, as its documentation shows.

    Segments and stages are mapped in pandas beforehand; everything else is the library's own:
    `funnel_data` for all and for each segment, `transition_graph_data` for counts and people, and
    for the times `add_events`, which marks the entry into each stage, with the metric
    `time_between`. Where its definitions differ:

    - Events of one instant keep the order of the rows, and a later step must be a later row. The
      rows are therefore handed over in the order of the journey; as they lie in the log, about
      one in a hundred entries would be missed.
    - `time_median` of its transition matrix is the time between neighbouring events, and
      `time_between` of two stages that between their first events, in any order. Neither is the
      time between entries without the marks.
    - Its rates are shares of all paths, also of those that never entered: only counts are used.
    - It wants at least one event of every stage in every segment.

    It reports its use over the network unless told not to. It is told.
    """
    os.environ["RETENTIONEERING_NO_TRACK"] = "1"
    import pandas as pd
    from retentioneering.eventstream import Eventstream

    log = pd.read_parquet(path, columns=COLUMNS)
    earliest = log.sort_values(["occurred_at", "device"]).drop_duplicates("participant_id")
    log["segment"] = log["participant_id"].map(earliest.set_index("participant_id")["device"])
    log["place"] = log["event"].map(PLACES)
    log = log.dropna(subset="place").sort_values("place")
    log["stage"] = log["place"].map(dict(enumerate(NAMES)))
    stream = Eventstream(
        log[["participant_id", "stage", "occurred_at", "segment"]],
        {
            "path_cols": ["participant_id"],
            "event_col": "stage",
            "timestamp_col": "occurred_at",
            "segment_cols": ["segment"],
        },
    )
    groups = {"": stream}
    for segment in log["segment"].unique():
        groups[segment] = stream.filter_events(keep={"segment": [segment]})
    funnel = {
        segment: [step["unique_paths"] for step in group.funnel_data(NAMES)["steps"]]
        for segment, group in groups.items()
    }
    made, people = (
        stream.transition_graph_data(weight).to_dict("index")
        for weight in ("count", "unique_paths")
    )
    marks = NAMES[:1]
    for place, name in enumerate(NAMES[1:], start=1):
        marks.append(f"{name}_entered")
        route = "->.*->".join(NAMES[: place + 1])
        stream = stream.add_events(marks[-1], anchor={"pattern": route, "at": -1})
    between = [
        {"metric": "time_between", "metric_args": {"start_event": here, "end_event": there}}
        for here, there in pairwise(marks)
    ]
    return {
        "funnel": funnel,
        "medians_s": _medians(stream.get_metrics(between).median()),
        "transitions": {
            (here, there): [made[here][there], people[here][there]]
            for here, there in product(NAMES, NAMES)
            if made[here][there]
        },
        "notes": ["rows handed over in the order of the journey, or ties would count differently"],
    }


def run_floor(path: Path) -> Results:
    """Read the four columns in DuckDB and fold each to one number: no measure, the least work."""
    import duckdb

    folds = ", ".join(f"bit_xor(hash({column}))" for column in COLUMNS)
    row = duckdb.connect().execute(f"select count(*), {folds} from '{path}'").fetchone()
    return {"n_events": row[0], "folds": list(row[1:])}


def _case(column: str, codes: dict[str, int]) -> str:
    """Write SQL that gives the code of each value, and the number of stages for any other."""
    whens = " ".join(f"when '{value}' then {code}" for value, code in codes.items())
    return f"(case {column} {whens} else {len(NAMES)} end)::bigint"


def _medians(seconds: Iterable[float | None]) -> list[float]:
    """Give NaN for the median of nobody."""
    return [float("nan") if median is None else float(median) for median in seconds]


def _transitions(counts: Iterable[tuple[Any, Any, Any]]) -> dict[tuple[str, str], list[int]]:
    """Name the moves, coded as from * 6 + to, and leave out those that nobody made."""
    return {
        (NAMES[int(move) // len(NAMES)], NAMES[int(move) % len(NAMES)]): [int(n), int(people)]
        for move, n, people in counts
        if n
    }


PEERS: dict[str, Callable[[Path], Results]] = {
    "pandas": run_pandas,
    "polars": run_polars,
    "retentioneering": run_retentioneering,
    "sql": run_sql,
    "floor": run_floor,
}
_LIBRARIES = {
    "pandas": ["numpy", "pandas", "pyarrow.parquet"],
    "polars": ["polars"],
    "retentioneering": [
        "pyarrow.parquet",
        "retentioneering.eventstream",
        "retentioneering.data_processors",
    ],
    "sql": ["duckdb"],
    "floor": ["duckdb"],
}
"""What to import before the clock starts."""


def main() -> None:
    """Run one peer and print one line of JSON: its seconds, peak memory and results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=PEERS)
    parser.add_argument("path", type=Path)
    arguments = parser.parse_args()
    try:
        for library in _LIBRARIES[arguments.name]:
            importlib.import_module(library)
    except ModuleNotFoundError as error:
        print(json.dumps({"name": arguments.name, "missing": error.name}))
        return
    start = time.perf_counter()
    results = PEERS[arguments.name](arguments.path)
    seconds = time.perf_counter() - start
    if "transitions" in results:
        moves = results["transitions"].items()
        results["transitions"] = {">".join(move): counts for move, counts in moves}
    line = {"name": arguments.name, "seconds": seconds, "peak_gb": _peak_gb(), "results": results}
    print(json.dumps(line))


def _peak_gb() -> float:
    """Return the most memory that this process ever held, in GB (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kib) * 1024 / 1e9


if __name__ == "__main__":
    main()
