"""Whether predictions and annotations are about the same clips and classes.

What cannot count is left out, with a warning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.criteria import Criteria
from lgc_plugin.evaluation.events import clean_events
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.ground_truth_files import (
    Annotations,
    read_annotations,
)
from lgc_plugin.evaluation.late_events import (
    frame_ends,
    warn_late_events,
    warn_late_frames,
    warn_two_units,
)
from lgc_plugin.evaluation.notes import Notes, counted, how_often
from lgc_plugin.evaluation.postprocess.decoding import refuse_nan
from lgc_plugin.evaluation.predictions import Predictions
from lgc_plugin.evaluation.score_files import read_frame_scores


def check_predictions(
    predictions: Predictions, annotations: Annotations, notes: Notes
) -> Predictions:
    """Keeps what can be scored, and reports the rest."""
    truth = annotations.truth
    _check_clips(
        predictions.clips,
        truth,
        predictions.path,
        notes,
        annotations.without_audio,
    )
    kept = predictions.restrict(truth.clips)
    known = annotations.known_labels
    if kept.labels and known.isdisjoint(kept.labels):
        raise ValueError(
            f"{predictions.path}: no class is annotated: the predictions have "
            f"{_listed(kept.labels)}, the annotations {_listed(truth.labels)}"
        )
    # Warnings are about annotated clips: others are ignored.
    if kept.frames is not None:
        _warn_frames(kept.frames, annotations, notes)
        if annotations.durations_known:
            warn_late_frames(kept.frames, truth, kept.path, notes)
        warn_two_units(
            frame_ends(kept.frames),
            truth,
            annotations.durations_known,
            kept.path,
            notes,
        )
        frames = _with_labels(kept.frames, truth.labels)
        _refuse_nan(frames, kept.path)
        return replace(kept, frames=frames)
    events = _known_only(kept.detections, annotations, notes)
    if "confidence" in events and not kept.has_confidences:
        notes.note(
            "the confidences of the detections are not used: they have "
            "thresholds"
        )
        events = events.drop(columns="confidence")
    with notes.from_log():
        # What overlaps is one event where both count: noted, not done yet.
        bare = events.drop(columns="confidence", errors="ignore")
        merged = clean_events(bare, truth.labels, "detections")
    events = (
        clean_events(events, truth.labels, "detections")
        if kept.has_confidences
        else merged
    )
    if annotations.durations_known:
        warn_late_events(events, truth, kept.path, "detection", notes)
    warn_two_units(
        events.offset.to_numpy(),
        truth,
        annotations.durations_known,
        kept.path,
        notes,
    )
    return replace(kept, events=events)


def _check_clips(
    clips: Collection[str],
    truth: GroundTruth,
    path: str | Path,
    notes: Notes,
    without_audio: frozenset[str] = frozenset(),
) -> None:
    """Refuses predictions of other clips only; warns of those among them."""
    others = frozenset(clips) - truth.clips - without_audio
    if others and not truth.clips.intersection(clips):
        raise ValueError(
            f"{path}: no clip of the predictions is annotated: they have "
            f"{min(others)!r}, the annotations {min(truth.clips)!r}. Names "
            "must match, those in detections with the suffix"
        )
    if others:
        notes.warn(
            f"{counted(len(others), 'clip')} of the predictions are not "
            f"annotated, such as {min(others)!r}: they are ignored"
        )


def _refuse_nan(frames: FrameScores, path: str | Path) -> None:
    """Refuses scores that are not numbers, where there is sound."""
    clips, labels, tags = frames.clips, frames.labels, frames.clip_scores
    try:
        refuse_nan(frames.scores, clips, labels, frames.valid_frames)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    if tags is not None and np.isnan(tags).any():
        clip, label = np.argwhere(np.isnan(tags))[0]
        raise ValueError(
            f"{path}: clip {clips[clip]!r} has a NaN clip score "
            f"({labels[label]}): look for a diverged network"
        )


def _known_only(
    events: pd.DataFrame, annotations: Annotations, notes: Notes
) -> pd.DataFrame:
    known = events.event_label.isin(annotations.truth.labels)
    unknown = events.event_label[~known]
    others = unknown.isin(annotations.other_labels)
    if others.any():
        notes.note(
            f"{counted(int(others.sum()), 'detection')} of classes that "
            f"--labels leaves out: {how_often(unknown[others])}"
        )
    if not others.all():
        notes.warn(
            f"{counted(int((~others).sum()), 'detection')} with labels that "
            f"are not annotated are ignored: {how_often(unknown[~others])}"
        )
    return events[known]


def _warn_frames(
    frames: FrameScores, annotations: Annotations, notes: Notes
) -> None:
    labels, known = annotations.truth.labels, annotations.known_labels
    unknown = [label for label in frames.labels if label not in known]
    if unknown:
        notes.warn(
            f"scores of {counted(len(unknown), 'class')} that are not "
            f"annotated are ignored: {_listed(unknown)}"
        )
    missing = [label for label in labels if label not in frames.labels]
    if missing:
        notes.warn(
            f"no scores of {counted(len(missing), 'annotated class')}, "
            f"{_listed(missing)}: never detected"
        )


def _with_labels(frames: FrameScores, labels: tuple[str, ...]) -> FrameScores:
    """The same with these classes; new ones have no score to be detected."""
    if frames.labels == labels:
        return frames
    n_clips, _, n_frames = frames.scores.shape
    scores = np.full((n_clips, len(labels), n_frames), -np.inf, np.float32)
    tags = frames.clip_scores
    clip_scores = (
        None if tags is None else np.full_like(scores[..., 0], -np.inf)
    )
    for row, label in enumerate(labels):
        if label in frames.labels:
            source = frames.labels.index(label)
            scores[:, row] = frames.scores[:, source]
            if clip_scores is not None and tags is not None:
                clip_scores[:, row] = tags[:, source]
    return replace(
        frames, labels=labels, scores=scores, clip_scores=clip_scores
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


@dataclass(frozen=True, eq=False)
class ScoredSet:
    """Predictions of a system for some clips, and their ground truth."""

    #: Name of the annotation.
    name: str
    #: Of annotated clips.
    frames: FrameScores
    #: With the classes of the scores.
    truth: GroundTruth

    @classmethod
    def read(
        cls,
        scores: str | Path,
        ground_truth: str | Path,
        durations: str | Path | None = None,
        audio: str | Path | None = None,
        profile: str = "strict",
        criteria: Criteria | None = None,
        notes: Notes | None = None,
    ) -> ScoredSet:
        """Reads a set from files."""
        notes = notes or Notes()
        annotations = read_annotations(
            ground_truth,
            durations,
            audio=audio,
            profile=profile,
            criteria=criteria,
            notes=notes,
        )
        truth = annotations.timed()
        frames = read_frame_scores(scores, annotations.clips)
        _check_clips(frames.clips, truth, scores, notes)
        missing = truth.clips.difference(frames.clips)
        if missing:
            notes.warn(
                f"{len(missing)} of "
                f"{counted(len(truth.clips), 'annotated clip')} have no scores "
                f"in {scores}, such as {min(missing)!r}"
            )
        frames = frames.select(truth.clips)
        warn_late_frames(frames, truth, scores, notes)
        _refuse_nan(frames, scores)
        truth = _truth_with_labels(truth, frames.labels, notes)
        return cls(Path(ground_truth).name, frames, truth)

    @property
    def clips(self) -> tuple[str, ...]:
        """The clips that are scored and annotated."""
        return self.frames.clips


def _truth_with_labels(
    truth: GroundTruth, labels: tuple[str, ...], notes: Notes
) -> GroundTruth:
    """The same with the classes of the scores."""
    unknown = [label for label in truth.present if label not in labels]
    if unknown:
        notes.warn(
            f"no scores of {', '.join(unknown)}: their events are left out"
        )
    return truth.with_labels(labels)


def common_clips(
    frames: FrameScores, truth: GroundTruth
) -> tuple[FrameScores, GroundTruth]:
    """Scores and truth of the clips that have both."""
    shared = truth.clips.intersection(frames.clips)
    if not shared:
        raise ValueError(
            f"none of the {len(frames.clips)} clips scored is among the "
            f"{len(truth.clips)} annotated: names must match exactly, as in "
            f"{min(frames.clips, default='')!r} and "
            f"{min(truth.clips, default='')!r}"
        )
    return frames.select(shared), truth.restrict(shared)
