"""How predictions become events at one operating point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.notes import Notes, counted
from lgc_plugin.evaluation.operating_options import OperatingOptions
from lgc_plugin.evaluation.postprocess.post_processing import (
    NOT_SWEPT,
    PostProcessing,
)
from lgc_plugin.evaluation.postprocess.settings_text import settings_text
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
        post_processing = _decoding_of(settings, frames.labels)
        operating = f"windows and thresholds of {options.settings}"
        post_processing = post_processing.for_labels(frames.labels)
    _tell_range(frames, notes)
    _tell_free(frames, post_processing, notes)
    return OperatingPoint(operating, post_processing=post_processing)


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
    names = [name for name in options.given if name != "decision_threshold"]
    if names or options.settings is not None:
        raise ValueError(
            f"{predictions.path}: detections are final: "
            f"{', '.join(names) or 'settings'} and the like are for frame "
            "scores"
        )
    wanted = options.threshold
    if isinstance(wanted, Mapping):
        raise ValueError(
            f"{predictions.path}: thresholds by class are for frame scores: "
            "give one for all"
        )
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


def _tell_free(
    frames: FrameScores, post_processing: PostProcessing, notes: Notes
) -> None:
    """Why there is no threshold-free PSDS."""
    reason = ""
    if post_processing.has_rules:
        reason = NOT_SWEPT
    elif not has_sed_scores_eval():
        reason = "install lgc_plugin with the extra 'scores' to have it"
    elif unscored(frames):
        reason = f"no scores of {', '.join(unscored(frames))}"
    if reason:
        notes.note(f"threshold-free PSDS is left out: {reason}")


def unscored(frames: FrameScores) -> list[str]:
    """Classes without scores, where sed_scores_eval fails."""
    silent = np.flatnonzero(np.isneginf(frames.scores).all(axis=(0, 2)))
    return [frames.labels[row] for row in silent]
