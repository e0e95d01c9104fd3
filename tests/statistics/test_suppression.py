import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from cjm_research.statistics.suppression import (
    find_determined,
    suppress_small_cells,
    suppress_small_shares,
)

ROUNDING = 1e-6


def reaches(equations, totals, n, target, bounds=(0, None)):
    """The least and the greatest value that a reader of the published numbers can think of."""
    found = []
    for sign in (1, -1):
        goal = np.zeros(n)
        goal[target] = sign
        solved = linprog(goal, A_eq=np.array(equations), b_eq=np.array(totals), bounds=bounds)
        found.append(np.inf if solved.status == 3 else abs(solved.fun))
    return found


def read_by_programme(counts, hidden, row_totals=None):
    """Find, by linear programming, the hidden cells that have one possible value."""
    cells = [tuple(cell) for cell in np.argwhere(hidden)]
    known = np.ones(len(counts), dtype=bool) if row_totals is None else row_totals
    lines = [[i for i, cell in enumerate(cells) if cell[0] == row] for row in np.flatnonzero(known)]
    lines += [[i for i, c in enumerate(cells) if c[1] == col] for col in range(counts.shape[1])]
    equations, totals = [], []
    for line in lines:
        equations.append([float(i in line) for i in range(len(cells))])
        totals.append(sum(counts[cells[i]] for i in line))
    fixed = np.zeros(counts.shape, dtype=bool)
    for place, cell in enumerate(cells):
        least, most = reaches(equations, totals, len(cells), place)
        fixed[cell] = most - least < ROUNDING
    return fixed


@st.composite
def tables(draw, rows=(2, 4), columns=(2, 4), most=30):
    n_rows, n_columns = draw(st.integers(*rows)), draw(st.integers(*columns))
    few = st.integers(0, 6) | st.integers(0, most)
    cells = draw(st.lists(few, min_size=n_rows * n_columns, max_size=n_rows * n_columns))
    return np.array(cells).reshape(n_rows, n_columns)


def test_a_small_cell_of_a_table_of_two_by_two_hides_all_four():
    assert suppress_small_cells([[40, 3], [50, 60]]).all()


def test_the_smallest_cells_are_hidden_with_it():
    counts = [[3, 20, 90], [70, 30, 40], [80, 10, 25]]
    hidden = suppress_small_cells(counts)
    assert hidden.tolist() == [[True, True, False], [False, False, False], [True, True, False]]


def test_an_empty_cell_is_shown_and_can_hide_another():
    assert not suppress_small_cells([[0, 5], [7, 0]]).any()
    assert suppress_small_cells([[3, 0], [9, 8]]).all()


def test_what_is_hidden_of_a_row_is_no_small_number_together():
    # The empty cell would hide the 3, but who subtracts 9 from 12 knows of 3 people in the two.
    hidden = suppress_small_cells([[3, 0, 9], [9, 8, 9], [5, 0, 6]])
    assert hidden[0].tolist() == [True, False, True]


@pytest.mark.parametrize("smallest", [1, 2, 5, 11])
def test_nothing_is_hidden_where_nothing_is_small(smallest):
    counts = np.array([[11, 0, 40], [12, 30, 0]])
    assert not suppress_small_cells(counts, smallest=smallest).any()
    assert not suppress_small_cells([[1, 2], [3, 4]], smallest=1).any()


def test_the_limit_is_the_smallest_number_shown():
    assert not suppress_small_cells([[5, 50], [50, 50]], smallest=5).any()
    assert suppress_small_cells([[4, 50], [50, 50]], smallest=5).all()


def test_a_table_of_one_column_is_hidden_though_its_totals_tell_it():
    assert suppress_small_cells([[3], [20]]).tolist() == [[True], [False]]


@given(tables())
@settings(max_examples=40, deadline=None)
def test_no_hidden_cell_of_a_random_table_can_be_worked_out(counts):
    hidden = suppress_small_cells(counts)
    small = (counts > 0) & (counts < 5)
    assert hidden[small].all()
    if not small.any():
        assert not hidden.any()
    by_totals = read_by_programme(counts, np.ones_like(hidden))
    assert not (read_by_programme(counts, hidden) & ~by_totals).any()
    # Those hidden in a column are no small number together, unless all of the column is.
    for axis in (0, 1):
        sums = np.where(hidden & ~by_totals, counts, 0).sum(axis=axis)
        assert not ((sums > 0) & (sums < 5) & (counts.sum(axis=axis) >= 5)).any()


@given(tables(), st.data())
@settings(max_examples=40, deadline=None)
def test_ways_through_the_table_find_what_linear_programming_finds(counts, data):
    flags = st.lists(st.booleans(), min_size=counts.size, max_size=counts.size)
    hidden = np.array(data.draw(flags)).reshape(counts.shape)
    known = np.array(data.draw(st.lists(st.booleans(), min_size=len(counts), max_size=len(counts))))
    found = find_determined(counts, hidden, row_totals=known)
    assert (found == read_by_programme(counts, hidden, known)).all()


def test_subtraction_finds_what_is_hidden_alone():
    counts = np.array([[3, 20], [9, 30]])
    alone = np.array([[True, False], [False, False]])
    assert find_determined(counts, alone).tolist() == alone.tolist()
    assert not find_determined(counts, np.ones((2, 2), dtype=bool)).any()


