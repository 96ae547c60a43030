"""What tuning tries for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

from lgc_plugin.evaluation.postprocess.class_settings import check_setting
from lgc_plugin.evaluation.postprocess.median_filter import (
    LONGEST_WINDOW,
    resolve_median_windows,
)
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing

#: Median windows; bounding boxes; boxes of scores that were median filtered.
METHODS = ("median", "sebb", "both")
# Boxes smooth already: under them, much longer windows are not tried.
_LONGEST_UNDER_BOXES = 23


class BoxCandidates(NamedTuple):
    """Settings of bounding boxes, of which all combinations are tried."""

    #: Seconds.
    step_filter_length: Sequence[float] = (0.32, 0.48, 0.64)
    merge_threshold_abs: Sequence[float] = (0.15, 0.2, 0.3)
    merge_threshold_rel: Sequence[float] = (1.5, 2.0, 3.0)


class Candidate(NamedTuple):
    """Settings of one class; of equally good ones the least is preferred."""

    #: Frames.
    median_window: int
    #: Seconds; 0 where there are no bounding boxes.
    step_filter_length: float
    merge_threshold_abs: float
    merge_threshold_rel: float

    @classmethod
    def of(
        cls, post_processing: PostProcessing, labels: Sequence[str]
    ) -> list[Candidate]:
        """Those of each class."""
        boxes = [
            post_processing.class_values(name, labels).tolist()
            if post_processing.finds_boxes
            else [0.0] * len(labels)
            for name in BoxCandidates._fields
        ]
        windows = post_processing.class_windows(labels)
        return list(map(cls, windows, *boxes))


def applied(
    post_processing: PostProcessing,
    chosen: Sequence[Candidate],
    labels: Sequence[str],
) -> PostProcessing:
    """The same with the candidate of each class."""
    windows = tuple(each.median_window for each in chosen)
    changed = replace(post_processing, median_windows=windows)
    if not post_processing.finds_boxes:
        return changed
    boxes: dict[str, Any] = {
        name: {
            label: getattr(each, name)
            for label, each in zip(labels, chosen, strict=True)
        }
        for name in BoxCandidates._fields
    }
    return replace(changed, **boxes)


def begin_with(
    start: PostProcessing, method: str, boxes: BoxCandidates
) -> PostProcessing:
    """Settings that classes keep if nothing is better: with boxes, if asked.

    Where there are none to begin with, these are in the middle of what is
    tried.
    """
    if method == "median" or start.finds_boxes:
        return start
    middle = {
        name: sorted(values)[len(values) // 2]
        for name, values in boxes._asdict().items()
    }
    return replace(start, **middle)


def passes_of(
    begin: PostProcessing,
    labels: Sequence[str],
    method: str,
    windows: Sequence[int] | None,
    boxes: BoxCandidates,
    n_frames: int,
) -> list[list[Candidate]]:
    """Candidates of all classes that are tried together, pass by pass.

    What the method does not choose stays as each class has it.
    """
    own = Candidate.of(begin, labels)
    if method == "sebb":
        if windows is not None:
            raise ValueError(
                "windows to try are for the methods median and both, sebb "
                "tries none"
            )
    elif windows is None:
        windows = default_windows(n_frames)
        if method == "both":
            windows = [x for x in windows if x <= _LONGEST_UNDER_BOXES]
    else:
        windows = _sorted_windows(windows)
    varied: list[dict] = [{"median_window": x} for x in windows or ()] or [{}]
    if method != "median":
        combined = product(*(sorted(set(each)) for each in boxes))
        named = [
            dict(zip(BoxCandidates._fields, each, strict=True))
            for each in combined
        ]
        varied = [{**x, **y} for x, y in product(varied, named)]
    passes = [[each._replace(**some) for each in own] for some in varied]
    tried = zip(*passes, strict=True)
    if any(each not in some for each, some in zip(own, tried, strict=True)):
        passes.append(own)
    return passes


def check_search(method: str, boxes: BoxCandidates) -> None:
    """Refuses what cannot be tried."""
    if method not in METHODS:
        raise ValueError(
            f"method {method!r} is unknown: use {', '.join(METHODS)}"
        )
    for name, values in zip(boxes._fields, boxes, strict=True):
        if not values:
            raise ValueError(f"{name} to try: give one or more numbers")
        for value in values:
            check_setting(name, value, ["any"])


def default_windows(n_frames: int) -> tuple[int, ...]:
    """Odd windows, each a third longer than the one before."""
    windows = [1]
    while True:
        longer = max(windows[-1] + 2, 2 * (2 * windows[-1] // 3) + 1)
        if longer > min(n_frames, LONGEST_WINDOW):
            return tuple(windows)
        windows.append(longer)


def _sorted_windows(windows: Sequence[int]) -> list[int]:
    if not windows:
        raise ValueError("windows to try: give one or more")
    names = [f"candidate {i}" for i in range(1, len(windows) + 1)]
    return sorted(set(resolve_median_windows(windows, names)))
