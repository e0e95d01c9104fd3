"""What changed between two runs: inputs first, then numbers, pain points, verdicts, people's words.

Two runs over mostly the same people are no two samples: a difference is explained, never
tested. A number that carries an interval is said to have moved when its new value lies outside
the earlier interval **and** the earlier value outside the new one. The people who are in both
runs make that rule careful rather than quick: it misses small movements, and seldom claims one.
Where there is no sampling design there is no noise to state: such counts are listed as counted
otherwise, and nothing is claimed of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from cjm_research.reporting.manifest import SCHEMA_VERSION, read_manifest
from cjm_research.reporting.publish import is_good_run

MOST_LINES = 20
"""Excerpts that are spelt out per coder; the rest are counted."""

_RULES = "the coders’ rules"

_INPUTS = {
    "study.yaml": "study.yaml",
    "codebook log and samples": "the codebook’s log and samples",
    "reviews": "what reviewers marked",
}
_APART = ("data", "people's codes", "findings", "coders", "software")
"""Hashes of `study.inputs` that are said in more detail than by their names."""


@dataclass(frozen=True)
class Version:
    """One of the two runs: its version (`key`), its period, what it looks back from."""

    key: str = ""
    run_id: str = ""
    period: str = ""
    as_of: str = ""
    about: str = ""


@dataclass(frozen=True)
class InputChange:
    """An input that differs: `what` it is, and how in `words`.

    `owed` names the kind of cause that a difference below may be owed to; it is empty where
    no number hangs on the input.
    """

    what: str
    words: str
    owed: str = ""


@dataclass(frozen=True)
class PeopleChange:
    """Participants of a source, before and now; None where the source was not there."""

    label: str
    unit: str
    before: int | None
    now: int | None


@dataclass(frozen=True)
class Figure:
    """A number of a run; see `comparable.list_figures`."""

    kind: str
    stage: str
    label: str
    source: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    count: int | None = None
    n: int | None = None
    unit: str = "share"
    definition: str = ""
    code: str = ""
    name: str = ""

    @property
    def has_interval(self) -> bool:
        """Whether there is a sampling design, and so noise that can be stated."""
        return None not in (self.value, self.low, self.high)


@dataclass(frozen=True)
class FigureChange:
    """A number that differs, before and now; None where it was not there."""

    before: Figure | None
    now: Figure | None

    @property
    def label(self) -> str:
        """What is counted, as the newer run names it."""
        return (self.now or self.before or Figure("", "", "")).label


@dataclass(frozen=True)
class Told:
    """How many people of a source tell a pain point, of how many heard; n None: not heard."""

    source: str
    before: tuple[int, int] | None
    now: tuple[int, int] | None


@dataclass(frozen=True)
class PainChange:
    """A pain point of a stage that nobody told before, or that nobody tells any more."""

    stage: str
    code: str
    name: str
    label: str
    told: tuple[Told, ...]


@dataclass(frozen=True)
class VerdictChange:
    """A verdict on a stage or a KPI that differs, with the reason of the newer one."""

    name: str
    before: str
    now: str
    reason: str
    by: str
    of_kpi: bool = False


@dataclass(frozen=True)
class CodeChange:
    """What became of an excerpt's codes through a person: from what to what, and where."""

    address: str
    group: str
    before: tuple[str, ...]
    now: tuple[str, ...]
    coder: str
    stage: str = ""
    quote: str = ""


@dataclass(frozen=True)
class CoderChange:
    """What a person did since: rows of codes now, new and taken back, and the excerpts."""

    coder: str
    n: int
    n_new: int
    n_gone: int
    codes: tuple[CodeChange, ...]
    by_texts: bool = False
    """True when the person's file is what it was: the texts under the codes changed."""

    @property
    def n_changed(self) -> int:
        """Excerpts that hold other codes than before."""
        return sum(change.before != change.now for change in self.codes)


@dataclass(frozen=True)
class FindingChange:
    """A finding that was added, removed or edited; then the fields that differ are named."""

    finding: str
    headline: str
    kind: str
    edited: tuple[str, ...] = ()
    status: tuple[str, str] = ("", "")
    links: tuple[int, int] = (0, 0)
    """Links of the evidence that are new, and that are gone."""


