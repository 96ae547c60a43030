"""Numbers and columns in plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.report.text import (
    aligned,
    interval_text,
    score_text,
    share_text,
    sure_text,
)

NAN = float("nan")


@given(
    st.floats(-1, 1),
    st.sampled_from([3, 6]),
    st.booleans(),
)
def test_a_number_reads_back(value, digits, signed):
    text = score_text(value, digits, signed=signed)
    assert float(text) == pytest.approx(value, abs=0.51 * 10**-digits)
    if signed:
        assert text[0] == ("+" if value > 0 else "-" if value < 0 else " ")
        assert len(text) == digits + 3


@pytest.mark.parametrize("nothing", [None, NAN])
def test_what_is_not_known_is_a_dash(nothing):
    assert score_text(nothing) == share_text(nothing) == "-"
    assert sure_text(nothing, (0.1, 0.2)) == "-"
    assert interval_text((nothing, 0.2)) == interval_text(None) == ""
    assert sure_text(0.1, (nothing, nothing)) == "0.100"


def test_no_zero_is_negative():
    assert score_text(-0.0) == "0.000"
    assert interval_text((-0.0, 0.0), signed=True) == "[ 0.000,  0.000]"


cells = st.text("abc .", max_size=8).map(str.strip)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1))
def test_columns_begin_or_end_alike(rows):
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for left in (False, True):
        lines = aligned(rows, left=left).split("\n")
        for line, row in zip(lines, rows, strict=True):
            start = 0
            for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
                shown = line[start : start + width].ljust(width)
                air = " " * (width - len(cell))
                to_the_left = left or i == 0
                assert shown == (cell + air if to_the_left else air + cell)
                start += width + 2


def test_blocks_share_their_columns():
    blocks = [["", "a long name"]], [["Cat", "0.500"]]
    assert aligned(*blocks).split("\n") == [
        "     a long name",
        "",
        "Cat        0.500",
    ]
