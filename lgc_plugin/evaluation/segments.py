"""Which segments of a clip are right: segment-based counts.

Mesaros, Heittola, Virtanen: Metrics for Polyphonic Sound Event Detection,
Applied Sciences, 2016. The counts are those of sed_eval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lgc_plugin.evaluation.coded_events import CodedEvents

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Segments(NamedTuple):
    """Segments in which something sounds; index arrays.

    Arguments
    ---------
    clip, label, point : numpy.ndarray
        (S,) where.
    number : numpy.ndarray
        (S,) which segment of the clip, from 0.
    """

    clip: NDArray[np.int64]
    label: NDArray[np.int64]
    point: NDArray[np.int64]
    number: NDArray[np.int64]


def touched_segments(events: CodedEvents, seconds: float) -> Segments:
    """The segments that events touch, each once.

    Arguments
    ---------
    events : CodedEvents
        Events.
    seconds : float
        Length of a segment.

    Returns
    -------
    Segments

    Example
    -------
    >>> import pandas as pd
    >>> table = pd.DataFrame([["a", 0.5, 2.1, "Cat"]], columns=[
    ...     "filename", "onset", "offset", "event_label"])
    >>> events = CodedEvents.from_table(table, ["a"], ["Cat"])
    >>> touched_segments(events, 1.0).number.tolist()
    [0, 1, 2]
    """
    first = np.floor(events.onset / seconds).astype(np.int64)
    end = np.ceil(events.offset / seconds).astype(np.int64)
    each = end - first
    row = np.repeat(np.arange(len(events)), each)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(each) - each, each)
    shape = (*events.shape, int(end.max(initial=0)) + 1)
    index = (events.clip, events.label, events.point)
    cells = np.ravel_multi_index(
        (*(column[row] for column in index), first[row] + nth), shape
    )
    return Segments(*np.unravel_index(np.unique(cells), shape))


def found_segments(
    detected: Segments, true: Segments, n_labels: int
) -> NDArray[np.bool_]:
    """Which detected segments are true.

    Arguments
    ---------
    detected : Segments
        At any operating points.
    true : Segments
        At one point.
    n_labels : int
        Number of classes.

    Returns
    -------
    numpy.ndarray
        (S,) one for each detected segment.

    Example
    -------
    >>> zero, number = np.zeros(2, dtype=int), np.array([0, 1])
    >>> a = Segments(zero, zero, zero, number)
    >>> found_segments(a, a._replace(number=number + 1), 1).tolist()
    [False, True]
    """
    length = max(part.number.max(initial=0) for part in (detected, true)) + 1
    keys = [
        (part.clip * n_labels + part.label) * length + part.number
        for part in (detected, true)
    ]
    return np.isin(*keys)
