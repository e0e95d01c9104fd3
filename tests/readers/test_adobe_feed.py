"""Adobe's data feed: each quirk of its deliveries in a test of its name."""

import gzip
import hashlib
import io
import tarfile
import time
import zipfile

import pytest

from cjm_research.config import Events
from cjm_research.errors import SourceError
from cjm_research.readers import (
    archives,
    list_files,
    list_unused_columns,
    read_source,
    recognise_file,
)
from tests.readers.feeds import (
    HIT,
    make_row,
    pack_tar,
    pack_zip,
    write_feed,
    write_hits,
)


def declare(files, **more):
    return Events.model_validate(
        {"id": "log", "kind": "events", "files": files, "sampling": "census"} | more
    )


@pytest.fixture
def read(write, tmp_path, journey):
    """Read one file of the study folder."""

    def read_one(name, content, **more):
        write(name, content)
        return read_source(declare([name], **more), tmp_path, journey)

    return read_one


def noted(material):
    return dict(material.quality[["what", "n"]].to_numpy().tolist())


def rows(material, *names):
    events = material.events.assign(occurred_at=material.events["occurred_at"].astype(str))
    return events[list(names)].to_numpy().tolist()


@pytest.mark.parametrize(
    ("name", "pack"),
    [("suite_2023-01-15.zip", pack_zip), ("suite_20230115-100000.tar.gz", pack_tar),
     ("a.tgz", pack_tar)],
)  # fmt: skip
def test_zip_and_tar_hold_hits_without_a_header(read, name, pack):
    material = read(name, pack(write_feed(HIT, make_row(post_pagename="pay", hitid_low="2"))))
    assert rows(material, "raw_id", "session_id", "event", "stage", "occurred_at") == [
        ["301_688", "301_688-2-1673780100", "search", "find", "2023-01-15 10:55:57+00:00"],
        ["301_688", "301_688-2-1673780100", "pay", "buy", "2023-01-15 10:55:57+00:00"],
    ]
    assert noted(material)["exported by Adobe Analytics (data feed)"] == 1
    assert noted(material)["hits"] == 2


def test_columns_and_lookups_may_lie_behind_the_hits_of_a_tar(read):
    feed = write_feed(make_row(post_event_list="200"))
    turned = dict(reversed(feed.items()))
    assert list(turned) == ["hit_data.tsv", "event.tsv", "column_headers.tsv", "browser.tsv"]
    assert rows(read("a.tgz", pack_tar(turned)), "event") == [["search"], ["pay"]]


def test_several_numbered_files_in_one_archive(read):
    feed = write_feed()
    del feed["hit_data.tsv"]
    feed["01-suite_2023-01-15.tsv"] = write_hits(HIT)
    feed["02-suite_2023-01-15.tsv.gz"] = gzip.compress(write_hits(make_row(hitid_low="2")))
    assert len(read("a.zip", pack_zip(feed)).events) == 2


def deliver(write, *, manifest=True, hits=(HIT,), told=None):
    """Write a delivery of several files, as Adobe names them, and the manifest last."""
    feed = write_feed()
    packed = gzip.compress(write_hits(*hits), mtime=0)
    write("01-suite_2023-01-15.tsv.gz", packed)
    del feed["hit_data.tsv"]
    write("suite_2023-01-15-lookup_data.tar.gz", pack_tar(feed))
    if manifest:
        write(
            "suite_2023-01-15.txt",
            "Datafeed-Manifest-Version: 1.0\n Lookup-Files: 1\n Data-Files: 1\n"
            f" Total-Records: {len(hits)}\n\nLookup-File: suite_2023-01-15-lookup_data.tar.gz\n"
            "File-Size: 63750\n\nData-File: 01-suite_2023-01-15.tsv.gz\n"
            f"MD5-Digest: {hashlib.md5(packed).hexdigest().upper()}\nFile-Size: 122534\n"
            f"Record-Count: {len(hits) if told is None else told}\n",
        )


