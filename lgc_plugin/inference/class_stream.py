"""Scores of one class to its events, piece by piece."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from lgc_plugin.evaluation.postprocess.event_rules import NEAR
from lgc_plugin.evaluation.postprocess.sebbs import mean_score
from lgc_plugin.inference.event_boxes import BoxFinder
from lgc_plugin.inference.event_joiner import SpanJoiner
from lgc_plugin.inference.event_runs import MedianStream, RunFinder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from lgc_plugin.inference.event_runs import Span


class ClassEvent(NamedTuple):
    """One event of a class."""

    #: Seconds.
    onset: float
    offset: float
    confidence: float
    #: Number of the frame whose score was the last that the offset depends
    #: on, before it was extended.
    decided: float


class ClassStream:
    """Median filter, runs or boxes, and rules of one class.

    Arguments
    ---------
    window : int
        Of the median, in frames.
    settings : Mapping[str, float]
        By the names of :data:`.post_processing.CLASS_SETTINGS`; without
        ``deactivation_th`` and ``step_filter_length`` where they are None.
    frame_seconds : float
        Length of a frame.
    """

    def __init__(
        self, window: int, settings: Mapping[str, float], frame_seconds: float
    ) -> None:
        self._settings = settings
        self._frame_seconds = frame_seconds
        self._median = MedianStream(window)
        self._finds_boxes = "step_filter_length" in settings
        self._finder = self._make_finder()
        self._n_frames = 0
        near = NEAR / frame_seconds
        close, short = self._frames("close_th"), self._frames("len_th")
        padding = self._frames("pad_before", "pad_after")
        self._joiners = []
        if close or short:
            self._joiners.append(SpanJoiner(close, short, near))
        if padding:
            self._joiners.append(SpanJoiner(padding, 0.0, near))

    def _make_finder(self) -> BoxFinder | RunFinder:
        threshold = self._settings["decision_threshold"]
        if not self._finds_boxes:
            lower = self._settings.get("deactivation_th", threshold)
            return RunFinder(threshold, lower)
        return BoxFinder(
            threshold,
            self._settings["step_filter_length"],
            self._settings["merge_threshold_abs"],
            self._settings["merge_threshold_rel"],
            self._frame_seconds,
        )

    def _frames(self, *names: str) -> float:
        return sum(self._settings[x] for x in names) / self._frame_seconds

    @property
    def latency_frames(self) -> float:
        """An event is given out so many frames after its offset, at most.

        Infinite for boxes: whether one merges with the next depends on how low
        the scores between them fall, which may take any time.
        """
        if self._finds_boxes:
            return math.inf
        near = NEAR / self._frame_seconds
        close, padding, after = (
            math.floor(self._frames(*names) + near)
            for names in (
                ("close_th",),
                ("pad_before", "pad_after"),
                ("pad_after",),
            )
        )
        # An event that begins in reach of the padding may be too short.
        doubt = math.ceil(self._frames("len_th") - near) - 1
        doubt = doubt + close if doubt > 0 else 0
        wait = max(close, padding + doubt if padding else 0) - after
        return self._median.after + 1 + wait

    def push(self, scores: NDArray[np.floating]) -> list[ClassEvent]:
        """Takes the next frames."""
        self._n_frames += len(scores)
        found = self._finder.push(self._median.push(scores))
        for joiner in self._joiners:
            found = joiner.push(found)
        return self._events(found.spans)

    def finish(self) -> list[ClassEvent]:
        """Ends the recording."""
        found = self._finder.push(self._median.finish())
        spans = [*found.spans, *self._finder.finish()]
        for joiner in self._joiners:
            spans = joiner.finish(spans)
        return self._events(spans)

    def _events(self, spans: Iterable[Span]) -> list[ClassEvent]:
        before, after = (
            self._settings["pad_before"],
            self._settings["pad_after"],
        )
        end = self._n_frames * self._frame_seconds
        return [
            ClassEvent(
                max(0.0, span.onset * self._frame_seconds - before),
                min(end, span.offset * self._frame_seconds + after),
                self._confidence(span),
                span.offset + self._median.after,
            )
            for span in spans
        ]

    def _confidence(self, span: Span) -> float:
        n_frames = span.offset - span.onset
        if not self._finds_boxes or span.joined:
            return span.total / n_frames
        unit = self._frame_seconds
        return float(mean_score(span.total * unit, n_frames * unit))
