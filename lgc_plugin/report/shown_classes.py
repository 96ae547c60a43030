"""Which classes of a recording are worth a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

# More rows than these are no picture any more.
_MOST_ROWS = 24
# A class that came half as far as it needs is worth seeing.
_NEARLY = 0.5


class ShownClasses(NamedTuple):
    """The classes that get a row.

    Arguments
    ---------
    labels : tuple[str, ...]
        In the order of the model.
    left_out : int
        Classes with events for which there was no place.
    """

    labels: tuple[str, ...]
    left_out: int


def shown_classes(
    labels: Sequence[str],
    n_events: Mapping[str, int],
    peaks: Mapping[str, float],
    thresholds: Mapping[str, float],
) -> ShownClasses:
    """Classes that were detected, then those that nearly were.

    Arguments
    ---------
    labels : Sequence[str]
        All classes.
    n_events : Mapping[str, int]
        Events of the classes that have some.
    peaks : Mapping[str, float]
        Highest score of each class.
    thresholds : Mapping[str, float]
        Of each class.

    Returns
    -------
    ShownClasses
        At most 24: those with most events, then those whose highest score is
        highest, compared to the threshold.

    Example
    -------
    >>> peaks = {"Cat": 0.4, "Cow": 0.1, "Dog": 0.9}
    >>> limits = dict.fromkeys(peaks, 0.5)
    >>> shown_classes([*peaks], {"Dog": 2}, peaks, limits).labels
    ('Cat', 'Dog')
    """
    found = [label for label in labels if n_events.get(label)]
    near = [
        label
        for label in labels
        if label not in found and peaks[label] > _NEARLY * thresholds[label]
    ]
    found.sort(key=lambda label: -n_events[label])
    near.sort(key=lambda label: thresholds[label] - peaks[label])
    chosen = {*found[:_MOST_ROWS], *near[: max(_MOST_ROWS - len(found), 0)]}
    return ShownClasses(
        tuple(label for label in labels if label in chosen),
        max(len(found) - _MOST_ROWS, 0),
    )