@pytest.mark.parametrize("files", ["*.tsv.gz", "*"])
def test_data_files_find_lookups_and_manifest_beside_them(write, tmp_path, journey, files):
    deliver(write, hits=[make_row(post_event_list="201")])
    source = declare([files])
    material = read_source(source, tmp_path, journey)
    assert rows(material, "event") == [["search"], ["paid"]]
    assert not [what for what in noted(material) if "manifest" in what]
    names = {path.name for path in list_files(source, tmp_path)}
    assert names == {path.name for path in tmp_path.iterdir()} and len(names) == 3


def test_a_manifest_that_tells_of_more_hits_is_reported(write, tmp_path, journey):
    deliver(write, told=7)
    material = read_source(declare(["*.tsv.gz"]), tmp_path, journey)
    assert noted(material)["hits more or fewer than its manifest says"] == 6


def test_bytes_that_the_manifest_does_not_tell_of_are_reported(write, tmp_path, journey):
    deliver(write)
    write("01-suite_2023-01-15.tsv.gz", gzip.compress(write_hits(make_row(post_pagename="pay"))))
    counts = noted(read_source(declare(["*.tsv.gz"]), tmp_path, journey))
    assert counts["its bytes are not those that its manifest tells of (MD5)"] == 1
    assert "hits more or fewer than its manifest says" not in counts


def test_an_hour_without_hits_is_no_fault(read):
    material = read("a.zip", pack_zip(write_feed()))
    assert len(material.events) == 0
    assert noted(material)["hits"] == 0


def test_an_unpacked_delivery_is_read_by_its_hits(write, tmp_path, journey):
    for name, content in write_feed(make_row(post_event_list="200")).items():
        write(f"feed/{name}", content)
    for files in ("feed/hit_data.tsv", "feed/*"):
        material = read_source(declare([files]), tmp_path, journey)
        assert rows(material, "event") == [["search"], ["pay"]]
    kinds = {path.name: recognise_file(path).kind for path in (tmp_path / "feed").iterdir()}
    assert [name for name, kind in kinds.items() if kind] == ["hit_data.tsv"]


def test_hits_without_their_columns_say_what_is_missing(read):
    with pytest.raises(SourceError, match=r"(?s)no column_headers\.tsv.*lookup_data"):
        read("hit_data.tsv", write_hits(HIT))


@pytest.mark.parametrize("older", ["event_lookup.tsv", "event_list.tsv"])
def test_older_names_of_the_table_of_events(read, older):
    feed = write_feed(make_row(post_event_list="200"))
    feed[older] = feed.pop("event.tsv")
    assert rows(read("a.zip", pack_zip(feed)), "event")[1] == ["pay"]


def test_without_a_table_of_events_they_have_their_numbers(read):
    feed = write_feed(make_row(post_event_list="1,200", post_product_list=";a;1;5"))
    del feed["event.tsv"]
    assert rows(read("a.zip", pack_zip(feed)), "event") == [["search"], ["purchase"], ["200"]]


def test_values_are_utf8_else_latin_1_and_that_is_said(read):
    latin = make_row(post_pagename="Früh", hitid_low="2")
    content = write_hits(make_row(post_pagename="Spät")) + write_hits(latin, encoding="latin-1")
    material = read("a.zip", pack_zip(write_feed() | {"hit_data.tsv": content}))
    assert rows(material, "event") == [["Spät"], ["Früh"]]
    assert noted(material)["values that are no UTF-8, read as ISO-8859-1"] == 1
    plain = read("a.zip", pack_zip(write_feed(make_row(post_pagename="Spät"))))
    assert "values that are no UTF-8, read as ISO-8859-1" not in noted(plain)


def test_a_declared_encoding_overrides(read):
    feed = write_feed(make_row(post_pagename="5 €"), encoding="cp1252")
    assert rows(read("a.zip", pack_zip(feed), encoding="cp1252"), "event") == [["5 €"]]
    with pytest.raises(SourceError, match="cannot be read as ascii"):
        read("a.zip", pack_zip(feed), encoding="ascii")
    with pytest.raises(SourceError, match="cannot be read as klingon"):
        read("a.zip", pack_zip(feed), encoding="klingon")


