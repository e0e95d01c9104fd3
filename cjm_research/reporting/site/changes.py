"""What changed between two runs, in words: for the front page, a page of its own, a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cjm_research.reporting.since import (
    MOST_LINES,
    Changes,
    CoderChange,
    Figure,
    FigureChange,
    FindingChange,
    PainChange,
    VerdictChange,
    Version,
)
from cjm_research.reporting.site.environment import make_environment
from cjm_research.reporting.site.views import page_name
from cjm_research.reporting.site.words import (
    decimal,
    decimal_range,
    percent,
    percent_range,
    plural,
    signed,
    signed_range,
    whole,
)

PAGE = "changes.html"
ALONE = "base.html.j2"
"""The layout of a page that stands outside a report, and links to no page of one."""

MOST_SENTENCES = 8
_MOST_MOVED = 2
_MOST_NAMED = 3

RULE = (
    "A number has moved when its new value lies outside the earlier interval and the earlier value "
    "outside the new one. Mostly the same people are in both reports, which makes this rule "
    "careful: it misses small movements, and seldom claims one. It is no test."
)
NO_DESIGN = (
    "The people of these sources were not drawn, so there is no noise to judge a difference by. "
    "Before and after are listed; nothing is claimed."
)


@dataclass(frozen=True)
class CodeLine:
    """What became of one excerpt's codes, its address, and the quote that shows it, if any."""

    address: str
    words: str
    href: str = ""


@dataclass(frozen=True)
class CoderView:
    """A person's codes: what is said of them, and a line per excerpt that is spelt out."""

    words: str
    lines: tuple[CodeLine, ...]
    n_more: int


def summarise(changes: Changes) -> list[str]:
    """Say what changed in at most eight sentences: inputs before numbers.

    Parameters
    ----------
    changes : Changes

    Returns
    -------
    list of str
    """
    if changes.is_first:
        return ["There is no earlier report to compare this one with."]
    since = f"Since {name_version(changes.before)}"
    if changes.is_nothing:
        return [f"{since} nothing that the figures depend on has changed."]
    return [
        f"{since} {_say_inputs(changes)}",
        *_say_people(changes),
        *_say_moved(changes),
        *_say_pains(changes),
        *_say_verdicts(changes.verdicts),
        *_say_coders(changes.coders),
        *_say_findings(changes.findings),
    ][:MOST_SENTENCES]


def list_lines(changes: Changes) -> list[str]:
    """Return the whole comparison as lines of text, for a terminal."""
    if changes.is_first or changes.is_nothing:
        return summarise(changes)
    sections: list[tuple[str, list[str]]] = [
        ("Inputs", [f"{change.what}: {change.words}" for change in changes.inputs]),
        ("People", [say_people(c.label, c.unit, c.before, c.now) for c in changes.people]),
        ("Moved beyond their noise", [say_change(change) for change in changes.moved]),
        ("Differ within their noise", _lines(changes.within)),
        ("Counted otherwise, with no noise to judge it by", _lines(changes.counted)),
        ("Count something else than before", _lines(changes.redefined)),
        ("Measured now and not before", _lines(changes.appeared)),
        ("Measured before and no longer", _lines(changes.gone)),
        *_pain_sections(changes),
        ("Verdicts", [say_verdict(change) for change in changes.verdicts]),
        *(
            (view.words, [f"{line.address}: {line.words}" for line in view.lines])
            for view in view_coders(changes)
        ),
        ("Findings", [say_finding(change) for change in changes.findings]),
    ]
    lines = [f"{name_version(changes.before)} → {name_version(changes.now)}", _say_owed(changes)]
    for title, found in sections:
        if found:
            lines += ["", title, *(f"  {line}" for line in found)]
    return [*lines, "", say_within(changes)]


def page_values(changes: Changes, *, layout: str = "frame.html.j2") -> dict[str, Any]:
    """Return what changes.html.j2 needs beside the values that every page shares."""
    linked = layout != ALONE

    def row(change: FigureChange) -> dict[str, str]:
        stage = change.now.stage if change.now else ""
        return {
            "label": change.label,
            "href": page_name("stage", stage) if stage and linked else "",
            "before": say_figure(change.before),
            "now": say_figure(change.now),
        }

    return {
        "layout": layout,
        "linked": linked,
        "within": say_within(changes),
        "changes": changes,
        "before_name": "" if changes.is_first else name_version(changes.before),
        "now_name": name_version(changes.now)[:1].upper() + name_version(changes.now)[1:],
        "owed": "" if changes.is_first else _say_owed(changes),
        "rule": RULE,
        "no_design": NO_DESIGN,
        "people": [
            (say_people(c.label, c.unit, c.before, c.now), c.before != c.now)
            for c in changes.people
        ],
        "moved": [row(change) for change in changes.moved],
        "within_rows": [row(change) for change in changes.within],
        "counted": [row(change) for change in changes.counted],
        "redefined": [row(change) for change in changes.redefined],
        "recoded": [row(change) for change in changes.recoded],
        "appeared": [row(change) for change in changes.appeared],
        "gone": [row(change) for change in changes.gone],
        "pains": [
            ("New", changes.new_pains, [list(say_told(pain)) for pain in changes.new_pains]),
            ("No longer told", changes.gone_pains, [list(say_told(p)) for p in changes.gone_pains]),
        ],
        "coders": view_coders(changes),
        "finding_lines": [say_finding(change) for change in changes.findings],
    }


