"""How frame scores become events: all settings in one object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.events import CodedEvents
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.postprocess.class_settings import (
    CLASS_SETTINGS,
    PerClass,
    check_hysteresis,
    check_setting,
)
from lgc_plugin.evaluation.postprocess.decoding import RULES, Decoder
from lgc_plugin.evaluation.postprocess.median_filter import (
    as_score_array,
    as_valid_frames,
    resolve_median_windows,
)
from lgc_plugin.evaluation.postprocess.thresholds import (
    PSDS_THRESHOLDS,
    as_thresholds,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import Tensor


#: Why there is no threshold-free PSDS of some settings.
NOT_SWEPT = (
    "deactivation_th, close_th, len_th and padding change events in ways that "
    "depend on the threshold"
)


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
            name: check_setting(name, getattr(self, name), labels)
            for name in CLASS_SETTINGS
        }
        as_thresholds(self.thresholds, labels)
        limits = tuple(float(each) for each in self.thresholds)
        windows = self.class_windows(labels)
        checked = PostProcessing(windows, limits, **numbers)
        check_hysteresis(checked, labels)
        return checked

    def changed(
        self, given: Mapping[str, Any], labels: Sequence[str]
    ) -> PostProcessing:
        """With other settings; classes that these do not name keep theirs."""
        start, changed = self.for_labels(labels), {}
        for name, value in given.items():
            own = getattr(start, name)
            if isinstance(value, Mapping) and own is not None:
                if name == "median_windows":
                    own = dict(zip(labels, own, strict=True))
                elif not isinstance(own, Mapping):
                    own = dict.fromkeys(labels, own)
                value = {**own, **value}
            changed[name] = value
        return replace(start, **changed).for_labels(labels)

    def select(self, labels: Sequence[str]) -> PostProcessing:
        """The same of some classes only, where these are named."""
        kept = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Mapping):
                value = {x: value[x] for x in labels if x in value}
            kept[field.name] = value
        return PostProcessing(**kept)

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
        return bool(self.settings().keys() & {"deactivation_th", *RULES})

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
        return self._decoder(frames, self.thresholds).table()

    def operating_events(self, frames: FrameScores) -> pd.DataFrame:
        """Events at the operating threshold, each with that of its class."""
        return self._decoder(frames, self.decision_threshold).table()

    def coded_events(
        self, frames: FrameScores, thresholds: Sequence[float] | None = None
    ) -> CodedEvents:
        """Events as numbers, at thresholds or, None, at the operating one.

        Clips and classes are those of the frames.
        """
        return self._decoder(
            frames,
            self.decision_threshold if thresholds is None else thresholds,
        ).coded()

    def candidates(self, frames: FrameScores) -> pd.DataFrame:
        """All bounding boxes with their confidence, above no threshold."""
        if not self.finds_boxes:
            raise ValueError(
                "only bounding boxes have candidates: set step_filter_length"
            )
        return self._decoder(frames, self.decision_threshold).candidates()

    def swept_scores(self, frames: FrameScores) -> FrameScores:
        """Scores of which every threshold makes the events that it decides.

        Filtered; of boxes, see :func:`.box_scores.scores_of_events`.
        """
        if self.has_rules:
            raise ValueError(f"no scores can be swept: {NOT_SWEPT}")
        return self._decoder(frames, self.decision_threshold).swept()

    def _decoder(
        self, frames: FrameScores, thresholds: Sequence[float] | PerClass
    ) -> Decoder:
        settings = self.for_labels(frames.labels)
        limits = as_thresholds(thresholds, frames.labels)
        return Decoder(frames, settings, limits)


def decode_frames(
    scores: ArrayLike | Tensor,
    clip_ids: Sequence[str],
    labels: Sequence[str],
    edges: ArrayLike,
    thresholds: Sequence[float] | PerClass,
    median_windows: int | Sequence[int] | Mapping[str, int] = 1,
    valid_frames: ArrayLike | Tensor | None = None,
) -> pd.DataFrame:
    """Events that frame scores show at each threshold.

    The scores are median filtered once. A rank filter commutes with
    thresholding, so the events are those of filtering each thresholded copy.
    :class:`PostProcessing` does more, for :class:`.frame_scores.FrameScores`.

    Arguments
    ---------
    scores : Tensor or array
        (B, C, T') probabilities.
    clip_ids : Sequence[str]
        B names, each once.
    labels : Sequence[str]
        C class names.
    edges : array
        Seconds at which frames begin, and the end of the last: (T' + 1,), or
        (B, T' + 1) if clips have frames of their own.
    thresholds : Sequence[float] or float or Mapping[str, float]
        Thresholds of all classes; or one for each class by name, which are
        one operating point. A class is active where its score is greater,
        compared in the precision of the scores.
    median_windows : int or Sequence[int] or Mapping[str, int]
        Frames, see :func:`.median_filter.resolve_median_windows`.
    valid_frames : Tensor or array, optional
        (B,) output frames that hold sound. None means all.

    Returns
    -------
    pandas.DataFrame
        One row per event: ``filename``, ``onset`` and ``offset`` in seconds,
        ``event_label``, ``threshold`` (that of the event's class),
        ``confidence`` (its mean score); ordered by clip (as given), threshold
        (as given), class, onset.

    Raises
    ------
    ValueError
        If shapes, names, thresholds or windows do not fit together, or a
        score is NaN; the message names the clip.

    Example
    -------
    >>> scores = np.array([[[0.1, 0.5, 0.5], [0.1, 0.5, 0.5]]])
    >>> edges = np.array([0.0, 1.0, 2.0, 2.5])
    >>> limits = {"Cat": 0.3, "Dog": 0.5}
    >>> found = decode_frames(scores, ["a"], list(limits), edges, limits)
    >>> print(found.to_string(index=False))
    filename  onset  offset event_label  threshold  confidence
           a    1.0     2.5         Cat        0.3         0.5
    """
    array = as_score_array(scores)
    valid = as_valid_frames(valid_frames, len(array), array.shape[2])
    frames = FrameScores(
        tuple(labels), tuple(clip_ids), array, valid, np.asarray(edges)
    )
    return PostProcessing(median_windows)._decoder(frames, thresholds).table()