def test_backslashes_escape_tabs_line_feeds_and_themselves_and_quotes_are_letters(read):
    hits = [
        make_row(post_pagename="a\\\tb", hitid_low="1"),
        make_row(post_pagename="c\\\nd", hitid_low="2"),
        make_row(post_pagename="e\\\\", hitid_low="3"),
        make_row(post_pagename='"f', hitid_low="4"),
        make_row(hitid_low="5\\\\"),
    ]
    events = [event for (event,) in rows(read("a.zip", pack_zip(write_feed(*hits))), "event")]
    assert events == ["a\tb", "c\nd", "e\\", '"f', "search"]


def test_the_processed_columns_go_before_those_that_were_sent(read):
    feed = write_feed(make_row(pagename="sent"))
    assert rows(read("a.zip", pack_zip(feed)), "event") == [["search"]]
    # A column that is named is read as it is named.
    material = read("a.zip", pack_zip(feed), columns={"event": "pagename"})
    assert rows(material, "event") == [["sent"]]
    header = feed["column_headers.tsv"].replace(b"\tpagename", b"\tother")
    header = header.replace(b"post_pagename", b"pagename")
    material = read("a.zip", pack_zip(feed | {"column_headers.tsv": header}))
    assert rows(material, "event") == [["search"]]


def test_excluded_hits_and_those_of_no_visit_are_counted_out(read):
    hits = [make_row(exclude_hit=str(code)) for code in range(3)]
    hits += [make_row(hit_source=str(code), hitid_low="2") for code in range(1, 10)]
    feed = write_feed(*hits)
    material = read("a.zip", pack_zip(feed))
    counts = noted(material)
    assert counts["hits that Adobe excludes from its reports (exclude_hit), left out"] == 2
    assert counts["rows that nobody's visit made (hit_source 5, 7, 8, 9), left out"] == 4
    # Of the six that are left five have one id: delivered twice.
    assert counts["events that the program delivered twice, left out"] == 4
    assert len(material.events) == 2


def test_the_time_is_hit_time_gmt_and_not_the_suites_date_time(read):
    feed = write_feed(make_row(pagename="2023-01-15 03:55:57"))
    feed["column_headers.tsv"] = feed["column_headers.tsv"].replace(b"\tpagename", b"\tdate_time")
    material = read("a.zip", pack_zip(feed), timezone="America/Denver")
    assert rows(material, "occurred_at") == [["2023-01-15 10:55:57+00:00"]]


def test_a_visit_is_its_visitor_its_number_and_its_start(read):
    hits = [
        HIT,
        make_row(visit_num="3", hitid_low="2"),
        make_row(visit_start_time_gmt="1673780101", hitid_low="3"),
        make_row(post_visid_low="689", hitid_low="4"),
    ]
    material = read("a.zip", pack_zip(write_feed(*hits)))
    assert rows(material, "session_id") == [
        ["301_688-2-1673780100"],
        ["301_688-3-1673780100"],
        ["301_688-2-1673780101"],
        ["301_689-2-1673780100"],
    ]


@pytest.mark.parametrize(("name", "pack"), [("a.zip", pack_zip), ("a.tar.gz", pack_tar)])
def test_an_empty_fin_file_in_place_of_a_manifest_holds_no_hits(
    write, tmp_path, journey, name, pack
):
    write("suite_2023-01-15.fin", b"")
    write(name, pack(write_feed(HIT) | {"suite.fin": b""}))
    material = read_source(declare(["*"]), tmp_path, journey)
    assert rows(material, "event") == [["search"]]


@pytest.mark.parametrize(("high", "low"), [("0", "0"), ("", ""), ("301", ""), ("", "688")])
def test_visitors_without_an_id_are_never_one_visitor(read, high, low):
    nobody = make_row(post_visid_high=high, post_visid_low=low)
    feed = write_feed(HIT, *[nobody | {"hitid_low": str(n)} for n in range(2, 5)])
    material = read("a.zip", pack_zip(feed))
    assert material.people["raw_id"].tolist() == ["301_688"]
    assert noted(material)["unattributed events (no participant), left out"] == 3


