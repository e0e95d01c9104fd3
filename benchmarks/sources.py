"""Measure how sources are read: `python benchmarks/sources.py`.

A log of 10 million events as one CSV is checked (`cjm check`) and read into the funnel, where it
lies; pandas reads the same file into the same funnel's input: text cells, in order by person and
time. Then transcripts are read, and the WebVTT ones among them by webvtt-py as well. Each part is
a process of its own, so that its most memory can be told. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HEAD = """\
schema_version: 1
title: Large log
objective: Measure.
engine: {memory_limit: 1GB, threads: 2}
sources:
  - id: log
    kind: events
    files: events.csv
    in_place: true
    sampling: census
    columns: {participant: participant_id, event: event, occurred_at: occurred_at}
journey:
  stages:
"""
LINE = "It took me a long time to find page {}, and then the form lost what I had typed in."
N_TURNS = 1_000
N_TALKS = 100


def write_log(folder: Path, n_events: int) -> None:
    """Write the log of `behaviour_events.py` as CSV, and the study that reads it in place."""
    import duckdb
    from behaviour_events import STAGES, make_events

    make_events(folder / "events.parquet", n_events)
    duckdb.execute(f"copy '{folder}/events.parquet' to '{folder}/events.csv' (header)")
    (folder / "events.parquet").unlink()
    stages = [f"    - {{id: {stage}, events: {json.dumps(n)}}}" for stage, n in STAGES.items()]
    (folder / "study.yaml").write_text(HEAD + "\n".join(stages) + "\n")


def write_talks(folder: Path) -> None:
    """Write half of the transcripts as WebVTT, half as Otter's text."""
    folder.mkdir()
    for talk in range(N_TALKS):
        turns = [("Ines Holm" if n % 2 else "Ana Weiss", n, LINE.format(n)) for n in range(N_TURNS)]
        if talk % 2:
            text = "".join(f"{who}  {n // 60}:{n % 60:02d}\n{said}\n\n" for who, n, said in turns)
        else:
            cues = [
                f"00:{n // 60:02d}:{n % 60:02d}.000 --> 00:{n // 60:02d}:{n % 60:02d}.900\n"
                f"<v {who}>{said}</v>\n"
                for who, n, said in turns
            ]
            text = "WEBVTT\n\n" + "\n".join(cues)
        (folder / f"p{talk}.{'txt' if talk % 2 else 'vtt'}").write_text(text)


def check_log(folder: Path) -> str:
    """Say what `cjm check` says."""
    from cjm_research.study.check import check_study

    lines, n_problems = check_study(folder)
    assert n_problems == 0, lines
    return next(line.strip() for line in lines if "events" in line and any(map(str.isdigit, line)))


def read_log(folder: Path) -> str:
    """Count who entered and who left each stage."""
    from cjm_research.behaviour import estimate_drop_off
    from cjm_research.config import build_journey, load_config
    from cjm_research.study.following import open_staying

    config = load_config(folder / "study.yaml")
    journey = build_journey(config.journey, where="study.yaml")
    with open_staying(config, journey, folder) as log:
        funnel = estimate_drop_off(log, journey)
    return ", ".join(f"{n:,}" for n in funnel["n_entered"])


def read_log_by_pandas(folder: Path) -> str:
    """Read the same cells as text and bring them into order by person and time."""
    import pandas as pd

    columns = ["participant_id", "event", "occurred_at"]
    events = pd.read_csv(folder / "events.csv", usecols=columns, dtype=str, keep_default_na=False)
    events["occurred_at"] = pd.to_datetime(events["occurred_at"], utc=True, format="ISO8601")
    events = events.sort_values(["participant_id", "occurred_at"], kind="stable")
    return f"{len(events):,} events"


def _read_talks(folder: Path, pattern: str) -> str:
    from cjm_research.config import JourneyPart, Transcripts, build_journey
    from cjm_research.readers import read_source

    source = Transcripts.model_validate(
        {"id": "talks", "kind": "transcripts", "files": [f"talks/{pattern}"]}
        | {"sampling": "purposive", "interviewers": ["Ines Holm"]}
    )
    journey = build_journey(JourneyPart.model_validate({"stages": [{"id": "a"}]}))
    return f"{len(read_source(source, folder, journey).turns):,} turns"


def read_transcripts(folder: Path) -> str:
    """Read all transcripts."""
    return _read_talks(folder, "*")


def read_vtt(folder: Path) -> str:
    """Read the WebVTT transcripts."""
    return _read_talks(folder, "*.vtt")


def read_vtt_by_webvtt(folder: Path) -> str:
    """Read them with webvtt-py."""
    import webvtt

    captions = [webvtt.read(str(path)) for path in sorted((folder / "talks").glob("*.vtt"))]
    return f"{sum(len([c.voice for c in caption]) for caption in captions):,} turns"


PARTS: dict[str, Callable[[Path], str]] = {
    "check the log": check_log,
    "read the log": read_log,
    "read it by pandas": read_log_by_pandas,
    "read transcripts": read_transcripts,
    "read WebVTT": read_vtt,
    "read it by webvtt-py": read_vtt_by_webvtt,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--part", default="", help="one part, in this process (used by itself)")
    parser.add_argument("--folder", type=Path, default=Path())
    chosen = parser.parse_args()
    if chosen.part == "write":
        write_log(chosen.folder, chosen.events)
        write_talks(chosen.folder / "talks")
        return
    if chosen.part:
        run_part(chosen.part, chosen.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # A process starts with the most memory that its parent ever held: this one stays small.
        call(folder, "write", "--events", str(chosen.events))
        megabytes = sum(path.stat().st_size for path in (folder / "talks").iterdir()) / 1e6
        log_gb = (folder / "events.csv").stat().st_size / 1e9
        found = {part: measure(part, folder) for part in PARTS}
    print(f"log {log_gb:.2f} GB, transcripts {megabytes:.1f} MB\n")
    for part, (seconds, peak_gb, what) in found.items():
        print(f"{part:24}{seconds:8.1f} s{peak_gb:8.2f} GB   {what}")
    checked, read = found["check the log"], found["read the log"]
    figures = {
        "csv_10m_s": checked[0] + read[0],
        "csv_10m_peak_gb": max(checked[1], read[1]),
        "transcripts_mb_per_s": megabytes / found["read transcripts"][0],
    }
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


def measure(part: str, folder: Path) -> tuple[float, float, str]:
    """Return seconds, the most memory in GB and what was found, of a part in its own process."""
    seconds, peak_gb, what = json.loads(call(folder, part).splitlines()[-1])
    return seconds, peak_gb, what


def call(folder: Path, part: str, *more: str) -> str:
    """Run a part in a process of its own, and return what it printed."""
    command = [sys.executable, __file__, "--part", part, "--folder", str(folder), *more]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def run_part(part: str, folder: Path) -> None:
    """Run a part and print its seconds (imports included), peak and result."""
    clock = time.perf_counter()
    what = PARTS[part](folder)
    seconds = time.perf_counter() - clock
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(json.dumps([seconds, peak_gb, what]))


if __name__ == "__main__":
    main()
