"""Events fit their clip afterwards, and sound when they sounded before."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.cleaning import clean_events, merge_overlaps
from lgc_plugin.types import Event

TENTHS = 120

# Edges on a grid, so that a plain array can tell what sounds when.
events = st.lists(
    st.builds(
        lambda onset, length, label: Event(
            onset / 10, (onset + length) / 10, label
        ),
        st.integers(0, 90),
        st.integers(1, 30),
        st.sampled_from(["Cat", "Dog"]),
    ),
    max_size=8,
)


def sounding(some, label):
    grid = np.zeros(TENTHS, dtype=bool)
    for event in some:
        if event.label == label:
            grid[round(event.onset * 10) : round(event.offset * 10)] = True
    return grid


@given(events)
def test_merging_keeps_what_sounds(some):
    apart = merge_overlaps(some)
    for label in ("Cat", "Dog"):
        np.testing.assert_array_equal(
            sounding(apart, label), sounding(some, label)
        )
        own = [event for event in apart if event.label == label]
        for before, after in zip(own, own[1:], strict=False):
            assert before.offset <= after.onset
    assert merge_overlaps(apart) == apart


@given(events, st.integers(1, TENTHS))
def test_cleaning_keeps_what_sounds_within_the_clip(some, end):
    clean = clean_events(some, end / 10)
    for label in ("Cat", "Dog"):
        expected = sounding(some, label)
        expected[end:] = False
        np.testing.assert_array_equal(sounding(clean.events, label), expected)
    assert all(e.onset < e.offset <= end / 10 for e in clean.events)
    assert len(clean.events) + clean.merged + clean.dropped == len(some)


def test_counts():
    some = [
        Event(0.0, 2.0, "Dog"),
        Event(1.0, 1.5, "Dog"),  # within the first
        Event(2.0, 3.0, "Dog"),  # only touches it
        Event(1.0, 5.5, "Cat"),  # beyond the end
        Event(5.0, 6.0, "Dog"),  # wholly beyond the end
    ]
    clean = clean_events(some, 5.0)
    assert clean.events == (
        Event(0.0, 2.0, "Dog"),
        Event(1.0, 5.0, "Cat"),
        Event(2.0, 3.0, "Dog"),
    )
    assert (clean.cut, clean.dropped, clean.merged) == (1, 1, 1)


def test_rounding_is_not_counted_but_cut():
    clean = clean_events([Event(0.0, 10.0, "Dog")], 9.9999375)
    assert clean.cut == 0
    assert clean.events[0].offset == 9.9999375
