"""Makes a log of events for benchmarks: shuffled rows, string ids, ties, several devices.

Every value follows from a hash of the participant and the place in their history, so that a
log of a given size is the same on every machine, with any number of threads.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

STAGES: dict[str, list[str]] = {
    "discover": ["home_viewed", "advert_clicked"],
    "browse": ["list_viewed", "search_used", "filter_used"],
    "consider": ["item_viewed", "reviews_read"],
    "basket": ["basket_opened", "item_added"],
    "order": ["address_entered", "payment_started"],
    "receive": ["order_confirmed", "parcel_tracked"],
}
"""The events of each stage. Eight further events belong to no stage."""

ELSEWHERE = ["help_opened", "app_opened", "push_shown", "settings_changed",
             "language_changed", "page_scrolled", "logged_in", "logged_out"]  # fmt: skip
EVENTS_PER_PERSON = 20
_PICK = "(hash(person, place, {salt}) % {n})::int"


def make_events(path: Path, n_events: int) -> None:
    """Write a Parquet file of about `n_events` events of `n_events / 20` participants."""
    names = [*(name for names in STAGES.values() for name in names), *ELSEWHERE]
    first = {}
    for stage, events in STAGES.items():
        first[stage] = names.index(events[0])
    starts, sizes = list(first.values()), [len(events) for events in STAGES.values()]
    connection = duckdb.connect()
    connection.execute("set preserve_insertion_order = false")
    connection.execute("set memory_limit = '8GB'")
    # How far a person will come (0 to 5) is drawn once; each event is somewhere up to there.
    connection.execute(f"""
    copy (
      with people as (
        select range as person,
               1 + (hash(range, 1) % {2 * EVENTS_PER_PERSON - 1})::int as n,
               least(5, floor(-ln((hash(range, 2) % 1000000 + 1) / 1000000.0) * 2.2))::int as reach,
               (hash(range, 3) % (180 * 86400))::bigint as started
        from range({max(1, n_events // EVENTS_PER_PERSON)})
      ), places as (
        select person, n, reach, started, unnest(range(n)) as place from people
      ), drawn as (
        select person, place, started,
               least(reach, greatest(0, floor(place * (reach + 1.0) / n
                 + {_PICK.format(salt=4, n=1000)} / 500.0 - 1)))::int as depth,
               {_PICK.format(salt=5, n=100)} < 30 as aside,
               place // 6 as visit
        from places
      ), named as (
        select *, ({names})[1 + case
                   when aside then {len(names) - len(ELSEWHERE)} + {_PICK.format(salt=6, n=8)}
                   else ({starts})[1 + depth] + (hash(person, place, 6) % ({sizes})[1 + depth])::int
                 end] as event
        from drawn
      )
      select 'u' || substr(md5(person::varchar), 1, 16) as participant_id,
             's' || substr(md5(person::varchar), 1, 12) || '-' || visit as session_id,
             event,
             -- Gaps of whole half minutes, and none in one event of ten: ties.
             timestamp '2026-01-01' + to_seconds(started + visit * 86400 * 2
               + 30 * (place - ({_PICK.format(salt=7, n=10)} = 0)::int)) as occurred_at,
             case when hash(person, visit, 8) % 10 < 6 then 'phone' else 'laptop' end as device,
             (['web', 'app', 'shop'])[1 + case when hash(person, visit, 9) % 10 < 6 then 0
               when hash(person, visit, 9) % 10 < 9 then 1 else 2 end] as channel
      from named
      order by hash(person, place, 10)
    ) to '{path}' (format parquet, compression zstd)
    """)
    connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    arguments = parser.parse_args()
    make_events(arguments.path, arguments.events)
