"""How predictions become events at one operating point."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth_files import Annotations
from lgc_plugin.evaluation.notes import Notes, counted
from lgc_plugin.evaluation.postprocess.median_filter import (
    resolve_median_windows,
)
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.postprocess.thresholds import PSDS_THRESHOLDS
from lgc_plugin.evaluation.predictions import Predictions
from lgc_plugin.evaluation.psds_free import has_sed_scores_eval
from lgc_plugin.evaluation.tuned_settings import TunedSettings

DEFAULT_THRESHOLD = 0.5
# A threshold that is further away is another operating point.
_NEAR = 0.05


@dataclass(frozen=True, eq=False)
class OperatingPoint:
    """Where F1 scores are taken."""

    #: The same, for people.
    text: str
    #: One of the thresholds of detections; None if there is one operating
    #: point, or for frame scores.
    threshold: float | None = None
    #: For frame scores.
    post_processing: PostProcessing = field(default_factory=PostProcessing)


def point_of_frames(
    frames: FrameScores,
    settings: TunedSettings | None,
    options: OperatingOptions,
    notes: Notes,
) -> OperatingPoint:
    """How frame scores become events."""
    if settings is None:
        if options.median_windows is None:
            notes.note(
                "scores are not filtered: --median-windows or --settings "
                "would smooth them"
            )
        limit = options.threshold
        windows = options.median_windows or 1
        if isinstance(windows, Mapping):
            # What the system does not score needs none.
            windows = {x: windows.get(x, 1) for x in frames.labels}
        post_processing = PostProcessing(
            windows,
            PSDS_THRESHOLDS,
            DEFAULT_THRESHOLD if limit is None else limit,
        )
        operating = (
            f"threshold {post_processing.decision_threshold:g}"
            f"{_windows_text(options.median_windows)}"
        )
    else:
        post_processing = _decoding_of(settings, frames.labels)
        operating = f"windows and thresholds of {options.settings}"
    _tell_range(frames, notes)
    _tell_free(frames, notes)
    post_processing = post_processing.for_labels(frames.labels)
    return OperatingPoint(operating, post_processing=post_processing)


def _windows_text(
    windows: int | Sequence[int] | Mapping[str, int] | None,
) -> str:
    """What is done before the threshold."""
    if windows is None:
        return ", no filter"
    if isinstance(windows, int):
        return f", median window of {counted(windows, 'frame')}"
    return ", a median window for each class"


def _decoding_of(
    settings: TunedSettings, labels: Sequence[str]
) -> PostProcessing:
    """The settings of these classes; what no clip has needs none."""
    limit = settings.decision_threshold
    if isinstance(limit, Mapping):
        limit = {x: limit[x] for x in labels if x in limit}
    windows = settings.median_windows
    return PostProcessing(
        {x: windows[x] for x in labels if x in windows},
        decision_threshold=limit,
    )


def point_of_events(
    predictions: Predictions, options: OperatingOptions, notes: Notes
) -> OperatingPoint:
    """Which threshold of detections is taken."""
    if options.median_windows is not None or options.settings is not None:
        raise ValueError(
            f"{predictions.path}: detections are final: median windows and "
            "tuned settings are for frame scores"
        )
    wanted = options.threshold
    points = predictions.thresholds
    if len(points) < 2:
        given = f", at threshold {points[0]:g}" if points else ""
        notes.note(
            "PSDS is left out: it needs detections at many thresholds, or "
            "frame scores"
        )
        if wanted is not None and points != (wanted,):
            notes.warn(
                f"there is one operating point{given}: --threshold {wanted:g} "
                "changes nothing"
            )
        return OperatingPoint(f"the one operating point{given}")
    wanted = DEFAULT_THRESHOLD if wanted is None else wanted
    nearest = predictions.nearest(wanted)
    if abs(nearest - wanted) > _NEAR:
        notes.warn(
            f"no threshold is near {wanted:g}: F1 scores are those at "
            f"{nearest:g} (--threshold chooses another)"
        )
    if len(points) < len(PSDS_THRESHOLDS):
        notes.note(
            f"PSDS is that of {counted(len(points), 'threshold')}: less than "
            f"at the {len(PSDS_THRESHOLDS)} of DCASE, if not much"
        )
    operating = f"threshold {nearest:g}"
    if nearest != wanted:
        operating += f" (the nearest to {wanted:g})"
    return OperatingPoint(operating, nearest)


def _tell_range(frames: FrameScores, notes: Notes) -> None:
    """Logits and the like are no probabilities."""
    known = frames.scores[np.isfinite(frames.scores)]
    if known.size and (known.min() < 0 or known.max() > 1):
        notes.warn(
            f"scores reach from {known.min():g} to {known.max():g}: "
            "thresholds lie between 0 and 1, so PSDS (but not the "
            "threshold-free one) and F1 scores mean little"
        )


def _tell_free(frames: FrameScores, notes: Notes) -> None:
    """Why there is no threshold-free PSDS."""
    reason = ""
    if not has_sed_scores_eval():
        reason = "install lgc_plugin with the extra 'scores' to have it"
    elif unscored(frames):
        reason = f"no scores of {', '.join(unscored(frames))}"
    if reason:
        notes.note(f"threshold-free PSDS is left out: {reason}")


def unscored(frames: FrameScores) -> list[str]:
    """Classes without scores, where sed_scores_eval fails."""
    silent = np.flatnonzero(np.isneginf(frames.scores).all(axis=(0, 2)))
    return [frames.labels[row] for row in silent]


@dataclass(frozen=True)
class OperatingOptions:
    """How a user wants predictions to become events.

    Arguments
    ---------
    threshold : float, optional
        Where F1 scores are taken; None means 0.5, or that of ``settings``.
    median_windows : int or Sequence[int] or Mapping[str, int], optional
        Frames; for frame scores only. None filters nothing, or does what
        what ``settings`` have.
    settings : str or Path, optional
        YAML file of ``lgc-sed tune``; for frame scores only.

    Raises
    ------
    ValueError
        If the threshold is infinite or NaN.

    Example
    -------
    >>> OperatingOptions(threshold=0.4).median_windows is None
    True
    """

    threshold: float | None = None
    median_windows: int | Sequence[int] | Mapping[str, int] | None = None
    settings: str | Path | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None and not math.isfinite(self.threshold):
            raise ValueError(f"threshold is {self.threshold}: give a number")


def windows_by_class(
    options: OperatingOptions, labels: Sequence[str], others: Sequence[str]
) -> OperatingOptions:
    """Options whose median windows, if there are several, have names."""
    windows = options.median_windows
    if windows is None or isinstance(windows, int):
        return options
    if isinstance(windows, Mapping):
        windows = {
            name: window
            for name, window in windows.items()
            if name in labels or name not in others
        }
    each = resolve_median_windows(windows, labels)
    named = dict(zip(labels, each, strict=True))
    return replace(options, median_windows=named)


def settings_of(
    frames: FrameScores, annotations: Annotations, options: OperatingOptions
) -> TunedSettings | None:
    """The tuned settings, if they may be used here."""
    if options.settings is None:
        return None
    if options.threshold is not None or options.median_windows is not None:
        raise ValueError(
            f"{options.settings} has windows and thresholds: leave out "
            "--threshold and --median-windows"
        )
    settings = TunedSettings.read(options.settings)
    settings.refuse(annotations.truth.clips, str(annotations.path))
    settings.check_frames(frames.frame_seconds)
    return settings
