"""How frame scores become events: all settings in one object."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from numbers import Real
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.postprocess.decoding import decode_frames
from lgc_plugin.evaluation.postprocess.median_filter import (
    check_names,
    resolve_median_windows,
)
from lgc_plugin.evaluation.postprocess.thresholds import (
    PSDS_THRESHOLDS,
    as_thresholds,
)

if TYPE_CHECKING:
    from lgc_plugin.evaluation.frame_scores import FrameScores

#: One number for all classes, or one for each by name.
PerClass: TypeAlias = float | Mapping[str, float]

#: Settings with a number for each class, and the least that each may be.
CLASS_SETTINGS = {
    "decision_threshold": -math.inf,
    "deactivation_th": 0.0,
    "close_th": 0.0,
    "len_th": 0.0,
    "pad_before": 0.0,
    "pad_after": 0.0,
    "step_filter_length": 0.0,
    "merge_threshold_abs": 0.0,
    "merge_threshold_rel": 0.0,
}
# Those that change events after they were found.
_RULES = ("close_th", "len_th", "pad_before", "pad_after")


@dataclass(frozen=True)
class PostProcessing:
    """Everything between frame scores and events.

    In this order: a median filter; runs of frames above a threshold, or sound
    event bounding boxes (Ebbers et al., Interspeech 2024) whose confidence is
    above it; short gaps are closed, short events dropped, the rest padded.
    What is given by class names every class once.

    Arguments
    ---------
    median_windows : int or Sequence[int] or Mapping[str, int]
        Frames, see :func:`.median_filter.resolve_median_windows`.
    thresholds : Sequence[float]
        Operating points of PSDS.
    decision_threshold : float or Mapping[str, float]
        Where F1 scores are taken and events detected; it need not be among
        ``thresholds``. SpeechBrain's ``activation_th``.
    deactivation_th : float or Mapping[str, float], optional
        An event begins above the threshold and goes on while above this one,
        which is not larger (hysteresis). At other thresholds it has the same
        ratio to them. None: an event ends where it falls to its threshold.
    close_th : float or Mapping[str, float]
        Seconds; gaps between events of a class that are not longer are closed.
    len_th : float or Mapping[str, float]
        Seconds; events that are shorter are dropped.
    pad_before, pad_after : float or Mapping[str, float]
        Seconds that events are extended by, within the sound of the clip.
    step_filter_length : float or Mapping[str, float], optional
        Seconds of the filter that finds bounding boxes. None: no boxes.
    merge_threshold_abs, merge_threshold_rel : float or Mapping[str, float]
        Boxes are merged over a gap whose lowest score is nearer to their
        highest than both: by difference and by ratio.

    Example
    -------
    >>> settings = PostProcessing(7, len_th={"Cat": 0.1, "Dog": 0.2})
    >>> settings.for_labels(["Cat", "Dog"]).median_windows
    (7, 7)
    >>> settings.settings()
    {'median_windows': 7, 'len_th': {'Cat': 0.1, 'Dog': 0.2}}
    """

    median_windows: int | Sequence[int] | Mapping[str, int] = 1
    thresholds: Sequence[float] = PSDS_THRESHOLDS
    decision_threshold: PerClass = 0.5
    deactivation_th: PerClass | None = None
    close_th: PerClass = 0.0
    len_th: PerClass = 0.0
    pad_before: PerClass = 0.0
    pad_after: PerClass = 0.0
    step_filter_length: PerClass | None = None
    merge_threshold_abs: PerClass = 0.15
    merge_threshold_rel: PerClass = 2.0

    def for_labels(self, labels: Sequence[str]) -> PostProcessing:
        """The same with plain numbers and one window per class, checked."""
        numbers = {
            name: _checked(name, getattr(self, name), labels)
            for name in CLASS_SETTINGS
        }
        as_thresholds(self.thresholds, labels)
        limits = tuple(float(each) for each in self.thresholds)
        windows = self.class_windows(labels)
        checked = PostProcessing(windows, limits, **numbers)
        checked._check_hysteresis(labels)
        return checked

    def class_windows(self, labels: Sequence[str]) -> tuple[int, ...]:
        """The median window of each class, in frames."""
        return resolve_median_windows(self.median_windows, labels)

    def class_values(self, name: str, labels: Sequence[str]) -> np.ndarray:
        """(C,) one of :data:`CLASS_SETTINGS`, of each class."""
        value = getattr(self, name)
        by_class = isinstance(value, Mapping)
        each = [value[x] if by_class else value for x in labels]
        return np.array(each, dtype=np.float64)

    def class_thresholds(self, labels: Sequence[str]) -> np.ndarray:
        """(C,) the operating threshold of each class."""
        return as_thresholds(self.decision_threshold, labels)[0]

    @property
    def finds_boxes(self) -> bool:
        """Whether events are sound event bounding boxes."""
        return self.step_filter_length is not None

    @property
    def has_rules(self) -> bool:
        """Whether hysteresis or rules change events with the threshold."""
        return bool(self.settings().keys() & {"deactivation_th", *_RULES})

    def settings(self) -> dict[str, Any]:
        """Plain values by name, of what differs from the defaults."""
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            each = value
            if isinstance(value, Mapping):
                value, each = dict(value), tuple(value.values())
            elif isinstance(value, Sequence):
                value, each = list(value), tuple(value)
            # One number for all classes may be written once or for each.
            same = isinstance(each, tuple) and set(each) == {field.default}
            if not same and each != field.default:
                found[field.name] = value
        return found

    def all_events(self, frames: FrameScores) -> pd.DataFrame:
        """Events at all thresholds."""
        return self._events(frames, self.thresholds)

    def operating_events(self, frames: FrameScores) -> pd.DataFrame:
        """Events at the operating threshold, each with that of its class."""
        return self._events(frames, self.decision_threshold)

    def _events(
        self,
        frames: FrameScores,
        thresholds: Sequence[float] | float | Mapping[str, float],
    ) -> pd.DataFrame:
        return decode_frames(
            frames.scores,
            frames.clips,
            frames.labels,
            frames.edges,
            thresholds,
            self.median_windows,
            frames.valid_frames,
        )

    def _check_hysteresis(self, labels: Sequence[str]) -> None:
        """Refuses deactivation thresholds that make no sense."""
        if self.deactivation_th is None:
            return
        if self.finds_boxes:
            raise ValueError(
                "deactivation_th is for runs of frames, step_filter_length for "
                "bounding boxes: leave one of them out"
            )
        if min(self.thresholds) <= 0:
            raise ValueError(
                "thresholds must be above 0 where deactivation_th is set, "
                f"which is scaled with them; got {min(self.thresholds):g}"
            )
        lower = self.class_values("deactivation_th", labels)
        upper = self.class_thresholds(labels)
        for label, low, high in zip(labels, lower, upper, strict=True):
            if high <= 0 or low > high:
                raise ValueError(
                    f"deactivation_th of {label!r} is {low:g}: must not be "
                    f"above its decision_threshold, {high:g}, which must be "
                    "above 0"
                )


def _checked(name: str, value: Any, labels: Sequence[str]) -> Any:
    """A setting of every class with plain numbers."""
    if value is None and name in ("deactivation_th", "step_filter_length"):
        return None
    for each in value.values() if isinstance(value, Mapping) else [value]:
        real = isinstance(each, Real) and not isinstance(each, bool)
        if not real or not math.isfinite(float(each)):
            raise ValueError(
                f"{name} is {short(each)}: must be a number, or one for each "
                "class by name"
            )
        least = CLASS_SETTINGS[name]
        if each < least or (name == "step_filter_length" and each == 0):
            what = "above 0" if name == "step_filter_length" else "at least 0"
            raise ValueError(f"{name} is {short(each)}: must be {what}")
    if not isinstance(value, Mapping):
        return float(value)
    check_names(value, labels, name)
    return {label: float(value[label]) for label in labels}
