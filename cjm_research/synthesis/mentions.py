"""Counting people: who said what, in which stage, out of those heard there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import pandas as pd

from cjm_research.errors import UnknownNameError
from cjm_research.journey import UNASSIGNED, Journey
from cjm_research.statistics import estimate_proportion

MIN_N_FOR_SHARES = 5
"""Below this many people a share says nothing that the count does not: counts only."""

COUNT_COLUMNS = ["n_said", "n_heard", "share", "low", "high", "n_prompted", "n_spontaneous"]
MENTION_COLUMNS = [
    "stage", "source", "code_group", "code", "label", "segment", "segment_value", *COUNT_COLUMNS,
]  # fmt: skip
PLACE_COLUMNS = [
    "stage", "source", "touchpoint", "channel", "code_group", "code", "label", *COUNT_COLUMNS,
]  # fmt: skip
NO_MENTIONS = frozenset({"stage"})
"""Code groups that place an excerpt and are nothing that somebody said."""
NOTHING_SAID = "none"
"""A coder's code for "I read it, and nothing of this group applies"."""

_Place = Literal["touchpoint", "channel"]


def count_heard(excerpts: pd.DataFrame) -> pd.DataFrame:
    """Count the participants heard per stage and source.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts` with resolved stages.

    Returns
    -------
    DataFrame
        `stage`, `source`, `n_heard`: participants with at least one excerpt there, in their
        own or an observer's words. Interviewers' words count for nobody.
    """
    counts = _heard(excerpts).groupby(["stage", "source"], observed=True)["participant_id"]
    return counts.nunique().rename("n_heard").reset_index()


