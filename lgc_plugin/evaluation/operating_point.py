"""How predictions become events at one operating point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.confidences import events_above
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.notes import Notes, counted
from lgc_plugin.evaluation.operating_options import OperatingOptions
from lgc_plugin.evaluation.postprocess.class_settings import PerClass
from lgc_plugin.evaluation.postprocess.post_processing import (
    NOT_SWEPT,
    PostProcessing,
)
from lgc_plugin.evaluation.postprocess.settings_text import settings_text
from lgc_plugin.evaluation.postprocess.thresholds import PSDS_THRESHOLDS
from lgc_plugin.evaluation.predictions import Predictions
from lgc_plugin.evaluation.psds_free import has_sed_scores_eval
from lgc_plugin.evaluation.tuned_settings import TunedSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_THRESHOLD = 0.5
# A threshold that is further away is another operating point.
_NEAR = 0.05
# Systems that drop no event have some that are less confident.
_LOW = 0.1


@dataclass(frozen=True, eq=False)
class OperatingPoint:
    """Where F1 scores are taken."""

    #: The same, for people.
    text: str
    #: One of the thresholds of detections, or of their confidences; None if
    #: there is one operating point, or for frame scores.
    threshold: PerClass | None = None
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
        given = options.given
        if "median_windows" not in given and not given.get(
            "step_filter_length"
        ):
            notes.note(
                "scores are not filtered: --median-windows or --settings "
                "would smooth them"
            )
        # What the system does not score needs no value of its own.
        for name, value in given.items():
            if isinstance(value, Mapping):
                given[name] = {
                    x: value.get(x, min(value.values())) for x in frames.labels
                }
        post_processing = PostProcessing(**given).for_labels(frames.labels)
        operating = settings_text(post_processing)
    else:
        post_processing = settings.for_labels(frames.labels)
        operating = f"windows and thresholds of {options.settings}"
        post_processing = post_processing.for_labels(frames.labels)
    _tell_range("scores", frames.scores, notes)
    _tell_free(frames, post_processing, notes)
    return OperatingPoint(operating, post_processing=post_processing)


def point_of_events(
    predictions: Predictions, options: OperatingOptions, notes: Notes
) -> OperatingPoint:
    """Which threshold of detections is taken."""
    names = [name for name in options.given if name != "decision_threshold"]
    if names or options.settings is not None:
        raise ValueError(
            f"{predictions.path}: detections are final: "
            f"{', '.join(names) or 'settings'} and the like are for frame "
            "scores"
        )
    wanted = options.threshold
    if predictions.has_confidences:
        return _point_of_confidences(predictions, wanted, notes)
    if isinstance(wanted, Mapping):
        raise ValueError(
            f"{predictions.path}: thresholds by class are for frame scores and "
            "confidences: give one for all"
        )
    points = predictions.thresholds
    if len(points) < 2:
        given = f", at threshold {points[0]:g}" if points else ""
        notes.note(
            "PSDS is left out: it needs detections at many thresholds, with "
            "confidences, or frame scores"
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


def _point_of_confidences(
    predictions: Predictions, wanted: PerClass | None, notes: Notes
) -> OperatingPoint:
    """Which events are taken of a list with confidences."""
    events = predictions.detections
    known = events.confidence.to_numpy()
    _tell_range("confidences", known, notes)
    _tell_installed(notes)
    if known.size and known.min() > _LOW:
        notes.note(
            f"the lowest confidence is {known.min():g}: PSDS is lower than "
            "with all events, however unsure"
        )
    if wanted is None:
        unsure = int((known <= DEFAULT_THRESHOLD).sum())
        if unsure:
            notes.note(
                f"F1 scores and counts are of all {len(events)} events listed; "
                f"{unsure} of them have a confidence of at most "
                f"{DEFAULT_THRESHOLD:g}: --threshold {DEFAULT_THRESHOLD:g} "
                "leaves these out"
            )
        return OperatingPoint(f"all {counted(len(events), 'event')} listed")
    above = len(events_above(events, wanted))
    name = "a threshold for each class"
    if not isinstance(wanted, Mapping):
        name = f"threshold {wanted:g}"
    return OperatingPoint(
        f"{name}, {above} of {counted(len(events), 'event')}", wanted
    )


def _tell_range(what: str, values: NDArray[np.floating], notes: Notes) -> None:
    """Logits and the like are no probabilities."""
    known = values[np.isfinite(values)]
    if known.size and (known.min() < 0 or known.max() > 1):
        notes.warn(
            f"{what} reach from {known.min():g} to {known.max():g}: "
            "thresholds lie between 0 and 1, so PSDS (but not the "
            "threshold-free one) and F1 scores mean little"
        )


def _tell_free(
    frames: FrameScores, post_processing: PostProcessing, notes: Notes
) -> None:
    """Why there is no threshold-free PSDS."""
    reason = ""
    if post_processing.has_rules:
        reason = NOT_SWEPT
    elif has_sed_scores_eval() and unscored(frames):
        reason = f"no scores of {', '.join(unscored(frames))}"
    if reason:
        notes.note(f"threshold-free PSDS is left out: {reason}")
    else:
        _tell_installed(notes)


def _tell_installed(notes: Notes) -> None:
    """What else is needed for threshold-free PSDS."""
    if not has_sed_scores_eval():
        notes.note(
            "threshold-free PSDS is left out: install lgc_plugin with the "
            "extra 'scores' to have it"
        )


def unscored(frames: FrameScores) -> list[str]:
    """Classes without scores, where sed_scores_eval fails."""
    silent = np.flatnonzero(np.isneginf(frames.scores).all(axis=(0, 2)))
    return [frames.labels[row] for row in silent]
