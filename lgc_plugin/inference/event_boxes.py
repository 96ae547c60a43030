"""Sound event bounding boxes of one class, piece by piece."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lgc_plugin.evaluation.postprocess.sebbs import may_merge, mean_score
from lgc_plugin.inference.event_runs import Filtered, Found, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Frames: what is nearer to the edge of a frame lies on it.
_TOLERANCE = 1e-8


class _Segment(NamedTuple):
    """A box or a gap, as far as it is known; times in frames."""

    begin: float
    total: float = 0.0
    least: float = math.inf
    most: float = -math.inf

    def joined(self, other: _Segment) -> _Segment:
        """With what follows."""
        return _Segment(
            self.begin,
            self.total + other.total,
            min(self.least, other.least),
            max(self.most, other.most),
        )


class BoxFinder:
    """Boxes of one class whose confidence is above a threshold.

    The decisions are those of :func:`.sebbs.find_segments`, and a box is given
    out as soon as it cannot merge with the next one. It need not be known how
    the gap and the next box end: the lowest score of the one only falls, the
    highest of the other only rises.

    Example
    -------
    >>> finder = BoxFinder(0.5, 1.0, 0.2, 2.0, frame_seconds=0.5)
    >>> finder.push(Filtered(np.array([0.0, 0.75, 0.75, 0.0]), window=1))
    Found(spans=[], earliest=1.0)
    >>> spans = finder.push(Filtered(np.array([0.0]), window=1)).spans
    >>> [(span.onset, span.offset, span.total) for span in spans]
    [(1.0, 3.0, 1.5)]
    """

    def __init__(
        self,
        threshold: float,
        step_filter_length: float,
        merge_threshold_abs: float,
        merge_threshold_rel: float,
        frame_seconds: float,
    ) -> None:
        self._threshold = threshold
        self._merging = merge_threshold_abs, merge_threshold_rel
        self._precision: Callable[[float], Any] = np.float32
        self._frame_seconds = frame_seconds
        self._steps = _Steps(step_filter_length / 2 / frame_seconds)
        self._is_event = self._has_risen = False
        #: Boxes that are merged, up to the last that is complete, and the
        #: highest score of that one.
        self._group: Span | None = None
        self._highest = -math.inf
        #: The gap behind the group, and the box behind the gap.
        self._gap = _Segment(0.0)
        self._box: _Segment | None = None

    def push(self, frames: Filtered) -> Found:
        """Takes the next frames."""
        # Compared as frames are: in the precision of the scores.
        self._precision = frames.known.dtype.type
        spans = self._take(self._steps.push(frames.medians))
        if self._group:
            return Found(spans, self._group.onset)
        earliest = self._box.begin if self._box else self._steps.time
        return Found(spans, max(0.0, earliest))

    def finish(self) -> list[Span]:
        """Ends the recording."""
        spans = self._take(self._steps.finish())
        self._end_box(self._steps.time)
        return spans + self._end_group()

    def _take(self, steps: _Decided) -> list[Span]:
        """Boxes that the next steps complete."""
        if not len(steps.here):
            return []
        risen = np.logical_or.accumulate(steps.rising) | self._has_risen
        self._has_risen = bool(risen[-1])
        # What comes before the first rise is no event.
        events = ~steps.rising & risen & (steps.times >= -_TOLERANCE)
        changes = np.flatnonzero(events[1:] != events[:-1]) + 1
        spans = []
        for first, end in zip(
            [0, *changes], [*changes, len(events)], strict=True
        ):
            here, width = steps.here[first:end], steps.widths[first:end]
            part = _Segment(
                float(steps.times[first]),
                float(here @ width),
                float(here.min()),
                float(here.max()),
            )
            if events[first]:
                self._box = self._box.joined(part) if self._box else part
            else:
                self._end_box(part.begin)
                self._gap = self._gap.joined(part)
            highest = max(self._highest, self._box.most if self._box else 0)
            if not may_merge(highest, self._gap.least, *self._merging):
                spans += self._end_group()
        return spans

    def _end_box(self, offset: float) -> None:
        """Adds the last box to the group, since nothing kept them apart."""
        box, gap, group = self._box, self._gap, self._group
        if box is None:
            return
        if group:
            total = group.total + gap.total + box.total
            self._group = group._replace(offset=offset, total=total)
        else:
            self._group = Span(box.begin, offset, box.total, gap.total)
        self._highest = box.most
        self._gap, self._box = _Segment(offset), None

    def _end_group(self) -> list[Span]:
        """The merged boxes, if their confidence is above the threshold."""
        group = self._group
        if group is None:
            return []
        self._group, self._highest = None, -math.inf
        seconds = (group.offset - group.onset) * self._frame_seconds
        area = group.total * self._frame_seconds
        confidence = self._precision(mean_score(area, seconds))
        if confidence > self._precision(self._threshold):
            return [group]
        total = group.gap + group.total + self._gap.total
        self._gap = self._gap._replace(total=total)
        return []


class _Decided(NamedTuple):
    """Steps whose slope is known."""

    #: When they begin, and how long they are, in frames.
    times: NDArray[np.float64]
    widths: NDArray[np.float64]
    #: The score during the step.
    here: NDArray[np.float64]
    #: Whether the step filter rises.
    rising: NDArray[np.bool_]


class _Steps:
    """Pieces of time within which the step filter is a line.

    They repeat from frame to frame: each begins where the time, or the time
    half a filter later or earlier, passes an edge of a frame.
    """

    def __init__(self, half: float) -> None:
        """For half of the filter length, in frames."""
        part = half % 1
        if min(part, 1 - part) < _TOLERANCE:
            half, part = float(round(half)), 0.0
        starts = [0.0, part, 1 - part] if part else [0.0]
        # An edge may be passed by both at once.
        if abs(2 * part - 1) < _TOLERANCE:
            starts = [0.0, 0.5]
        self._starts = np.array(sorted(starts))
        self._widths = np.diff(self._starts, append=1.0)
        self._ahead = np.floor(self._starts + half + _TOLERANCE).astype(int)
        self._behind = np.floor(self._starts - half + _TOLERANCE).astype(int)
        # Steps begin where the filter reaches into the recording, and see
        # zeros before it.
        self._frame = -int(self._ahead[-1])
        self._n_done = 0
        self._kept_from = self._frame + int(self._behind[0])
        self._kept = np.zeros(-self._kept_from)

    @property
    def time(self) -> float:
        """Up to when all is decided, in frames."""
        frame, start = divmod(self._n_done, len(self._starts))
        return float(self._frame + frame + self._starts[start])

    def push(self, scores: NDArray[np.floating]) -> _Decided:
        """Takes the next frames."""
        self._kept = np.concatenate([self._kept, scores])
        reach = self._ahead[-1]
        n_frames = self._kept_from + len(self._kept) - reach - self._frame
        # Some steps of the next frame need one frame less.
        more = int((self._ahead < reach).sum())
        return self._decided(n_frames * len(self._starts) + more)

    def finish(self) -> _Decided:
        """Ends the recording, which zeros follow."""
        n_frames = self._kept_from + len(self._kept) - self._frame
        zeros = np.zeros(self._ahead[-1] + 1)
        self._kept = np.concatenate([self._kept, zeros])
        return self._decided(n_frames * len(self._starts))

    def _decided(self, n_steps: int) -> _Decided:
        """The steps up to a number."""
        number = np.arange(self._n_done, n_steps)
        frame, start = np.divmod(number, len(self._starts))
        frame += self._frame
        place = frame - self._kept_from
        here = self._kept[place]
        ahead, behind = (
            self._kept[place + each[start]]
            for each in (self._ahead, self._behind)
        )
        self._n_done = max(self._n_done, n_steps)
        first = self._frame + self._n_done // len(self._starts)
        first += int(self._behind[0])
        # A copy: a view would keep the whole piece.
        self._kept = self._kept[first - self._kept_from :].copy()
        self._kept_from = first
        return _Decided(
            frame + self._starts[start],
            self._widths[start],
            here,
            ahead + behind > 2 * here,
        )
