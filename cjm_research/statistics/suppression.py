"""Small cells of a table of counts, hidden together with what would give them away.

Whoever reads a table knows its totals. A cell that stands alone in its row or column is the
total less the rest, and hidden only from those who do not subtract.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SMALLEST = 5
"""People in a cell below which it is hidden, unless it is empty."""

Counts = Sequence[Sequence[int]] | NDArray[np.integer]
Mask = NDArray[np.bool_]
_Cell = tuple[int, int]
_Ways = list[dict[int, _Cell | None]]


def suppress_small_cells(
    counts: Counts,
    *,
    smallest: int = SMALLEST,
    hidden: Mask | None = None,
    row_totals: Mask | None = None,
) -> Mask:
    """Find the cells to hide, so that no small one can be worked out from the rest.

    Cells of 1 to `smallest` less 1 are hidden; an empty cell may be shown. Then others are
    hidden too (those that cost the fewest people, empty ones as well) until totals and shown
    cells fix none of the hidden ones, and the hidden ones of a row or column are together no
    small number either. In the end, what need not be hidden is shown again.

    Parameters
    ----------
    counts : array of int, shape (rows, columns)
        People. Nobody is in two cells.
    smallest : int, default 5
        1 hides nothing.
    hidden : array of bool, same shape, optional
        Cells to be hidden anyway.
    row_totals : array of bool, shape (rows,), optional
        Whether the reader knows the total of each row; of all when not given. The totals of
        the columns are always taken as known.

    Returns
    -------
    array of bool, same shape
        True where hidden. A cell that the totals alone give away (one column; a total that is
        small itself) is hidden, but to no avail: such a total must not be shown.

    Raises
    ------
    ValueError
        If counts are negative or no table, or `smallest` is below 1.

    References
    ----------
    CMS cell size suppression policy (ResDAC): no cell of 1 to 10, nor one that other cells
    reveal. Cox (1980), JASA 75, 377-385, for complementary suppression.
    """
    table = _as_counts(counts)
    if smallest < 1:
        raise ValueError(f"smallest must be at least 1; got {smallest}.")
    known = np.ones(len(table), dtype=bool) if row_totals is None else np.asarray(row_totals)
    needed = (table > 0) & (table < smallest)
    if hidden is not None:
        needed = needed | hidden
    mask = needed.copy()
    if not mask.any():
        return mask
    # What the totals alone tell is protected by hiding nothing, and protects nothing.
    given = find_determined(table, np.ones_like(mask), row_totals=known)
    while cells := _find_cover(table, mask, given, known, smallest):
        for cell in cells:
            mask[cell] = True
    return _show_again(table, mask, needed, given, known, smallest)


def suppress_small_shares(
    said: Counts, heard: Sequence[int] | NDArray[np.integer], *, smallest: int = SMALLEST
) -> Mask:
    """Find the counts "so many of so many" to hide, of groups that make up a known whole.

    Of each group, `said` people of `heard` said something: this tells how many did not, and,
    as the whole is known, how many of all other groups did. A group of fewer than `smallest`
    people is hidden with its size; its size is the same for everything that can be said.

    Parameters
    ----------
    said : array of int, shape (groups, things said)
    heard : array of int, shape (groups,)
        Nobody is in two groups.
    smallest : int, default 5

    Returns
    -------
    array of bool, shape (groups, things said)
        True where neither `said` nor `heard` may be shown. Where fewer than `smallest` people
        of all groups together said it, or did not, every group is hidden: any one that is
        shown beside "all others" would tell that number.

    Raises
    ------
    ValueError
        If more said something than were heard, or the shapes do not fit.
    """
    yes = _as_counts(said)
    people = np.asarray(heard)
    if people.shape != yes.shape[:1]:
        raise ValueError(f"one `heard` per row is needed; got {people.size} for {len(yes)} rows.")
    if (yes > people[:, None]).any():
        raise ValueError("more people said something than were heard.")
    few = suppress_small_cells(
        people[:, None], smallest=smallest, row_totals=np.zeros(len(people), dtype=bool)
    )[:, 0]
    mask = np.zeros(yes.shape, dtype=bool)
    for place in range(yes.shape[1]):
        table = np.column_stack([yes[:, place], people - yes[:, place]])
        totals = table.sum(axis=0)
        if ((totals > 0) & (totals < smallest)).any():
            mask[:, place] = True
            continue
        found = suppress_small_cells(
            table,
            smallest=smallest,
            hidden=np.repeat(few[:, None], 2, axis=1),
            row_totals=~few,
        )
        mask[:, place] = found.any(axis=1)
    return mask


def find_determined(counts: Counts, hidden: Mask, *, row_totals: Mask | None = None) -> Mask:
    """Find the hidden cells that the shown ones and the totals fix to one value.

    Hidden counts can only change together, along a closed way through the table that adds one
    person in a row and column and takes one from where there is somebody. A cell that lies on
    no such way has only one possible value. For whole numbers of 0 or more this is exact, as
    the least and the greatest value of a linear programme are.

    Parameters
    ----------
    counts : array of int, shape (rows, columns)
    hidden : array of bool, same shape
    row_totals : array of bool, shape (rows,), optional
        As for `suppress_small_cells`.

    Returns
    -------
    array of bool, same shape
        Of the hidden cells those without a doubt.

    References
    ----------
    Gusfield (1988), SIAM Journal on Computing 17, 552-571.
    """
    table = _as_counts(counts)
    known = np.ones(len(table), dtype=bool) if row_totals is None else np.asarray(row_totals)
    ways = _lay_ways(table, np.asarray(hidden), known)
    fixed = np.zeros(table.shape, dtype=bool)
    for row, column in np.argwhere(hidden).tolist():
        fixed[row, column] = _find_way(table, ways, np.asarray(hidden), (row, column)) is None
    return fixed


def _lay_ways(table: NDArray[np.int64], usable: Mask, known: Mask) -> _Ways:
    """Return where one can go from each row, each column, and the pool of unknown totals.

    From a row into a column a person is added; from a column into a row one is taken.
    """
    n_rows, n_columns = table.shape
    pool = n_rows + n_columns
    ways: _Ways = [{} for _ in range(pool + 1)]
    for row, column in np.argwhere(usable).tolist():
        ways[row][n_rows + column] = (row, column)
        if table[row, column]:
            ways[n_rows + column][row] = (row, column)
    for row in np.flatnonzero(~known).tolist():
        # Rows whose totals are unknown may grow at each other's cost.
        ways[row][pool] = ways[pool][row] = None
    return ways


def _find_way(table: NDArray[np.int64], ways: _Ways, mask: Mask, cell: _Cell) -> list[_Cell] | None:
    """Return the cells of the cheapest closed way through a cell, without itself.

    Shown cells cost their people and one more each, so that few are hidden for it. None where
    there is no way: nothing can change then.
    """
    row, column = cell[0], len(table) + cell[1]
    found = [_go(table, ways, mask, column, row)]
    if table[cell]:
        found.append(_go(table, ways, mask, row, column))
    return min((way for way in found if way), default=(0, None))[1]


def _go(
    table: NDArray[np.int64], ways: _Ways, mask: Mask, start: int, end: int
) -> tuple[int, list[_Cell]] | None:
    """Return the price and the cells of the cheapest way other than the direct one."""
    done: set[int] = set()
    open_ways: list[tuple[int, int, list[_Cell]]] = [(0, start, [])]
    while open_ways:
        price, place, cells = heapq.heappop(open_ways)
        if place == end:
            return price, cells
        if place in done:
            continue
        done.add(place)
        for following, cell in ways[place].items():
            if following in done or (place == start and following == end):
                continue
            if cell is None:
                heapq.heappush(open_ways, (price, following, cells))
            else:
                extra = 0 if mask[cell] else int(table[cell]) + 1
                heapq.heappush(open_ways, (price + extra, following, [*cells, cell]))
    return None


def _find_cover(
    table: NDArray[np.int64], mask: Mask, given: Mask, known: Mask, smallest: int
) -> list[_Cell]:
    """Return what more must be hidden for the first cell or sum in danger; nothing when none is."""
    fixed = find_determined(table, mask, row_totals=known) & ~given
    for row, column in np.argwhere(fixed).tolist():
        ways = _lay_ways(table, np.ones_like(mask), known)
        way = _find_way(table, ways, mask, (row, column)) or []
        return [cell for cell in way if not mask[cell]]
    unsure = np.where(mask & ~given, table, 0)
    for axis, shown in ((0, np.ones(table.shape[1], dtype=bool)), (1, known)):
        sums, totals = unsure.sum(axis=axis), table.sum(axis=axis)
        small = (sums > 0) & (sums < smallest) & (totals >= smallest) & shown
        line = np.expand_dims(small, axis) & ~mask & ~given & (table > 0)
        if line.any():
            cells = [(row, column) for row, column in np.argwhere(line).tolist()]
            return [min(cells, key=lambda cell: (table[cell], cell))]
    return []


def _show_again(
    table: NDArray[np.int64],
    mask: Mask,
    needed: Mask,
    given: Mask,
    known: Mask,
    smallest: int,
) -> Mask:
    """Show what was hidden on the way and is not needed any more, the largest first."""
    rows = np.argsort(-table.sum(axis=1), kind="stable")
    cells = np.argsort(-table, axis=None, kind="stable")
    parts = [np.arange(len(table))[:, None] == row for row in rows]
    parts += [np.arange(table.size).reshape(table.shape) == cell for cell in cells]
    for part in parts:
        fewer = mask & (needed | ~part)
        if (fewer != mask).any() and not _find_cover(table, fewer, given, known, smallest):
            mask = fewer
    return mask


def _as_counts(counts: Counts) -> NDArray[np.int64]:
    table = np.asarray(counts)
    if table.ndim != 2:
        raise ValueError(f"counts must be a table of rows and columns; got {table.ndim} axes.")
    if table.size and (table < 0).any():
        raise ValueError("counts of people cannot be negative.")
    return table.astype(np.int64)