def test_a_visitor_with_one_half_of_zero_is_a_visitor(read):
    feed = write_feed(make_row(post_visid_high="0", post_visid_low="7"))
    assert read("a.zip", pack_zip(feed)).people["raw_id"].tolist() == ["0_7"]


@pytest.mark.parametrize(
    ("hit", "event"),
    [
        ({"post_pagename": ""}, "https://shop.example/search"),
        (
            {"post_pagename": "", "post_page_url": "https://shop.example/a?mail=x#b"},
            "https://shop.example/a",
        ),
        (
            {"post_page_event": "102", "post_page_event_var1": "https://else.example/?q=x"},
            "exit link",
        ),
        ({"post_page_event": "100", "post_page_event_var2": "menu"}, "menu"),
        ({"post_page_event": "101"}, "download"),
        ({"post_page_event": "102"}, "exit link"),
    ],
)
def test_page_views_have_a_page_and_links_are_page_events_100_to_102(read, hit, event):
    assert rows(read("a.zip", pack_zip(write_feed(make_row(**hit)))), "event") == [[event]]


def test_hits_of_media_are_no_page_views(read):
    material = read("a.zip", pack_zip(write_feed(make_row(post_page_event="31"))))
    assert len(material.events) == 0
    assert noted(material)["hits without a page, a link or an event, left out"] == 1


def test_entries_of_the_list_of_events_have_values_and_serials(read):
    hit = make_row(post_event_list="200=4.5,201:9^,1,2,200:x", post_page_event="31")
    material = read("a.zip", pack_zip(write_feed(hit)))
    assert rows(material, "event") == [["pay"], ["paid"], ["Product View"]]


def test_evars_that_were_set_are_no_events(read):
    hit = make_row(post_event_list="100,101,106,199,10000,10149,200")
    material = read("a.zip", pack_zip(write_feed(hit)))
    assert rows(material, "event") == [["search"], ["pay"]]
    assert noted(material)["entries that say that an eVar was set, which is no event"] == 6


def test_a_purchase_has_the_sum_of_its_products_revenue_and_carets_escape(read):
    products = ";Socks^; red^, 2^,5;2;9.5;200=1;eVar1=x,shoes;Boot;1;40,;free;1;"
    hit = make_row(post_event_list="1,200", post_product_list=products)
    material = read("a.zip", pack_zip(write_feed(hit)))
    events = material.events.fillna({"value": -1.0})
    assert events[["event", "value"]].to_numpy().tolist() == [
        ["search", -1.0], ["Purchase", 49.5], ["pay", -1.0],
    ]  # fmt: skip


@pytest.mark.parametrize("products", ["", ";Socks;2;nine", ";Socks;2;nan", ";Socks;2;1e999"])
def test_revenue_that_cannot_be_read_is_counted(read, products):
    hit = make_row(post_event_list="1", post_product_list=products)
    material = read("a.zip", pack_zip(write_feed(hit)))
    assert material.events["value"].isna().all() and len(material.events) == 2
    assert noted(material)["purchases whose revenue cannot be read"] == 1


def test_repeated_purchases_are_skipped_and_their_page_views_stay(read):
    hit = make_row(post_event_list="1,200", duplicate_purchase="1", post_product_list=";a;1;5")
    material = read("a.zip", pack_zip(write_feed(hit)))
    assert rows(material, "event") == [["search"], ["pay"]]
    what = "purchases that Adobe marks as repeated (duplicate_purchase), left out"
    assert noted(material)[what] == 1


def test_hits_of_overlapping_deliveries_are_one(write, tmp_path, journey):
    write("day.zip", pack_zip(write_feed(HIT, make_row(hitid_low="2"))))
    write("hour.tgz", pack_tar(write_feed(make_row(hitid_low="2"), make_row(hitid_low="3"))))
    material = read_source(declare(["*.zip", "*.tgz"]), tmp_path, journey)
    assert len(material.events) == 3
    assert noted(material)["events that the program delivered twice, left out"] == 1