@dataclass(frozen=True)
class Changes:
    """All that differs between two runs.

    Attributes
    ----------
    before, now : Version
    is_first : bool
        There is no run to compare with.
    inputs : tuple of InputChange
    people : tuple of PeopleChange
        Of every source, whether or not they differ.
    moved : tuple of FigureChange
        Beyond their noise.
    n_within, n_same : int
        Numbers with an interval that differ within their noise, and all those that are the same.
    within : tuple of FigureChange
        Those that differ within their noise.
    counted : tuple of FigureChange
        Counts that differ and have no noise to be judged by.
    redefined : tuple of FigureChange
        Numbers that count something else than before.
    recoded : tuple of FigureChange
        Counts of codes that differ while the codes rest on something else than before.
    appeared, gone : tuple of FigureChange
        Numbers of one run only, pain points apart.
    recoding : tuple of str
        What the codes rest on that differs; empty where pain points can be compared.
    new_pains, gone_pains : tuple of PainChange
    verdicts : tuple of VerdictChange
    coders : tuple of CoderChange
    findings : tuple of FindingChange
    """

    before: Version = field(default_factory=Version)
    now: Version = field(default_factory=Version)
    is_first: bool = False
    inputs: tuple[InputChange, ...] = ()
    people: tuple[PeopleChange, ...] = ()
    moved: tuple[FigureChange, ...] = ()
    n_within: int = 0
    n_same: int = 0
    within: tuple[FigureChange, ...] = ()
    counted: tuple[FigureChange, ...] = ()
    redefined: tuple[FigureChange, ...] = ()
    recoded: tuple[FigureChange, ...] = ()
    appeared: tuple[FigureChange, ...] = ()
    gone: tuple[FigureChange, ...] = ()
    recoding: tuple[str, ...] = ()
    new_pains: tuple[PainChange, ...] = ()
    gone_pains: tuple[PainChange, ...] = ()
    verdicts: tuple[VerdictChange, ...] = ()
    coders: tuple[CoderChange, ...] = ()
    findings: tuple[FindingChange, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether two runs were compared and nothing differs."""
        return not self.is_first and not (
            self.inputs or self.moved or self.n_within or self.counted or self.redefined
            or self.recoded or self.appeared or self.gone or self.new_pains or self.gone_pains
            or self.verdicts or self.coders or self.findings
        )  # fmt: skip

    @property
    def words(self) -> list[str]:
        """What changed, in at most eight sentences."""
        # The site's package imports this module: its words are fetched when they are asked for.
        from cjm_research.reporting.site.changes import summarise

        return summarise(self)


def find_predecessor(
    reports: Path, key: str, *, part: str = "", than: str = "", dated: bool = False
) -> dict[str, Any]:
    """Return the manifest of the newest good run that was made from something else.

    Parameters
    ----------
    reports : Path
        Folder of one study's runs.
    key : str
        Run key of the newer run: a repeat of it is no predecessor, so that repeats of the same
        inputs give the same pages.
    part : str
        Words of the slice: a part of a study is compared with the same part.
    than : str
        Only runs that started before this moment (`started` of a manifest); else the newest.
    dated : bool, default False
        Whether the newer run looks back from a day: such runs, as a schedule makes them, are
        compared with each other, and the others with each other.

    Returns
    -------
    dict
        Empty where there is none.
    """
    found = []
    for folder in reports.glob("*/"):
        if folder.is_symlink() or folder.name.startswith("."):
            continue
        manifest = read_manifest(folder)
        if (
            manifest.get("schema_version") == SCHEMA_VERSION
            and manifest.get("status") == "good"
            and manifest.get("run_id") == folder.name
            and manifest.get("key") != key
            and (not than or str(manifest.get("started", "")) <= than)
            and manifest.get("slice", {}).get("words", "") == part
            and bool(manifest.get("as_of")) == dated
        ):
            found.append((str(manifest.get("started", "")), _run_number(folder.name), manifest))
    return max(found, key=lambda entry: entry[:2])[2] if found else {}


def list_incomparable(reports: Path, run_id: str) -> list[str]:
    """Return the ids of earlier good runs that say too little of themselves to be compared.

    Parameters
    ----------
    reports : Path
        Folder of one study's runs.
    run_id : str
        Of the newer run.
    """
    return sorted(
        folder.name
        for folder in reports.glob("*/")
        if folder.name < run_id
        and is_good_run(folder)
        and read_manifest(folder).get("schema_version") != SCHEMA_VERSION
    )


def compare_runs(before: Mapping[str, Any], now: Mapping[str, Any]) -> Changes:
    """Compare two runs by their manifests.

    Parameters
    ----------
    before, now : mapping
        Of `build_manifest`. An empty `before`, or one of another schema, is no run to compare
        with.

    Returns
    -------
    Changes
        Numbers are judged by the rule at the head of this module. New and vanished pain points
        are claimed only where codebook, coders, people's codes and themes are the same; else
        `recoding` says what is not. What a change is owed to is known only when one kind of
        input changed.
    """
    if not before or before.get("schema_version") != now.get("schema_version"):
        return Changes(now=_version(now), is_first=True)
    recoding = _recoding(before.get("basis", {}), now.get("basis", {}))
    return Changes(
        before=_version(before),
        now=_version(now),
        inputs=tuple(_compare_inputs(before, now)),
        people=tuple(_compare_people(before, now)),
        recoding=recoding,
        new_pains=tuple(_find_pains(before, now)),
        gone_pains=tuple(_find_pains(now, before, backwards=True)),
        verdicts=tuple(_compare_verdicts(before, now)),
        coders=tuple(_compare_coders(before, now)),
        findings=tuple(_compare_findings(before, now)),
        **_compare_figures(before, now, recoded=bool(recoding)),
    )


def has_moved(before: Figure, now: Figure) -> bool:
    """Tell whether each value lies outside the interval of the other: beyond the noise."""
    return (
        before.has_interval
        and now.has_interval
        and not _lies_within(now.value, before)
        and not _lies_within(before.value, now)
    )


def _lies_within(value: float | None, figure: Figure) -> bool:
    return (
        value is not None
        and figure.low is not None
        and figure.high is not None
        and figure.low <= value <= figure.high
    )


def _compare_figures(
    before: Mapping[str, Any], now: Mapping[str, Any], *, recoded: bool
) -> dict[str, Any]:
    then, here = (_figures(manifest) for manifest in (before, now))
    groups: dict[str, list[FigureChange]] = {
        name: []
        for name in ("moved", "within", "counted", "redefined", "recoded", "appeared", "gone")
    }
    n_same = 0
    for key, figure in here.items():
        earlier = then.get(key)
        change = FigureChange(earlier, figure)
        if earlier is None:
            if figure.kind != "pain_point":
                groups["appeared"].append(change)
        elif figure.definition != earlier.definition:
            groups["redefined"].append(change)
        elif _is_same(earlier, figure):
            n_same += 1
        elif figure.kind == "pain_point" and recoded:
            groups["recoded"].append(change)
        elif not (earlier.has_interval and figure.has_interval):
            groups["counted"].append(change)
        elif has_moved(earlier, figure):
            groups["moved"].append(change)
        else:
            groups["within"].append(change)
    groups["gone"] += [
        FigureChange(figure, None)
        for key, figure in then.items()
        if key not in here and figure.kind != "pain_point"
    ]
    return {name: tuple(found) for name, found in groups.items()} | {
        "n_within": len(groups["within"]),
        "n_same": n_same,
    }


def _is_same(before: Figure, now: Figure) -> bool:
    return (before.value, before.count, before.n, before.low, before.high) == (
        now.value, now.count, now.n, now.low, now.high
    )  # fmt: skip


def _figures(manifest: Mapping[str, Any]) -> dict[str, Figure]:
    known = {part.name for part in fields(Figure)}
    return {
        key: Figure(**{name: value for name, value in figure.items() if name in known})
        for key, figure in manifest.get("figures", {}).items()
    }


def _compare_inputs(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[InputChange]:
    yield from _compare_data(before, now)
    was, hashes = before.get("input_hashes", {}), now.get("input_hashes", {})
    for name in [name for name in {**was, **hashes} if name not in _APART]:
        if was.get(name) != hashes.get(name):
            owed = "" if name == "reviews" else "recoding" if "codebook" in name else name
            words = "differs"
            if name == "study.yaml":
                told = "study_keys" in before and "study_keys" in now
                keys = list(_differing(before, now, "study_keys")) if told else []
                if told:
                    where = ", ".join(keys) or "what is masked, or only in its comments or layout"
                    words = f"differs in {where}"
            yield InputChange(_INPUTS.get(name, name), words, owed)
    codes = _differing(before, now, "people_codes_files")
    for coder, how in codes.items():
        yield InputChange(f"people’s codes: {coder}", how, "recoding")
    if not codes and was.get("people's codes") != hashes.get("people's codes"):
        yield InputChange("people’s codes", "differ", "recoding")
    of_codes = ("people’s codes", "the codebook’s log and samples")
    for name in _recoding(before.get("basis", {}), now.get("basis", {})):
        if name not in of_codes:
            yield InputChange(name, "differs", "recoding")
    if was.get("findings") != hashes.get("findings"):
        yield InputChange("findings.yaml", "differs", "people’s findings")
    versions = _compare_values(before.get("versions", {}), now.get("versions", {}))
    for words in versions:
        yield InputChange("software", words, "the software")
    if not versions and was.get("software") != hashes.get("software"):
        yield InputChange("software", "the code differs, under the same versions", "the software")
    if before.get("seed") != now.get("seed"):
        words = f"{before.get('seed')} → {now.get('seed')}"
        yield InputChange("seed of the resampling", words, "the software")
    for name, how in _differing(before, now, "notebooks").items():
        yield InputChange(f"notebook {name}", how)
    for words in _compare_values(before.get("parameters", {}), now.get("parameters", {})):
        yield InputChange("parameter of the notebooks", words)
    if before.get("as_of") != now.get("as_of"):
        words = f"{before.get('as_of') or 'no day'} → {now.get('as_of') or 'no day'}"
        yield InputChange("looks back from", words, "the day looked back from")
    was_about, about = (_version(run).about for run in (before, now))
    if was_about != about:
        words = f"{was_about or 'the whole study'} → {about or 'the whole study'}"
        yield InputChange("part of the study", words, "another part of the study")


def _compare_data(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[InputChange]:
    """Say which source's files differ; names of files are in no manifest, so hashes are counted."""
    was, here = before.get("inputs", {}), now.get("inputs", {})
    labels = _labels(before) | _labels(now)
    n = 0
    for source in {**was, **here}:
        then, files = ({f["sha256"] for f in run.get(source, ())} for run in (was, here))
        if then == files:
            continue
        n += 1
        if source not in was or source not in here:
            words = "is new" if source not in was else "is no longer there"
        else:
            gone, new = len(then - files), len(files - then)
            changed = min(gone, new)
            counts = ((changed, "changed"), (new - changed, "new"), (gone - changed, "gone"))
            words = ", ".join(f"{_files(count)} {how}" for count, how in counts if count)
        yield InputChange(f"data of {labels.get(source, source)}", words, "the data")
    hashes = [run.get("input_hashes", {}).get("data") for run in (before, now)]
    if not n and hashes[0] != hashes[1]:
        yield InputChange(
            "data", "names of files, the vault’s key, or a log that stays where it is", "the data"
        )


def _compare_people(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[PeopleChange]:
    was, here = (
        {entry["source"]: entry for entry in run.get("headline", {}).get("participants", ())}
        for run in (before, now)
    )
    for source in {**was, **here}:
        known = here.get(source) or was[source]
        yield PeopleChange(
            known["label"],
            known.get("unit", "person"),
            was.get(source, {}).get("n"),
            here.get(source, {}).get("n"),
        )


def _recoding(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return what codes rest on that differs; the rules only where nothing else explains them."""
    differing = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    apart = {"people’s codes", "the codebook’s log and samples", _RULES}
    if _RULES in differing and set(differing) - apart:
        differing.remove(_RULES)
    return tuple(differing)


def _find_pains(
    before: Mapping[str, Any], now: Mapping[str, Any], *, backwards: bool = False
) -> Iterator[PainChange]:
    """Yield pain points that a run tells of and the other does not, with who was heard there."""
    then, here = (
        {
            (figure.stage, figure.code): None
            for figure in _figures(run).values()
            if figure.kind == "pain_point"
        }
        for run in (before, now)
    )
    told: dict[tuple[str, str], list[Figure]] = {}
    for figure in _figures(now).values():
        if figure.kind == "pain_point":
            told.setdefault((figure.stage, figure.code), []).append(figure)
    for stage, code in here:
        if (stage, code) in then:
            continue
        counts = []
        for figure in told[stage, code]:
            label = now.get("heard", {}).get(stage, {}).get(figure.source, {}).get("label")
            other = before.get("heard", {}).get(stage, {}).get(figure.source)
            n_other = (0, int(other["n"])) if other and other["n"] else None
            n_here = (figure.count or 0, figure.n or 0)
            pair = (n_here, n_other) if backwards else (n_other, n_here)
            counts.append(Told(label or figure.source, *pair))
        first = told[stage, code][0]
        yield PainChange(stage, code, first.name, _without_source(first.label), tuple(counts))


def _compare_verdicts(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[VerdictChange]:
    was, here = before.get("verdicts", {}), now.get("verdicts", {})
    for key in {**was, **here}:
        then, verdict = was.get(key, {}), here.get(key, {})
        if then.get("verdict", "") != verdict.get("verdict", ""):
            yield VerdictChange(
                name=(verdict or then)["name"],
                before=then.get("verdict", ""),
                now=verdict.get("verdict", ""),
                reason=verdict.get("reason", ""),
                by=verdict.get("by", ""),
                of_kpi=key.startswith("kpi:"),
            )


def _compare_coders(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[CoderChange]:
    was, here = before.get("people_codes", {}), now.get("people_codes", {})
    then, rows = ({row["id"]: row for row in run.get("rows", ())} for run in (was, here))
    spoken = [{(row["unit"], row["group"]) for row in run.values()} for run in (then, rows)]
    for coder in sorted({row["coder"] for row in (*then.values(), *rows.values())}):
        mine, earlier = (
            {key: row for key, row in run.items() if row["coder"] == coder} for run in (rows, then)
        )
        new = [row for key, row in mine.items() if _said(row) != _said(earlier.get(key))]
        gone = [row for key, row in earlier.items() if key not in mine]
        touched = {(row["unit"], row["group"]): row for row in (*gone, *new)}
        if touched:
            changes = (
                CodeChange(
                    address=f"document {row['document']}, characters {row['start']}–{row['end']}",
                    group=group.replace("_", " "),
                    before=_held(unit, group, was, here, spoken[0]),
                    now=_held(unit, group, here, was, spoken[1]),
                    coder=coder,
                    stage=row.get("stage", ""),
                    quote=row.get("quote", ""),
                )
                for (unit, group), row in sorted(touched.items())
            )
            files = [run.get("people_codes_files", {}).get(coder) for run in (before, now)]
            same = files[0] == files[1] and files[0] is not None
            yield CoderChange(coder, len(mine), len(new), len(gone), tuple(changes), same)


def _said(row: Mapping[str, Any] | None) -> tuple[Any, ...]:
    return () if row is None else (row["code"], row["strength"])


def _held(
    unit: str,
    group: str,
    run: Mapping[str, Any],
    other: Mapping[str, Any],
    spoken: set[tuple[str, str]],
) -> tuple[str, ...]:
    """Return the codes that held in a run: where nobody had spoken, those that machines propose.

    A run keeps only what people touched; the machines' proposals stand in the other run then.
    """
    codes = run["held"] if (unit, group) in spoken else other["proposed"]
    return tuple(sorted(codes.get(unit, {}).get(group, ())))


def _compare_findings(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[FindingChange]:
    was, here = before.get("findings", {}), now.get("findings", {})
    for key in {**was, **here}:
        then, finding = was.get(key), here.get(key)
        if then is None:
            yield FindingChange(key, finding["headline"], "added")
        elif finding is None:
            yield FindingChange(key, then["headline"], "removed")
        elif then["fields"] != finding["fields"]:
            both = {**then["fields"], **finding["fields"]}
            edited = tuple(
                name for name in both if then["fields"].get(name) != finding["fields"].get(name)
            )
            status = (then["status"], finding["status"])
            cited, cites = (Counter(row.get("links", ())) for row in (then, finding))
            links = ((cites - cited).total(), (cited - cites).total())
            yield FindingChange(key, finding["headline"], "edited", edited, status, links)


def _differing(before: Mapping[str, Any], now: Mapping[str, Any], part: str) -> dict[str, str]:
    was, here = before.get(part, {}), now.get(part, {})
    return {
        name: "is new" if name not in was else "is gone" if name not in here else "changed"
        for name in sorted({**was, **here})
        if was.get(name) != here.get(name)
    }


def _compare_values(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} {_shown(before.get(name))} → {_shown(now.get(name))}"
        for name in sorted({**before, **now})
        if before.get(name) != now.get(name)
    ]


def _shown(value: Any) -> str:
    return "not given" if value in (None, "") else str(value)


def _version(manifest: Mapping[str, Any]) -> Version:
    return Version(
        key=str(manifest.get("version", "")),
        run_id=str(manifest.get("run_id", "")),
        period=str(manifest.get("headline", {}).get("period", "")),
        as_of=str(manifest.get("as_of", "")),
        about=str(manifest.get("slice", {}).get("words", "")),
    )


def _labels(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {
        entry["source"]: entry["label"]
        for entry in manifest.get("headline", {}).get("participants", ())
    }


def _without_source(label: str) -> str:
    return label.rpartition(" (")[0] or label


def _files(number: int) -> str:
    return f"{number} file{'' if number == 1 else 's'}"


def _run_number(run_id: str) -> int:
    """Return which of several runs of one second this is: 2026-03-01T100000-12 is the twelfth."""
    tail = run_id.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 1
