"""Scores to events while the scores are still coming."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.postprocess.median_filter import (
    resolve_median_windows,
)
from lgc_plugin.evaluation.postprocess.thresholds import as_thresholds
from lgc_plugin.inference.event_runs import Run, RunFinder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lgc_plugin.inference.model.model_settings import ModelSettings

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
        Mean score of its frames, before the median filter.

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
    """Median filter, thresholds and runs of frames, piece by piece.

    The events are those of :func:`.postprocess.decode_frames` for the whole
    recording, whatever the pieces, and so is their order: that in
    which they become final. Memory depends on the median windows alone, not
    on how long a recording or an event lasts.
    """

    def __init__(
        self,
        labels: Sequence[str],
        median_windows: int | Sequence[int] | Mapping[str, int],
        thresholds: float | Mapping[str, float],
        frame_seconds: float,
    ) -> None:
        self.labels = tuple(labels)
        windows = resolve_median_windows(median_windows, self.labels)
        limits = as_thresholds(thresholds, self.labels)[0]
        self.frame_seconds = frame_seconds
        self._rows = [
            RunFinder(window, limit)
            for window, limit in zip(windows, limits, strict=True)
        ]
        self._n_frames = 0

    @classmethod
    def of_model(
        cls, settings: ModelSettings, threshold: Threshold = None
    ) -> EventStream:
        """The events of a model, if wanted with other thresholds."""
        limits = class_thresholds(
            threshold, settings.decision_threshold, settings.labels
        )
        return cls(
            settings.labels,
            settings.median_windows,
            limits,
            settings.frame_seconds,
        )

    @property
    def latency_frames(self) -> int:
        """An event is given out so many frames after its offset, at most.

        That many frames decide where it ends: the class with the longest
        median window needs the most. At the end of the recording there is
        nothing to wait for.
        """
        return 1 + max(row.after for row in self._rows)

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

    def _detections(self, found: list[list[Run]]) -> list[Detection]:
        """In the order in which they became final."""
        ordered = sorted(
            (run.offset + row.after, index, run)
            for index, (row, runs) in enumerate(
                zip(self._rows, found, strict=True)
            )
            for run in runs
        )
        return [
            Detection(
                self._seconds(run.onset),
                self._seconds(run.offset),
                self.labels[index],
                run.confidence,
            )
            for _, index, run in ordered
        ]

    def _seconds(self, frame: int) -> float:
        # As EventEncoder.seconds, so that files and streams agree.
        return round(frame * self.frame_seconds, 6)

    def _refuse_nan(self, scores: NDArray[np.floating]) -> None:
        missing = np.argwhere(np.isnan(scores.T))
        if len(missing):
            frame, row = missing[0]
            frame = int(frame) + self._n_frames
            raise ValueError(
                f"NaN score of {self.labels[row]!r} at "
                f"{self._seconds(frame):g} s (frame {frame}): look for a "
                "diverged network or a damaged recording"
            )


def class_thresholds(
    asked: Threshold, own: float | Mapping[str, float], labels: Sequence[str]
) -> float | dict[str, float]:
    """A threshold for all classes, or one for each.

    Example
    -------
    >>> class_thresholds({"Dog": 0.3}, 0.5, ["Cat", "Dog"])
    {'Cat': 0.5, 'Dog': 0.3}
    """
    if asked is None:
        return dict(own) if isinstance(own, Mapping) else own
    if not isinstance(asked, Mapping):
        return _probability(asked)
    unknown = [label for label in asked if label not in labels]
    if unknown:
        raise ValueError(
            f"threshold of {unknown[0]!r}: the classes of the model are "
            f"{', '.join(labels)}"
        )
    if not isinstance(own, Mapping):
        own = dict.fromkeys(labels, own)
    given = {label: _probability(limit) for label, limit in asked.items()}
    return {**own, **given}


def _probability(threshold: float) -> float:
    try:
        number = float(threshold)
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 <= number <= 1:
        raise ValueError(
            f"threshold is {threshold!r}: must be a number from 0 to 1"
        )
    return number


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
        yield from stream.push(scores)
    for event in stream.finish():
        # The last frame may reach beyond the end of the recording.
        yield event._replace(offset=min(event.offset, seconds))