def test_hits_with_other_fields_than_columns_are_left_out_and_counted(read):
    feed = write_feed(HIT)
    feed["hit_data.tsv"] += b"1\t2\n\nonly\n" + write_hits(HIT)[:-1] + b"\tmore\n"
    material = read("a.zip", pack_zip(feed))
    assert len(material.events) == 1
    assert noted(material)["hits with more or fewer fields than columns, left out"] == 3


def test_columns_may_be_named_and_absent_ones_are_refused(read):
    feed = write_feed(HIT)
    material = read("a.zip", pack_zip(feed), columns={"participant": "visit_num"})
    assert material.people["raw_id"].tolist() == ["2"]
    # Also where only the processed column is there: what is named is read as named.
    for name in ("evar9", "page_url"):
        with pytest.raises(SourceError, match=f"no column '{name}'"):
            read("a.zip", pack_zip(feed), columns={"channel": name})


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda header: header.replace(b"hit_time_gmt", b"date_time"), "no column 'hit_time_gmt'"),
        (lambda header: header.replace(b"post_visid_high", b"x"), "no column 'visid_high'"),
        (lambda header: header.replace(b"hitid_low", b"hitid_high"), "names a column twice"),
    ],
)
def test_columns_that_say_too_little_are_refused(read, change, found):
    feed = write_feed(HIT)
    feed["column_headers.tsv"] = change(feed["column_headers.tsv"])
    with pytest.raises(SourceError, match=found):
        read("a.zip", pack_zip(feed))


# Hostile deliveries.


def odd_member(name, kind, target=""):
    about = tarfile.TarInfo(name)
    about.type, about.linkname = kind, target
    return about


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_links_devices_and_ways_out_are_passed_over_and_counted(read, tmp_path, form):
    odd = [
        odd_member("hit_data.tsv", tarfile.SYMTYPE, "/etc/passwd"),
        odd_member("01-x.tsv", tarfile.LNKTYPE, "../secret"),
        odd_member("02-x.tsv", tarfile.CHRTYPE),
        odd_member("03-x.tsv", tarfile.FIFOTYPE),
        odd_member("../04-x.tsv", tarfile.REGTYPE),
        odd_member("/05-x.tsv", tarfile.REGTYPE),
        odd_member("C:\\06-x.tsv", tarfile.REGTYPE),
        odd_member("folder", tarfile.DIRTYPE),
    ]
    material = read("a.tgz", pack_tar(write_feed(HIT), *odd, form=form))
    assert len(material.events) == 1
    what = "links, devices and members that lead out of the archive, left out"
    assert noted(material)[what] == 7
    assert {path.name for path in tmp_path.iterdir()} == {"a.tgz"}


def test_links_and_ways_out_of_a_zip_are_passed_over_and_counted(read, tmp_path):
    target = io.BytesIO(pack_zip(write_feed(HIT)))
    with zipfile.ZipFile(target, "a") as archive:
        link = zipfile.ZipInfo("01-x.tsv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("../../02-x.tsv", write_hits(HIT))
    material = read("a.zip", target.getvalue())
    assert len(material.events) == 1
    assert noted(material)["links, devices and members that lead out of the archive, left out"] == 2
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip"}


def test_pax_headers_rename_and_resize_nothing(read):
    feed = write_feed(HIT)
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in feed.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            about.pax_headers = {"path": "../../x", "comment": "y" * 70_000}
            archive.addfile(about, io.BytesIO(content))
    assert len(read("a.tgz", gzip.compress(target.getvalue())).events) == 1


def header_with(size, kind=b"0"):
    block = bytearray(tarfile.TarInfo("hit_data.tsv").tobuf(tarfile.USTAR_FORMAT)[:512])
    block[124:136], block[156:157] = size, kind
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    "content",
    [
        header_with(b"-0000000001\0"),
        header_with(b"0000000_010\0"),
        header_with(b"\xff" + b"\xff" * 11),
        header_with(b"\x80" + b"\x00" * 10 + b"\x09"),
        header_with(b"00000000010\0", b"S"),
        header_with(b"77777777777\0"),
        header_with(b"77777777777\0", b"x"),
        header_with(b"00000001000\0")[:400],
        bytes(257) + b"ustar" + bytes(250),
    ],
    ids=["below zero", "underscore", "binary below zero", "binary", "sparse", "a lie",
         "a lie in a pax header", "cut", "no sum"],
)  # fmt: skip
def test_broken_headers_of_a_tar_are_refused(read, content):
    clock = time.monotonic()
    with pytest.raises(SourceError, match="cannot be unpacked or read"):
        read("a.tgz", gzip.compress(content))
    assert time.monotonic() - clock < 5


