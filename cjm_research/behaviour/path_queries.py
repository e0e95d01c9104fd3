"""Questions to paths, in words: "did item_viewed >= 3, never order_confirmed".

A query is a list of clauses, all of which have to hold of a participant:

- ``did item_viewed`` or ``did item_viewed >= 3``: at least once, at least so often;
- ``did basket_opened then payment_started``: one after the other, with anything in between;
- ``did basket_opened then payment_started within 2h``: and so soon, from the first to the last;
- ``never order_confirmed``: not once, in the whole log.

A name is a stage or an event; where both bear it, it is the stage. Names that hold spaces, commas
or signs, or are words of this language, stand in double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

from cjm_research.behaviour.log import Codes, EventLog, Ties, open_log, seconds_of
from cjm_research.errors import EngineError, UnknownNameError
from cjm_research.journey import Journey
from cjm_research.statistics import estimate_proportion

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cjm_research.behaviour.log import Events

MATCH_COLUMNS = [
    "name", "query", "n_matching", "n_participants", "share", "share_low", "share_high",
]  # fmt: skip
_KEYWORDS = ("did", "never", "then", "within")
_TOKEN = re.compile(r'\s*(?:"(?P<quoted>[^"]+)"|(?P<sign>>=|,)|(?P<word>[^\s,"<>=]+)|(?P<bad>\S))')
_PLAIN = re.compile(r'[^\s,"<>=]+')
_EXAMPLE = "did item_viewed >= 3, never order_confirmed"


@dataclass(frozen=True)
class PathQuery:
    """A question that each participant's path answers with yes or no.

    Attributes
    ----------
    name : str
        What such participants are called, such as "Window shoppers".
    did : mapping of str to int
        Stages or events, and how often at least.
    never : tuple of str
        Stages or events that do not occur at all.
    in_order : tuple of str
        Two or more stages or events, each after the one before.
    within : str
        Time from the first to the last of `in_order`, such as "2h" or "14 days".

    Raises
    ------
    EngineError
        If nothing is asked, or a part cannot be.
    """

    name: str
    did: Mapping[str, int] = field(default_factory=dict)
    never: tuple[str, ...] = ()
    in_order: tuple[str, ...] = ()
    within: str = ""

    def __post_init__(self) -> None:
        problems = [
            (isinstance(self.never, str) or isinstance(self.in_order, str),
             "`never` or `in_order` is one text.", 'give a tuple: never=("order",).'),
            (not (self.did or self.never or self.in_order),
             "it asks for nothing.", f"write, for example, {_EXAMPLE}."),
            (any(times < 1 for times in self.did.values()),
             "a number of times is below 1.", "give 1 or more; for none at all there is `never`."),
            (len(self.in_order) == 1,
             "one step alone has no order.", "give two or more, or use `did`."),
            (bool(self.within) and not self.in_order,
             f"'within {self.within}' has no steps.", "write: did A then B within 2h."),
        ]  # fmt: skip
        for wrong, problem, what_to_do in problems:
            if wrong:
                raise EngineError(_where(self.name), problem, what_to_do)
        try:
            seconds_of(self.within, "path query, within")
        except EngineError as error:
            raise EngineError(_where(self.name), error.problem, error.what_to_do) from None

    @property
    def text(self) -> str:
        """The query in one line, as `parse_path_query` reads it."""
        clauses = [
            f"did {_quoted(name)}" + (f" >= {times}" if times > 1 else "")
            for name, times in self.did.items()
        ]
        if self.in_order:
            steps = " then ".join(_quoted(name) for name in self.in_order)
            clauses.append(f"did {steps}" + (f" within {self.within}" if self.within else ""))
        return ", ".join([*clauses, *(f"never {_quoted(name)}" for name in self.never)])

    @property
    def names(self) -> list[str]:
        """Every stage or event that the query names, once."""
        return list(dict.fromkeys([*self.did, *self.in_order, *self.never]))


def parse_path_query(text: str, name: str = "") -> PathQuery:
    """Read a query written in one line.

    Parameters
    ----------
    text : str
        Such as ``did basket_opened then payment_started within 2h, never order_confirmed``.
    name : str, optional
        What to call it; by default the text itself.

    Raises
    ------
    EngineError
        If the text is no query: with the place, what stands there, and what may.
    """
    return _Reader(text, name or text.strip()).query()


def count_path_matches(
    events: Events,
    journey: Journey | None,
    queries: PathQuery | str | Sequence[PathQuery | str],
    *,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Count the participants of whom each query holds, all queries in one pass.

    Parameters
    ----------
    events, journey, ties
        As for `estimate_drop_off`. Steps in order at one instant stand in journey order, then by
        name; with "later", they have to be later.
    queries : PathQuery, str, or a sequence of them
        Texts are read by `parse_path_query`.
    confidence : float, default 0.95
        Level of the Wilson intervals.

    Returns
    -------
    DataFrame
        Table `path_matches`, one row per query: `name`, `query` (its text), and `share`:
        `n_matching` of the `n_participants` with an event. Every event counts, also two of a
        kind at one instant.

    Raises
    ------
    EngineError
        If a text is no query.
    UnknownNameError
        If a name is neither a stage nor an event of the log or the journey.
    """
    asked = [queries] if isinstance(queries, PathQuery | str) else queries
    read = [parse_path_query(each) if isinstance(each, str) else each for each in asked]
    with open_log(events, journey, ties=ties) as log:
        rows: list[list[Any]] = []
        if read and log.end() is not None:
            table = _answered(log, read)
            sums = {f"n{at}": table[f"is{at}"].sum() for at in range(len(read))}
            found = log.engine.run(table.aggregate(n=table.count(), **sums)).iloc[0]
            total = int(found["n"])
            for at, query in enumerate(read if total else []):
                count = int(found[f"n{at}"])
                share = estimate_proportion(count, total, confidence=confidence)
                rows.append([query.name, query.text, count, total, *share])
        return pd.DataFrame(rows, columns=MATCH_COLUMNS)