def write_changes(changes: Changes, title: str, path: Path, *, language: str = "en") -> Path:
    """Write the comparison of any two runs as a page that stands alone.

    Parameters
    ----------
    changes : Changes
    title : str
        Of the study.
    path : Path
        File to write.
    """
    values = page_values(changes, layout=ALONE) | {"title": title, "language": language}
    page = make_environment().get_template("changes.html.j2").render(**values)
    path.write_bytes(page.encode("utf-8", "replace"))
    return path


def name_version(version: Version) -> str:
    """Return "version 3fa9c1d2e0 (data 2026-03-01 – 2026-06-26)"; no run id, which is a time."""
    known = [f"data {version.period}" if version.period else ""]
    known += [f"as of {version.as_of}" if version.as_of else "", version.about]
    told = "; ".join(part for part in known if part)
    return f"version {version.key}{f' ({told})' if told else ''}"


def say_figure(figure: Figure | None) -> str:
    """Return a number with its interval and its n: "57 % (55–60 %), 797 of 1,391"."""
    if figure is None:
        return "–"
    base = f"{whole(figure.count)} of {whole(figure.n)}"
    of = base if figure.count is not None and figure.n is not None else f"n = {whole(figure.n)}"
    if figure.value is None:
        return of
    if figure.unit == "share":
        value, interval = percent(figure.value), percent_range(figure.low, figure.high)
    elif figure.unit == "points":
        value, interval = signed(figure.value, 0), signed_range(figure.low, figure.high)
    else:
        value, interval = decimal(figure.value), decimal_range(figure.low, figure.high)
    return f"{value}{f' ({interval})' if interval else ''}, {of}"


def say_change(change: FigureChange) -> str:
    """Return a number's line: what it counts, before, and now."""
    return f"{change.label}: {say_figure(change.before)} → {say_figure(change.now)}"


def say_people(label: str, unit: str, before: int | None, now: int | None) -> str:
    """Return the line of one source: how many people it hears, before and now."""
    if before is None:
        return f"{label}: {plural(now, unit)}, not there before"
    if now is None:
        return f"{label}: no longer there ({plural(before, unit)} before)"
    if before == now:
        return f"{label}: {plural(now, unit)}, as before"
    return f"{label}: {whole(before)} → {plural(now, unit)}"


def say_within(changes: Changes) -> str:
    """Say how many numbers differ, but not beyond their noise."""
    n = changes.n_within
    its = "its" if n == 1 else "their"
    differ = f"{plural(n, 'number')} differ{'s' if n == 1 else ''} within {its} noise"
    if changes.moved:
        return f"{differ}." if n else "No number differs within its noise."
    return f"No number moved beyond its noise; {differ if n else 'none differs within it'}."


def say_told(pain: PainChange) -> Iterator[str]:
    """Yield who tells a pain point, source by source, before and now."""
    for told in pain.told:
        before, now = (
            "nobody heard of this stage" if n is None else f"{whole(n[0])} of {whole(n[1])}"
            for n in (told.before, told.now)
        )
        yield f"{told.source}: {before} → {now}"


def say_verdict(change: VerdictChange) -> str:
    """Return a verdict's line, from what to what."""
    by = f", decided by {change.by}" if change.by else ""
    return f"{change.name}: {change.before or 'no verdict'} → {change.now or 'no verdict'}{by}"


def say_finding(change: FindingChange) -> str:
    """Return a finding's line: added, removed, or which of its parts were edited."""
    named = f"{change.finding}{f' “{change.headline}”' if change.headline else ''}"
    if change.kind != "edited":
        return f"{named}: {change.kind}"
    edited = [name.replace("_", " ") for name in change.edited if name != "status"]
    new, gone = change.links
    links = [f"{plural(new, 'link')} added"] if new else []
    links += [f"{plural(gone, 'link')} removed"] if gone else []
    if links:
        edited = [f"evidence ({', '.join(links)})" if n == "evidence" else n for n in edited]
    before, now = change.status
    moved = [f"{before or 'no status'} → {now or 'no status'}"] if before != now else []
    words = [f"{_listed(edited)} edited"] if edited else []
    return f"{named}: {'; '.join([*words, *moved])}"


def view_coders(changes: Changes) -> list[CoderView]:
    """Return what each person coded since, the excerpts that hold other codes first."""
    return [
        CoderView(
            words=_say_coder(coder),
            lines=tuple(
                CodeLine(
                    change.address,
                    _say_codes(change.group, change.before, change.now, change.coder),
                    f"{page_name('stage', change.stage)}#{quote(change.quote)}"
                    if change.quote
                    else "",
                )
                for change in sorted(coder.codes, key=lambda code: code.before == code.now)[
                    :MOST_LINES
                ]
            ),
            n_more=max(0, len(coder.codes) - MOST_LINES),
        )
        for coder in changes.coders
    ]