def test_a_tar_of_many_members_is_refused(read, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 20)
    with pytest.raises(SourceError, match="more than 20 files"):
        read("a.tgz", pack_tar({f"{number}.tsv": b"" for number in range(30)}))


@pytest.mark.parametrize("name", ["a.zip", "a.tgz"])
def test_a_delivery_that_grows_beyond_reason_is_refused(read, name):
    feed = write_feed(HIT) | {"browser.tsv": bytes(60_000_000)}
    with pytest.raises(SourceError, match="unpacked it would hold more than"):
        read(name, pack_zip(feed) if name == "a.zip" else pack_tar(feed))


@pytest.mark.parametrize(
    ("row", "refused"),
    [(b"\\\n" * 6_000_000, True), (b"\\\t" * 4_500_000, False), (b"\\" * 9_000_000, False)],
    ids=["line feeds", "tabs", "backslashes"],
)
def test_rows_of_nothing_but_escapes_end(write, read, row, refused):
    feed = write_feed(HIT)
    write("column_headers.tsv", feed["column_headers.tsv"])
    clock = time.monotonic()
    # Not packed: what packs too well is refused before.
    if refused:
        with pytest.raises(SourceError, match="a single row has more than"):
            read("hit_data.tsv", feed["hit_data.tsv"] + row)
    else:
        material = read("hit_data.tsv", feed["hit_data.tsv"] + row)
        assert len(material.events) == 1
        assert noted(material)["hits with more or fewer fields than columns, left out"] == 1
    assert time.monotonic() - clock < 10


def test_hostile_values_stay_values(read):
    hostile = ["x" * 1_000_000, "a\0b", "\u202eevil", "=HYPERLINK(1)", "'; DROP TABLE", "\x1b[2J"]
    hits = [make_row(post_pagename=text, hitid_low=str(n)) for n, text in enumerate(hostile)]
    material = read("a.zip", pack_zip(write_feed(*hits)))
    assert material.events["event"].tolist() == hostile


def test_notes_hold_nothing_of_what_people_did(read):
    feed = write_feed(make_row(post_pagename="zqpage", post_visid_low="zqvisitor"))
    feed["hit_data.tsv"] += b"zqragged\tzqragged\n"
    assert "zq" not in read("a.zip", pack_zip(feed)).quality.to_csv()


def test_a_delivery_is_recognised_and_its_companions_are_not_read_alone(write, tmp_path):
    deliver(write)
    kinds = {path.name: recognise_file(path) for path in tmp_path.iterdir()}
    assert {name: guess.kind for name, guess in kinds.items()} == {
        "01-suite_2023-01-15.tsv.gz": "events",
        "suite_2023-01-15-lookup_data.tar.gz": "",
        "suite_2023-01-15.txt": "",
    }
    assert "data feed" in kinds["suite_2023-01-15.txt"].what
    assert kinds["01-suite_2023-01-15.tsv.gz"].what == (
        "events, Adobe Analytics (data feed): 1 of 1 kinds"
    )


def test_a_numbered_table_is_no_feed(write, tmp_path):
    path = write("01-answers.tsv", "id\twhy\n1\tIt was much too slow for me\n")
    write("answers.txt", "notes")
    assert recognise_file(path).kind != "events"


def test_the_fields_of_a_feed_are_no_forgotten_columns(write, tmp_path):
    deliver(write)
    assert list_unused_columns(declare(["*"]), tmp_path) == {}