def find_participants(
    events: Events,
    journey: Journey | None,
    query: PathQuery | str,
    *,
    ties: Ties = "journey",
) -> pd.DataFrame:
    """Return the participants of whom a query holds, to join them with what they say.

    Parameters
    ----------
    events, journey, ties
        As for `count_path_matches`.
    query : PathQuery or str

    Returns
    -------
    DataFrame
        `participant_id`, sorted. The one measure that returns people and not counts.

    Raises
    ------
    EngineError, UnknownNameError
        As for `count_path_matches`.
    """
    read = parse_path_query(query) if isinstance(query, str) else query
    with open_log(events, journey, ties=ties) as log:
        if log.end() is None:
            return pd.DataFrame({"participant_id": pd.Series(dtype="object")})
        table = _answered(log, [read])
        found = log.engine.run(log.named(table.filter(table.is0).select("participant_id")))
        return found.sort_values("participant_id", ignore_index=True)


def _answered(log: EventLog, queries: Sequence[PathQuery]) -> ir.Table:
    """Return `participant_id` and a column of answers per query: `is0`, `is1`, ..."""
    places = _places(log)
    histories = log.histories(by="event")
    for query in queries:
        for name in query.names:
            if name not in places:
                raise UnknownNameError("stage or event", name, places, where=_where(query.name))
    answers = [_Answer(log, histories.codes, places, query, at) for at, query in enumerate(queries)]
    table = histories.table.select("participant_id", "history")
    # One layer per step, for all queries at once: a layer per query would nest too deep.
    for number in range(max(len(query.in_order) for query in queries)):
        steps = {
            answer.column(number): answer.step(table, number)
            for answer in answers
            if number < len(answer.query.in_order)
        }
        table = table.mutate(**steps)
    found = {f"is{answer.at}": answer.holds(table) for answer in answers}
    return table.select("participant_id", **found)


def _places(log: EventLog) -> dict[str, list[int]]:
    """Return the positions in histories that each name stands for; stages win."""
    steps = log.steps()
    events = [event for _, event in steps]
    places: dict[str, list[int]] = {name: [] for name in log.journey.stage_ids}
    for at, (stage, _) in enumerate(steps):
        if stage:
            places[stage].append(at)
    for name in (*events, *log.journey.event_names):
        places.setdefault(name, [at for at, event in enumerate(events) if event == name])
    return places


