"""From the address of a page to the stage that it belongs to, by patterns of study.yaml."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import pandas as pd

from cjm_research.config import resolve_stage
from cjm_research.journey import Journey


def match_pages(
    addresses: pd.Series, patterns: Mapping[str, str], journey: Journey, *, where: str
) -> pd.Series:
    """Return the stage of each address; empty where no pattern fits.

    Parameters
    ----------
    addresses : Series of str
        Whole addresses or paths; their case does not matter.
    patterns : mapping
        Pattern (`*` any characters, `?` one, `[ab]` one of these) to stage id or name; the
        first that fits counts. One that holds `//` is compared with the whole address without
        its query, any other with the path alone.
    journey : Journey
        The study's stages.
    where : str
        The file, for messages.

    Raises
    ------
    UnknownNameError
        If the journey has no such stage.
    """
    rules = [
        ("//" in pattern, re.compile(fnmatch.translate(pattern.casefold())), stage)
        for pattern, name in patterns.items()
        if (stage := resolve_stage(journey, name, where=f"{where}, pages"))
    ]

    def match(address: str) -> str:
        whole, path = _split(address.casefold())
        for is_whole, pattern, stage in rules:
            if pattern.match(whole if is_whole else path):
                return stage
        return ""

    # A log of millions has few different addresses.
    return addresses.map({address: match(address) for address in addresses.unique()})


def _split(address: str) -> tuple[str, str]:
    """Return an address without query and fragment, and its path."""
    try:
        parts = urlsplit(address)
    except ValueError:  # brackets that are no address of a host
        return address, ""
    host = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    # A trailing slash is the same page.
    path = parts.path.rstrip("/") or ("/" if address else "")
    return host + path, path
