"""From frame scores to events: runs of frames or boxes, then rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.events import CodedEvents
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.late_events import frame_ends
from lgc_plugin.evaluation.postprocess.box_scores import scores_of_events
from lgc_plugin.evaluation.postprocess.event_rules import apply_rules
from lgc_plugin.evaluation.postprocess.frame_runs import frame_runs
from lgc_plugin.evaluation.postprocess.mean_scores import mean_scores
from lgc_plugin.evaluation.postprocess.median_filter import median_filter_scores
from lgc_plugin.evaluation.postprocess.sebbs import Boxes, sebbs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lgc_plugin.evaluation.postprocess.post_processing import (
        PostProcessing,
    )

DETECTION_COLUMNS = (
    *("filename", "onset", "offset", "event_label", "threshold"),
    "confidence",
)
#: Settings of :mod:`.event_rules`.
RULES = ("close_th", "len_th", "pad_before", "pad_after")
# Clips decoded at a time: 50 thresholds of 10 classes make one byte per frame
# each, so that a block of ten-second clips stays near 10 MB.
_BLOCK_CLIPS = 128


@dataclass(frozen=True, eq=False)
class Decoder:
    """Finds events of some clips at each threshold, block by block.

    ``limits`` (J, C) thresholds of each point and class; ``settings`` are
    those of :meth:`.post_processing.PostProcessing.for_labels`.
    """

    frames: FrameScores
    settings: PostProcessing
    limits: NDArray[np.float64]

    def __post_init__(self) -> None:
        frames = self.frames
        refuse_nan(
            frames.scores, frames.clips, frames.labels, frames.valid_frames
        )

    def coded(self) -> CodedEvents:
        """The events as numbers."""
        parts = [block.events() for block in self._blocks()]
        size = len(self.frames.clips), len(self.frames.labels)
        starts = range(0, max(size[0], 1), _BLOCK_CLIPS)
        clips = [x.clip + start for x, start in zip(parts, starts, strict=True)]
        return CodedEvents(
            np.concatenate(clips),
            np.concatenate([x.point for x in parts]),
            np.concatenate([x.label for x in parts]),
            np.concatenate([x.onset for x in parts]),
            np.concatenate([x.offset for x in parts]),
            (*size, len(self.limits)),
        )

    def table(self) -> pd.DataFrame:
        """The events with thresholds and confidences."""
        tables = [block.table() for block in self._blocks()]
        return pd.concat(tables, ignore_index=True)

    def candidates(self) -> pd.DataFrame:
        """Every box with its confidence, whatever that is."""
        tables = [block.candidates() for block in self._blocks()]
        return pd.concat(tables, ignore_index=True)

    def swept(self) -> FrameScores:
        """The scores that thresholds are compared with."""
        frames = self.frames
        if self.settings.finds_boxes:
            return scores_of_events(
                self.candidates(),
                frames.clips,
                frames.labels,
                frame_ends(frames),
            )
        windows = self.settings.class_windows(frames.labels)
        return replace(
            frames,
            scores=median_filter_scores(
                frames.scores, windows, frames.valid_frames
            ),
        )

    def _blocks(self) -> Iterator[_Block]:
        frames = self.frames
        for start in range(0, max(len(frames.clips), 1), _BLOCK_CLIPS):
            block = slice(start, start + _BLOCK_CLIPS)
            edges = frames.edges
            part = FrameScores(
                frames.labels,
                frames.clips[block],
                frames.scores[block],
                frames.valid_frames[block],
                edges[block] if edges.ndim == 2 else edges,
            )
            yield _Block(part, self.settings, self.limits)


class _Block:
    """Some clips at once."""

    def __init__(
        self,
        frames: FrameScores,
        settings: PostProcessing,
        limits: NDArray[np.float64],
    ) -> None:
        self.frames, self.settings, self.limits = frames, settings, limits
        self.scores = median_filter_scores(
            frames.scores,
            settings.class_windows(frames.labels),
            frames.valid_frames,
        )

    def events(self) -> CodedEvents:
        """The events."""
        found = self._boxes()[0] if self.settings.finds_boxes else self._runs()
        if not self.settings.has_rules:
            return found
        return apply_rules(found, self._bounds(), **self._rules()).events

    def table(self) -> pd.DataFrame:
        """The events, with what the scores in them are on average."""
        boxes = None
        if self.settings.finds_boxes:
            events, boxes = self._boxes()
        else:
            events = self._runs()
        times, origin = (events.onset, events.offset), np.arange(len(events))
        if self.settings.has_rules:
            ruled = apply_rules(events, self._bounds(), **self._rules())
            events, origin = ruled.events, ruled.origin
            times = ruled.onset, ruled.offset
        if boxes is None:
            confidence = self._means(self.frames.scores, events, times)
        else:
            confidence = boxes[origin]
            if (joined := origin < 0).any():
                means = self._means(self.scores, events, times)
                confidence[joined] = means[joined]
        limits = self.limits[events.point, events.label]
        return self._table(events, limits, confidence)

    def candidates(self) -> pd.DataFrame:
        """All boxes."""
        boxes = self._find_boxes()
        return self._table(boxes, np.nan, boxes.confidence).drop(
            columns="threshold"
        )

    def _means(
        self,
        scores: NDArray[np.floating],
        events: CodedEvents,
        times: tuple[NDArray[np.float64], NDArray[np.float64]],
    ) -> NDArray[np.float64]:
        """(E,) mean scores of the events before they were padded."""
        frames = self.frames
        cells = events.clip, events.label
        return mean_scores(
            scores, frames.edges, frames.valid_frames, cells, times
        )

    def _table(
        self,
        events: CodedEvents | Boxes,
        limits: NDArray[np.float64] | float,
        confidence: NDArray[np.float64],
    ) -> pd.DataFrame:
        names = np.empty(len(self.frames.clips), dtype=object)
        names[:] = self.frames.clips
        labels = np.array(self.frames.labels, dtype=object)
        columns = (
            names[events.clip],
            events.onset,
            events.offset,
            labels[events.label],
            limits,
            confidence,
        )
        return pd.DataFrame(dict(zip(DETECTION_COLUMNS, columns, strict=True)))

    def _runs(self) -> CodedEvents:
        """Runs of frames above each threshold."""
        settings, lower = self.settings, None
        if settings.deactivation_th is not None:
            labels, limits = self.frames.labels, self.limits
            own = settings.class_values("deactivation_th", labels)
            upper = settings.class_thresholds(labels)
            # Not rounded where it is used as it is given.
            lower = np.where(limits == upper, own, limits * (own / upper))
        return frame_runs(self.scores, self.frames.edges, self.limits, lower)

    def _boxes(self) -> tuple[CodedEvents, NDArray[np.float64]]:
        """Boxes above each threshold, and their confidences."""
        boxes = self._find_boxes()
        # Compared as frames are: in the precision of the scores.
        dtype = self.scores.dtype
        limits = self.limits[:, boxes.label].astype(dtype)
        point, row = np.nonzero(boxes.confidence.astype(dtype) > limits)
        clip, label = boxes.clip[row], boxes.label[row]
        order = np.lexsort((boxes.onset[row], label, point, clip))
        row = row[order]
        size = len(self.frames.clips), len(self.frames.labels)
        events = CodedEvents(
            clip[order],
            point[order],
            label[order],
            boxes.onset[row],
            boxes.offset[row],
            (*size, len(self.limits)),
        )
        return events, boxes.confidence[row]

    def _find_boxes(self) -> Boxes:
        names = (
            *("step_filter_length", "merge_threshold_abs"),
            "merge_threshold_rel",
        )
        frames, values = self.frames, self.settings.class_values
        options = {name: values(name, frames.labels) for name in names}
        return sebbs(self.scores, frames.edges, frames.valid_frames, **options)

    def _bounds(self) -> NDArray[np.float64]:
        """(N, 2) begin and end of the sound of each clip."""
        ends = frame_ends(self.frames)
        begins = np.broadcast_to(self.frames.edges[..., 0], ends.shape)
        return np.stack((begins, ends), axis=1)

    def _rules(self) -> dict[str, NDArray[np.float64]]:
        values, labels = self.settings.class_values, self.frames.labels
        return {name: values(name, labels) for name in RULES}


def refuse_nan(
    scores: NDArray[np.floating],
    names: Sequence[str] | NDArray[np.object_],
    labels: Sequence[str],
    valid: NDArray[np.int64],
) -> None:
    """Refuses scores that are not numbers, where there is sound."""
    inside = np.arange(scores.shape[2]) < valid[:, None, None]
    found = np.argwhere(np.isnan(scores) & inside)
    if len(found):
        clip, row, frame = found[0]
        raise ValueError(
            f"clip {str(names[clip])!r} has a NaN score ({labels[row]}, "
            f"frame {frame}); {len(np.unique(found[:, 0]))} of "
            f"{len(names)} clips have any: look for a diverged network or a "
            "damaged file"
        )