@dataclass(frozen=True)
class _Answer:
    """Turns a query, the one at `at`, into expressions over histories."""

    log: EventLog
    codes: Codes
    places: Mapping[str, list[int]]
    query: PathQuery
    at: int

    def column(self, number: int) -> str:
        """Return the name of the column that `step` is kept in."""
        return f"q{self.at}_{number}"

    def step(self, table: ir.Table, number: int) -> Any:
        """Return where a step in order was reached, from every start; or null.

        Without a limit of time the first start will do.
        """
        is_step = self._is(self.query.in_order[number])
        if number == 0:
            starts = table.history.filter(is_step)
            return starts if self.query.within else starts[:1]
        return table[self.column(number - 1)].map(
            lambda since: table.history.filter(
                lambda key: is_step(key) & self._after(key, since)
            ).mins()
        )

    def holds(self, table: ir.Table) -> Any:
        """Return whether all of the query holds, once the steps are there."""
        import ibis

        history = table.history
        conditions = [
            history.filter(self._is(name)).length() >= times
            for name, times in self.query.did.items()
        ]
        conditions += [history.filter(self._is(name)).length() == 0 for name in self.query.never]
        if self.query.in_order:
            first = table[self.column(0)]
            last = table[self.column(len(self.query.in_order) - 1)]
            tries = ibis.range(0, last.length()).filter(
                lambda i: last[i].notnull() & self._within(last[i], first[i])
            )
            conditions.append(tries.length() > 0)
        return ibis.and_(*conditions)

    def _is(self, name: str) -> Any:
        return lambda key: self.codes.position(key).isin(self.places[name])

    def _after(self, key: Any, since: Any) -> Any:
        if self.log.ties == "later":
            return key >= self.codes.instant(since) + self.codes.size
        return key > since

    def _within(self, key: Any, start: Any) -> Any:
        import ibis

        if not self.query.within:
            return ibis.literal(True)
        return self.codes.within(key, start, seconds_of(self.query.within, "path query, within"))


class _Reader:
    """Reads the text of a query, token by token."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.tokens = list(_tokens(text))
        self.at = 0

    def query(self) -> PathQuery:
        did: dict[str, int] = {}
        never: list[str] = []
        in_order: tuple[str, ...] = ()
        within = ""
        while True:
            place = self._place()
            if self._take("never"):
                never.append(self._name())
            else:
                self._need("did", "a clause begins with `did` or `never`")
                steps = [self._name()]
                while self._take("then"):
                    steps.append(self._name())
                if len(steps) == 1:
                    if steps[0] in did:
                        self._fail(place, "it is asked twice", "ask for each name once")
                    did[steps[0]] = self._times()
                elif in_order:
                    self._fail(place, "a second order", "write a query for each order of steps")
                else:
                    in_order, within = tuple(steps), self._span()
            if self.at == len(self.tokens):
                return PathQuery(self.name, did, tuple(never), in_order, within)
            self._need(",", "clauses are separated by commas")

    def _name(self) -> str:
        kind, word, place = self._next()
        if kind == "quoted" or (kind == "word" and word not in _KEYWORDS):
            return word
        self._fail(
            place, "a stage or an event should stand here",
            f'put names such as "{word or "order, paid"}" in quotes',
        )  # fmt: skip

    def _times(self) -> int:
        if not self._take(">="):
            return 1
        kind, word, place = self._next()
        if kind != "word" or not re.fullmatch("[1-9][0-9]*", word):
            self._fail(place, "a number from 1 on should stand here", f"write: {_EXAMPLE}")
        return int(word)

    def _span(self) -> str:
        if not self._take("within"):
            return ""
        words = []
        while self.at < len(self.tokens) and self.tokens[self.at][0] == "word":
            words.append(self._next()[1])
        if not words:
            self._fail(self._place(), "a span of time should stand here", "write: within 2h")
        return " ".join(words)

    def _take(self, word: str) -> bool:
        """Step over a word of the language, if it comes next."""
        found = self.at < len(self.tokens) and self.tokens[self.at][:2] in (
            ("word", word), ("sign", word),
        )  # fmt: skip
        self.at += found
        return found

    def _need(self, word: str, why: str) -> None:
        if not self._take(word):
            self._fail(self._place(), why, f"write: {_EXAMPLE}")

    def _next(self) -> tuple[str, str, int]:
        token = self.tokens[self.at] if self.at < len(self.tokens) else ("", "", len(self.text))
        self.at += 1
        return token

    def _place(self) -> int:
        return self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)

    def _fail(self, place: int, problem: str, what_to_do: str) -> NoReturn:
        found = f"at '{self.text[place:]}'" if self.text[place:].strip() else "at the end"
        raise EngineError(
            f"path query '{self.text}'",
            f"character {place + 1}, {found}: {problem}.",
            f"{what_to_do}.",
        )


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield the kind of each token ("quoted", "sign", "word", "bad"), its text and its place."""
    for found in _TOKEN.finditer(text):
        kind = str(found.lastgroup)
        yield kind, found[kind], found.start(kind) - (kind == "quoted")


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and name not in _KEYWORDS else f'"{name}"'


def _where(name: str) -> str:
    return f"path query '{name}'"