@st.composite
def shares(draw):
    n_groups, n_codes = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    sizes = st.integers(0, 8) | st.integers(0, 60)
    heard = np.array(draw(st.lists(sizes, min_size=n_groups, max_size=n_groups)))
    said = np.array(
        [[draw(st.integers(0, int(n))) for _ in range(n_codes)] for n in heard]
    ).reshape(n_groups, n_codes)
    return said, heard


def read_shares(said, heard, hidden, secret):
    """Let a reader work from everything shown: sizes, counts, and totals of each code."""
    n_groups, n_codes = said.shape
    n = n_groups * (n_codes * 2 + 1)

    def at(group, code=None, silent=False):
        return group if code is None else n_groups * (1 + 2 * code + silent) + group

    equations, totals = [], []

    def tell(parts, total):
        row = np.zeros(n)
        row[list(parts)] = 1
        equations.append(row)
        totals.append(total)

    tell([at(group) for group in range(n_groups)], heard.sum())
    for group in range(n_groups):
        if not secret[group]:
            tell([at(group)], heard[group])
        for code in range(n_codes):
            row = np.zeros(n)
            row[[at(group, code), at(group, code, True)]] = 1
            row[at(group)] = -1
            equations.append(row)
            totals.append(0)
            if not hidden[group, code]:
                tell([at(group, code)], said[group, code])
    for code in range(n_codes):
        tell([at(group, code) for group in range(n_groups)], said[:, code].sum())
    fixed = np.zeros(said.shape, dtype=bool)
    for group, code in np.argwhere(hidden):
        least, most = reaches(equations, totals, n, at(group, code))
        fixed[group, code] = most - least < ROUNDING
    return fixed


@given(shares())
@settings(max_examples=40, deadline=None)
def test_no_hidden_share_can_be_worked_out_from_sizes_totals_and_other_codes(table):
    said, heard = table
    hidden = suppress_small_shares(said, heard)
    small = [(cells > 0) & (cells < 5) for cells in (said, heard[:, None] - said)]
    small_group = (heard > 0) & (heard < 5)
    assert hidden[small[0] | small[1]].all()
    assert hidden[small_group].all()
    if not (small[0] | small[1] | small_group[:, None]).any():
        total_small = [(t > 0) & (t < 5) for t in (said.sum(0), (heard[:, None] - said).sum(0))]
        assert (hidden == (total_small[0] | total_small[1])).all()
    # Where everybody of all groups said it, or nobody did, or there is but one group, the
    # totals tell it of each.
    secret = hidden.all(axis=1)
    told = read_shares(said, heard, np.ones_like(hidden), secret)
    assert not (read_shares(said, heard, hidden, secret) & ~told).any()


@given(shares())
@settings(max_examples=80, deadline=None)
def test_what_is_shown_beside_all_others_is_never_a_small_number(table):
    said, heard = table
    hidden = suppress_small_shares(said, heard)
    for group, code in np.argwhere(~hidden):
        others = said[:, code].sum() - said[group, code]
        n_others = heard.sum() - heard[group]
        for number in (others, n_others - others, n_others):
            assert number == 0 or number >= 5


def test_of_two_groups_both_are_hidden_or_none():
    assert suppress_small_shares([[3], [40]], [60, 80]).all()
    assert suppress_small_shares([[56], [40]], [60, 80]).all()
    assert not suppress_small_shares([[0], [40]], [60, 80]).any()


def test_a_small_group_is_hidden_for_everything_that_can_be_said():
    hidden = suppress_small_shares([[0, 2], [9, 30], [50, 60]], [3, 40, 90])
    assert hidden[:2].all()
    assert hidden.tolist()[2] == [False, False]


def test_the_groups_together_hidden_are_no_small_number():
    # With the empty group the 3 would be hidden, but "all others" of the first would tell it.
    hidden = suppress_small_shares([[50], [3], [0]], [90, 60, 40])
    assert hidden[:, 0].tolist() == [True, True, False]


def test_the_order_of_groups_changes_nothing():
    said, heard = np.array([[50, 9], [3, 8], [0, 0], [20, 7]]), np.array([90, 60, 40, 30])
    order = [2, 0, 3, 1]
    hidden = suppress_small_shares(said, heard)
    assert (suppress_small_shares(said[order], heard[order]) == hidden[order]).all()


def test_nobody_and_nothing_said_are_answered():
    assert suppress_small_shares(np.zeros((0, 2), dtype=int), []).shape == (0, 2)
    assert suppress_small_shares(np.zeros((2, 0), dtype=int), [3, 9]).shape == (2, 0)
    assert not suppress_small_shares([[0], [0]], [0, 0]).any()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: suppress_small_cells([[1, -1]]), "cannot be negative"),
        (lambda: suppress_small_cells([1, 2]), "table of rows and columns"),
        (lambda: suppress_small_cells([[1, 2]], smallest=0), "at least 1"),
        (lambda: suppress_small_shares([[4]], [3]), "more people said"),
        (lambda: suppress_small_shares([[4]], [3, 4]), "one `heard` per row"),
    ],
)
def test_impossible_tables_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
