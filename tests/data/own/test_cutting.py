"""Clips hold every event whole, and cover what they are of."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.data.own.cutting import (
    Span,
    gaps,
    joined,
    scoring_windows,
    training_windows,
    unlabeled_windows,
)

LENGTH = 100


@st.composite
def spans(draw, most=150, n=12):
    found = draw(
        st.lists(
            st.tuples(st.integers(0, 900), st.integers(1, most)), max_size=n
        )
    )
    return sorted(Span(start, start + length) for start, length in found)


parts = st.tuples(st.integers(0, 300), st.integers(1, 900)).map(
    lambda x: Span(x[0], x[0] + x[1])
)


def covered(windows, part):
    return set(range(part.start, part.stop)) == {
        time for window in windows for time in range(*window)
    }


@settings(max_examples=40)
@given(parts, spans(), st.integers(5, LENGTH))
def test_no_event_that_fits_is_only_seen_cut(part, events, step):
    windows = training_windows(part, events, LENGTH, step)
    starts = [window.start for window in windows]
    assert all(b - a <= step for a, b in itertools.pairwise(starts))
    assert covered(windows, part)
    assert windows == sorted(windows)
    full = min(LENGTH, part.stop - part.start)
    assert {window.stop - window.start for window in windows} == {full}
    for event in events:
        inside = event.start >= part.start and event.stop <= part.stop
        if inside and event.stop - event.start <= LENGTH:
            assert any(
                window.start <= event.start and event.stop <= window.stop
                for window in windows
            )


@settings(max_examples=40)
@given(parts, spans(most=40, n=6))
def test_what_is_scored_is_scored_once(part, events):
    windows = scoring_windows(part, events, LENGTH)
    assert covered(windows, part)
    for before, after in zip(windows, windows[1:], strict=False):
        assert before.stop == after.start
    assert all(0 < x.stop - x.start <= LENGTH for x in windows)
    # A border cuts an event only where every time in reach would.
    for window in windows[:-1]:
        reach = range(window.start + 1, window.start + LENGTH + 1)
        cut_at = {t: any(x.start < t < x.stop for x in events) for t in reach}
        if not all(cut_at.values()):
            free = [time for time in reach if not cut_at[time]]
            assert window.stop == max(free)


@settings(max_examples=40)
@given(parts)
def test_unlabeled_clips_lie_side_by_side(part):
    windows = unlabeled_windows(part, LENGTH)
    used = sum(window.stop - window.start for window in windows)
    assert 0 <= part.stop - part.start - used < LENGTH / 2


@settings(max_examples=40)
@given(spans())
def test_gaps_are_what_no_part_has(found):
    whole = Span(0, 1100)
    inside = {time for span in found for time in range(*span)}
    free = {time for gap in gaps(found, whole) for time in range(*gap)}
    assert free == set(range(*whole)) - inside
    assert {t for span in joined(found) for t in range(*span)} == inside