def count_mentions(
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    *,
    journey: Journey,
    designs: Mapping[str, bool],
    labels: Mapping[tuple[str, str], str],
    segments: pd.DataFrame | None = None,
    prompted: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Count the participants who said something, per stage and source.

    A participant counts once per stage, source and code, however often they say it.
    Sources are never pooled with each other. In a focus group each excerpt counts for the
    participant who said it.

    Parameters
    ----------
    codes : DataFrame
        Resolved codes (`codes.resolve_codes`).
    excerpts : DataFrame
        Table `excerpts` with resolved stages.
    journey : Journey
    designs : mapping of str to bool
        Source id to whether its sampling design allows intervals.
    labels : mapping of (code_group, code) to str
    segments : DataFrame, optional
        `participant_id`, `segment`, `segment_value`.
    prompted : DataFrame, optional
        `excerpt_id`, `code_group`: answers to a question about that very group, of
        `find_prompted`.

    Returns
    -------
    DataFrame
        Table `mentions`. `n_heard` is the denominator: participants (of the audience
        segment) heard in that stage by that source. `share`, `low`, `high` (Wilson) only
        where the design allows and at least 5 were heard. `n_spontaneous` said it at least
        once without being asked for it, `n_prompted` only when asked; together they are
        `n_said`. Both are NaN without `prompted`.
    """
    heard = _heard(excerpts)
    said = _said(codes, heard, prompted)
    keys = ["code_group", "code"]
    parts = [_count(said, heard, keys, designs).assign(segment="", segment_value="")]
    if segments is not None:
        for (segment, value), members in segments.groupby(["segment", "segment_value"], sort=True):
            ids = set(members["participant_id"])
            counted = _count(
                said[said["participant_id"].isin(ids)],
                heard[heard["participant_id"].isin(ids)],
                keys,
                designs,
            )
            parts.append(counted.assign(segment=str(segment), segment_value=str(value)))
    mentions = _label(pd.concat(parts, ignore_index=True), labels)[MENTION_COLUMNS]
    mentions = mentions.assign(stage=journey.order(mentions["stage"]))
    return mentions.sort_values(
        ["segment", "segment_value", "source", "code_group", "stage", "n_said", "code"],
        ascending=[True, True, True, True, True, False, True],
        kind="stable",
    ).reset_index(drop=True)


def count_mentions_at(
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    *,
    by: _Place,
    journey: Journey,
    designs: Mapping[str, bool],
    labels: Mapping[tuple[str, str], str],
    prompted: pd.DataFrame | None = None,
    proposals: pd.DataFrame | None = None,
    documents: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Count the participants who said something of a touchpoint or a channel.

    Parameters
    ----------
    codes, excerpts, journey, designs, labels, prompted
        As for `count_mentions`.
    by : {"touchpoint", "channel"}
        A person who tells the same of two touchpoints of a channel counts once for it.
    proposals : DataFrame, optional
        Table `codes` of all coders. Where the code that holds names no touchpoint, as
        people's codes do, the one that another coder names for the same excerpt and code
        is taken.
    documents : DataFrame, optional
        Table `documents`. A touchpoint that a document declares holds for all that is said in
        it, as what a source declares outranks what a machine finds. The channel that it was
        written in counts where no touchpoint tells another: a mail about the web shop is told
        of the web shop.

    Returns
    -------
    DataFrame
        Table `mentions_at`: `stage`, `source`, `touchpoint` (empty by channel), `channel` (as
        the journey declares it), `code_group`, `code`, `label` and the counts of
        `count_mentions`. `n_heard` are the participants heard in that stage by that source,
        as nobody is asked touchpoint by touchpoint: a touchpoint without a row was not
        spoken of, which is no "0 of n". What names no touchpoint has no row.

    Raises
    ------
    UnknownNameError
        If `by` is neither.
    """
    if by not in ("touchpoint", "channel"):
        raise UnknownNameError("place to count by", str(by), ["touchpoint", "channel"])
    heard = _heard(excerpts)
    said = _said(codes, heard, prompted, attributes=True)
    named = _touchpoints(said["attributes"])
    if proposals is not None:
        others = proposals.loc[proposals["strength"] > 0].sort_values("code_id")
        others = others.assign(touchpoint=_touchpoints(others["attributes"]))
        others = others[others["touchpoint"] != ""].drop_duplicates(_CODED)
        found = said[_CODED].merge(others[[*_CODED, "touchpoint"]], on=_CODED, how="left")
        named = named.where(named != "", found["touchpoint"].fillna(""))
    written_in = pd.Series("", index=said.index, dtype="object")
    if documents is not None:
        places = said[["document_id"]].merge(
            documents[["document_id", "touchpoint", "channel"]], on="document_id", how="left"
        )
        declared = places["touchpoint"].fillna("").set_axis(said.index)
        named = declared.where(declared != "", named)
        written_in = places["channel"].fillna("").set_axis(said.index)
    said = _with_places(said.assign(touchpoint=named), journey)
    if by == "channel":
        channel = said["channel"].where(said["channel"] != "", written_in.map(_spell(journey)))
        said = said.assign(channel=channel, touchpoint="")
    said = said[said[by] != ""]
    counted = _count(said, heard, ["touchpoint", "channel", "code_group", "code"], designs)
    table = _label(counted, labels)[PLACE_COLUMNS]
    table = table.assign(stage=journey.order(table["stage"]))
    return table.sort_values(
        ["source", "stage", "touchpoint", "channel", "code_group", "n_said", "code"],
        ascending=[True, True, True, True, True, False, True],
        kind="stable",
    ).reset_index(drop=True)


_CODED = ["excerpt_id", "code_group", "code"]


def _heard(excerpts: pd.DataFrame) -> pd.DataFrame:
    """Return the excerpts that count: in a stage, and not the interviewer's."""
    return excerpts.loc[
        (excerpts["speaker"] != "interviewer") & (excerpts["stage"] != UNASSIGNED),
        ["excerpt_id", "document_id", "participant_id", "source", "stage"],
    ]


def _said(
    codes: pd.DataFrame,
    heard: pd.DataFrame,
    prompted: pd.DataFrame | None,
    *,
    attributes: bool = False,
) -> pd.DataFrame:
    """Return one row per code on an excerpt that counts; `prompted` is NaN where unknown."""
    is_said = ~codes["code_group"].isin(NO_MENTIONS) & (codes["code"] != NOTHING_SAID)
    columns = [*_CODED, *(["attributes"] if attributes else [])]
    said = codes.loc[is_said, columns].merge(heard, on="excerpt_id", how="inner")
    if prompted is None:
        return said.assign(prompted=float("nan"))
    asked = prompted[["excerpt_id", "code_group"]].drop_duplicates()
    found = said[["excerpt_id", "code_group"]].merge(asked, how="left", indicator=True)
    return said.assign(prompted=(found["_merge"] == "both").to_numpy(dtype=float))


def _count(
    said: pd.DataFrame, heard: pd.DataFrame, keys: list[str], designs: Mapping[str, bool]
) -> pd.DataFrame:
    """Count people per stage, source and `keys`, over those heard in stage and source."""
    n_heard = heard.groupby(["stage", "source"], observed=True)["participant_id"].nunique()
    cells = ["stage", "source", *keys]
    # A person is prompted when asked each time: one time unasked makes it spontaneous.
    people = said.astype({"stage": "object"}).groupby([*cells, "participant_id"], sort=True)
    always = people["prompted"].min().reset_index()
    counts = always.groupby(cells, sort=True)["prompted"].agg(["size", "sum", "count"])
    counts = counts.reset_index()
    known = counts["count"] > 0
    counts = counts.assign(
        n_said=counts["size"].astype("int64"),
        n_heard=[
            int(n_heard[place]) for place in zip(counts["stage"], counts["source"], strict=True)
        ],
        n_prompted=counts["sum"].where(known),
        n_spontaneous=(counts["size"] - counts["sum"]).where(known),
    )
    shares = pd.DataFrame(
        _shares(counts, designs), columns=["share", "low", "high"], dtype="float64"
    )
    return pd.concat([counts[cells], counts[_COUNTED], shares], axis=1)


_COUNTED = ["n_said", "n_heard", "n_prompted", "n_spontaneous"]


def _shares(
    counts: pd.DataFrame, designs: Mapping[str, bool]
) -> Iterator[tuple[float, float, float]]:
    for source, n_said, n_heard in zip(
        counts["source"], counts["n_said"], counts["n_heard"], strict=True
    ):
        with_interval = designs.get(source, False) and n_heard >= MIN_N_FOR_SHARES
        yield estimate_proportion(n_said, n_heard) if with_interval else _NO


_NO = (float("nan"), float("nan"), float("nan"))


def _label(counted: pd.DataFrame, labels: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    named = [
        labels.get((group, code), code.replace("_", " "))
        for group, code in zip(counted["code_group"], counted["code"], strict=True)
    ]
    return counted.assign(label=pd.Series(named, index=counted.index, dtype="object"))


def _touchpoints(attributes: pd.Series) -> pd.Series:
    """Return the touchpoint that each code's attributes name, or an empty string."""
    # Most codes carry the same few attributes: each text is parsed once.
    named = {text: _touchpoint(text) for text in attributes.unique()}
    return attributes.map(named).astype("object")


def _touchpoint(attributes: str) -> str:
    found: dict[str, Any] = json.loads(attributes or "{}")
    return str(found.get("touchpoint") or "").strip()


def _spell(journey: Journey) -> Callable[[str], str]:
    """Return what spells a channel as the journey does, where it has it."""
    known = {
        point.channel.casefold(): point.channel for stage in journey for point in stage.touchpoints
    }
    return lambda channel: known.get(channel.casefold(), channel)


def _with_places(said: pd.DataFrame, journey: Journey) -> pd.DataFrame:
    """Spell touchpoints as the journey does and add their channel.

    The stage's own touchpoints come first; one of another stage may be spoken of as well.
    """
    own: dict[tuple[str, str], tuple[str, str]] = {}
    anywhere: dict[str, tuple[str, str]] = {}
    for stage in journey:
        for point in stage.touchpoints:
            place = (point.name, point.channel)
            own[(stage.id, point.name.casefold())] = place
            anywhere.setdefault(point.name.casefold(), place)
    places = [
        own.get((str(stage), name.casefold())) or anywhere.get(name.casefold(), (name, ""))
        for stage, name in zip(said["stage"], said["touchpoint"], strict=True)
    ]
    frame = pd.DataFrame(places, columns=["touchpoint", "channel"], index=said.index)
    return said.assign(**frame.astype("object"))
