"""Scores to events while the scores are still coming."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.postprocess.class_settings import (
    CLASS_SETTINGS,
    check_probability,
)
from lgc_plugin.inference.class_stream import ClassStream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lgc_plugin.evaluation.postprocess.post_processing import (
        PostProcessing,
    )
    from lgc_plugin.inference.class_stream import ClassEvent

#: Of all classes, of some by name, or the model's own.
Threshold = float | Mapping[str, float] | None
#: Gets (C, n) scores as they become final, and the seconds that are done.
OnScores = Callable[["NDArray[np.float32]", float], None]


class Detection(NamedTuple):
    """One event that a network found.

    Arguments
    ---------
    onset : float
        Seconds from the start of the recording.
    offset : float
        Seconds from the start of the recording, after ``onset``.
    event_label : str
        Name of the class.
    confidence : float
        Mean score of its frames, before the median filter; of a bounding
        box, after it.

    Example
    -------
    >>> Detection(0.5, 2.0, "Dog", 0.8).event_label
    'Dog'
    """

    onset: float
    offset: float
    event_label: str
    confidence: float


class EventStream:
    """Post-processing of a recording, piece by piece.

    The events are those of :meth:`.PostProcessing.operating_events` for the
    whole recording, whatever the pieces, and each is given out as soon as
    nothing can change it; of those that a piece completes, the ones that end
    first come first. Memory depends on the settings alone, not on how long a
    recording or an event lasts.
    """

    def __init__(
        self,
        labels: Sequence[str],
        post_processing: PostProcessing,
        frame_seconds: float,
    ) -> None:
        self.labels = tuple(labels)
        self.frame_seconds = frame_seconds
        settings = post_processing.for_labels(self.labels)
        values = {
            name: settings.class_values(name, self.labels).tolist()
            for name in CLASS_SETTINGS
            if getattr(settings, name) is not None
        }
        windows = settings.class_windows(self.labels)
        self._rows = [
            ClassStream(
                window,
                {name: each[row] for name, each in values.items()},
                frame_seconds,
            )
            for row, window in enumerate(windows)
        ]
        self._n_frames = 0

    @property
    def latency_frames(self) -> float:
        """An event is given out so many frames after its offset, at most.

        That many frames decide where it ends: the class with the longest
        median window, gap and padding needs the most. Infinite for bounding
        boxes. At the end of the recording there is nothing to wait for.
        """
        return max(row.latency_frames for row in self._rows)

    def push(self, scores: NDArray[np.floating]) -> list[Detection]:
        """Takes the next (C, n) frames."""
        self._refuse_nan(scores)
        self._n_frames += scores.shape[1]
        if not scores.shape[1]:
            return []
        rows = zip(self._rows, scores, strict=True)
        return self._detections([row.push(piece) for row, piece in rows])

    def finish(self) -> list[Detection]:
        """Ends the recording."""
        return self._detections([row.finish() for row in self._rows])

    def _detections(self, found: list[list[ClassEvent]]) -> list[Detection]:
        """In the order in which they were decided."""
        ordered = sorted(
            (event.decided, index, event)
            for index, events in enumerate(found)
            for event in events
        )
        return [
            Detection(
                # As EventEncoder.seconds, so that files and streams agree.
                round(event.onset, 6),
                round(event.offset, 6),
                self.labels[index],
                event.confidence,
            )
            for _, index, event in ordered
        ]

    def _refuse_nan(self, scores: NDArray[np.floating]) -> None:
        missing = np.argwhere(np.isnan(scores.T))
        if len(missing):
            frame, row = missing[0]
            frame = int(frame) + self._n_frames
            raise ValueError(
                f"NaN score of {self.labels[row]!r} at "
                f"{frame * self.frame_seconds:g} s (frame {frame}): look for a "
                "diverged network or a damaged recording"
            )


def with_threshold(
    settings: PostProcessing, threshold: Threshold, labels: Sequence[str]
) -> PostProcessing:
    """The same with another decision threshold, of all classes or of some.

    Example
    -------
    >>> from lgc_plugin.evaluation import PostProcessing
    >>> changed = with_threshold(PostProcessing(), {"Dog": 0.3}, ["Cat", "Dog"])
    >>> changed.decision_threshold
    {'Cat': 0.5, 'Dog': 0.3}
    """
    if threshold is None:
        return settings
    check_probability(threshold)
    return settings.changed({"decision_threshold": threshold}, labels)


def detection_table(
    events: Iterable[Detection], labels: Sequence[str]
) -> pd.DataFrame:
    """The events of one recording, by onset.

    Example
    -------
    >>> late, early = Detection(2, 3, "Cat", 0.9), Detection(1, 4, "Dog", 0.7)
    >>> table = detection_table([late, early], ["Cat", "Dog"])
    >>> print(table.to_string(index=False))
     onset  offset event_label  confidence
       1.0     4.0         Dog         0.7
       2.0     3.0         Cat         0.9
    """
    row = {label: number for number, label in enumerate(labels)}
    found = sorted(events, key=lambda e: (e.onset, row[e.event_label]))
    table = pd.DataFrame(found, columns=list(Detection._fields))
    # Without events, pandas would not know that these are numbers.
    numbers = [name for name in Detection._fields if name != "event_label"]
    return table.astype(dict.fromkeys(numbers, "float64"))


def find_events(
    pieces: Iterable[tuple[NDArray[np.float32], float]],
    stream: EventStream,
    on_scores: OnScores | None,
) -> Iterator[Detection]:
    """Events of scores and seconds that are done, as they become final."""
    seconds = 0.0
    for scores, seconds in pieces:
        if on_scores is not None:
            on_scores(scores, seconds)
        yield from _within(stream.push(scores), seconds)
    yield from _within(stream.finish(), seconds)


def _within(events: Iterable[Detection], seconds: float) -> Iterator[Detection]:
    """The last frame may reach beyond the end of the recording."""
    for event in events:
        if event.onset < seconds:
            yield event._replace(offset=min(event.offset, seconds))
