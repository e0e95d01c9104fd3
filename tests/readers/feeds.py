"""Deliveries of Adobe's data feed, zips and tars as tests write them."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

COLUMNS = [
    "hit_time_gmt", "post_visid_high", "post_visid_low", "visit_num", "visit_start_time_gmt",
    "pagename", "post_pagename", "post_page_url", "post_page_event", "post_page_event_var2",
    "post_event_list", "post_product_list", "exclude_hit", "hit_source", "duplicate_purchase",
    "hitid_high", "hitid_low",
]  # fmt: skip
HIT = {
    "hit_time_gmt": "1673780157",
    "post_visid_high": "301",
    "post_visid_low": "688",
    "visit_num": "2",
    "visit_start_time_gmt": "1673780100",
    "post_pagename": "search",
    "post_page_url": "https://shop.example/search",
    "post_page_event": "0",
    "exclude_hit": "0",
    "hit_source": "1",
    "duplicate_purchase": "0",
    "hitid_high": "1",
    "hitid_low": "1",
}
LOOKUP = b"1\tPurchase\n2\tProduct View\n100\tInstance of eVar1\n200\tpay\n201\tpaid\n"


def make_row(**more: str) -> dict[str, str]:
    """Return a hit with some of its fields changed."""
    return HIT | more


def write_hits(*hits: dict[str, str], encoding: str = "utf-8") -> bytes:
    """Return hits as they are delivered: no header, no quotation marks."""
    rows = ("\t".join(hit.get(name, "") for name in COLUMNS) + "\n" for hit in hits)
    return "".join(rows).encode(encoding)


def write_feed(*hits: dict[str, str], encoding: str = "utf-8") -> dict[str, bytes]:
    """Return the files of a delivery by their names."""
    return {
        "browser.tsv": b"1\tMosaic\n",
        "column_headers.tsv": "\t".join(COLUMNS).encode() + b"\n",
        "event.tsv": LOOKUP,
        "hit_data.tsv": write_hits(*hits, encoding=encoding),
    }


def pack_zip(members: dict[str, bytes]) -> bytes:
    """Return a zip."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def pack_tar(
    members: dict[str, bytes], *odd: tarfile.TarInfo, form: int = tarfile.PAX_FORMAT
) -> bytes:
    """Return a tar packed with gzip; `odd` members have no content and come first."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        for about in odd:
            archive.addfile(about)
        for name, content in members.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return gzip.compress(target.getvalue(), mtime=0)