def _say_codes(group: str, before: Sequence[str], now: Sequence[str], coder: str) -> str:
    if list(before) == list(now):
        return f"{group} {_codes(now)}, confirmed ({coder})"
    return f"{group} {_codes(before)} → {_codes(now)} ({coder})"


def _codes(codes: Sequence[str]) -> str:
    return ", ".join(codes) or "nothing"


def _say_coder(coder: CoderChange) -> str:
    known = [f"{plural(coder.n_new, 'code')} new" if coder.n_new else ""]
    became = "lost the words under them" if coder.by_texts else "taken back"
    known.append(f"{plural(coder.n_gone, 'code')} {became}" if coder.n_gone else "")
    done = " and ".join(part for part in known if part)
    changed = plural(coder.n_changed, "excerpt")
    hold = "holds" if coder.n_changed == 1 else "hold"
    return f"{coder.coder}: {done}; {changed} {hold} other codes than before"


def _say_inputs(changes: Changes) -> str:
    if not changes.inputs:
        return "no input has changed, and yet figures differ."
    named = list(dict.fromkeys(change.what for change in changes.inputs))
    more = len(named) - 6
    shown = [*named[:6], f"{more} more inputs"] if more > 0 else named
    return (
        f"{'this' if len(named) == 1 else 'these'} changed: {_listed(shown)}. {_say_owed(changes)}"
    )


def _say_owed(changes: Changes) -> str:
    owed = list(dict.fromkeys(change.owed for change in changes.inputs if change.owed))
    if not owed:
        return "No number hangs on that."
    if len(owed) == 1:
        return f"What differs is owed to {_cause(owed[0])}."
    causes = _listed([_cause(one) for one in owed])
    return (
        f"{causes[:1].upper()}{causes[1:]} changed at once: what is owed to which cannot be told "
        "apart."
    )


def _cause(owed: str) -> str:
    return {"study.yaml": "what study.yaml declares"}.get(owed, owed)


def _say_people(changes: Changes) -> Iterator[str]:
    lines = [
        say_people(c.label, c.unit, c.before, c.now) for c in changes.people if c.before != c.now
    ]
    if lines:
        yield f"{'; '.join(lines)}."


def _say_moved(changes: Changes) -> Iterator[str]:
    if not changes.moved:
        yield say_within(changes)
        return
    for change in changes.moved[:_MOST_MOVED]:
        yield f"{say_change(change)}: beyond the noise."
    more = len(changes.moved) - _MOST_MOVED
    if more > 0:
        yield f"{plural(more, 'more number')} moved beyond their noise."


def _say_pains(changes: Changes) -> Iterator[str]:
    if changes.recoding:
        if changes.new_pains or changes.gone_pains or changes.recoded:
            yield (
                f"Pain points are not compared: {_listed(list(changes.recoding))} changed, so what "
                "differs may be recoding."
            )
        return
    for words, pains in (
        ("Pain points told for the first time", changes.new_pains),
        ("No longer told", changes.gone_pains),
    ):
        if pains:
            more = len(pains) - _MOST_NAMED
            named = [pain.label for pain in pains[:_MOST_NAMED]]
            yield f"{words}: {_listed([*named, f'{more} more'] if more > 0 else named)}."


def _say_verdicts(verdicts: Sequence[VerdictChange]) -> Iterator[str]:
    if verdicts:
        more = len(verdicts) - _MOST_NAMED
        named = [say_verdict(change) for change in verdicts[:_MOST_NAMED]]
        shown = "; ".join([*named, f"{more} more"] if more > 0 else named)
        yield f"{'Verdicts' if len(verdicts) > 1 else 'A verdict'} changed. {shown}."


def _say_coders(coders: Sequence[CoderChange]) -> Iterator[str]:
    if coders:
        yield f"{'; '.join(_say_coder(coder) for coder in coders[:_MOST_NAMED])}."


def _say_findings(findings: Sequence[FindingChange]) -> Iterator[str]:
    kinds: dict[str, list[str]] = {}
    for change in findings:
        kinds.setdefault(change.kind, []).append(change.finding)
    if kinds:
        told = "; ".join(f"{kind} {_listed(names)}" for kind, names in kinds.items())
        yield f"Findings: {told}."


def _pain_sections(changes: Changes) -> list[tuple[str, list[str]]]:
    if changes.recoding:
        title = f"Recoding ({_listed(list(changes.recoding))} changed): no movement is claimed"
        pains = [f"{p.label}: only now" for p in changes.new_pains]
        pains += [f"{p.label}: only before" for p in changes.gone_pains]
        return [(title, [*pains, *_lines(changes.recoded)])]
    return [
        (title, [f"{pain.label}: {'; '.join(say_told(pain))}" for pain in pains])
        for title, pains in (
            ("Pain points told for the first time", changes.new_pains),
            ("Pain points no longer told", changes.gone_pains),
        )
    ]


def _lines(changes: Sequence[FigureChange]) -> list[str]:
    return [say_change(change) for change in changes]


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
