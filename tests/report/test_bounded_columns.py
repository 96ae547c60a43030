"""Many columns in few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.report.bounded_columns import BoundedColumns


@given(
    st.integers(1, 3),
    st.lists(st.integers(0, 40), min_size=1, max_size=8),
    st.sampled_from([2, 4, 6, 10, 64]),
)
def test_columns_are_maxima_of_what_they_span(
    rows: int, sizes: list[int], limit: int
) -> None:
    whole = np.random.default_rng(sum(sizes)).normal(size=(rows, sum(sizes)))
    columns = BoundedColumns(0.5, limit)
    for piece in np.split(whole, np.cumsum(sizes)[:-1], axis=1):
        columns.push(piece)
    values = columns.values
    edges = columns.edges / 0.5
    assert values.shape == (rows, len(edges) - 1)
    assert values.shape[1] <= limit
    assert edges[0] == 0 and edges[-1] == whole.shape[1]
    bounds = edges.astype(int)
    assert (bounds == edges).all()
    for column, start in enumerate(bounds[:-1]):
        spanned = whole[:, start : bounds[column + 1]]
        assert (values[:, column] == spanned.max(axis=1)).all()
    # As fine as the limit allows: half as many would have done, or all do.
    if whole.shape[1] < limit:
        assert np.array_equal(values, whole)
    else:
        assert values.shape[1] >= limit // 2
    assert len(set(np.diff(bounds)[:-1])) <= 1


def test_pieces_may_be_overwritten() -> None:
    columns = BoundedColumns(1.0, 8)
    piece = np.ones((1, 3))
    columns.push(piece)
    piece[:] = 7
    columns.push(piece[:, :1])
    assert columns.values.tolist() == [[1, 1, 1, 7]]


def test_memory_is_bounded() -> None:
    columns = BoundedColumns(1.0, 16)
    for _ in range(1000):
        columns.push(np.zeros((2, 100)))
    held = [
        value.base if value.base is not None else value
        for value in vars(columns).values()
        if isinstance(value, np.ndarray)
    ]
    assert sum(array.size for array in held) <= 2 * (16 + 1)
    assert columns.values.shape[1] <= 16


@pytest.mark.parametrize("limit", [0, 1, 7, -2])
def test_odd_limits_are_refused(limit: int) -> None:
    with pytest.raises(ValueError, match=f"limit is {limit}"):
        BoundedColumns(1.0, limit)
