"""Student and teacher, scored side by side on strong and weak clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from torch import Tensor

from lgc_plugin.data.labels import EventEncoder
from lgc_plugin.data.manifest import ClipRow, read_manifest
from lgc_plugin.metrics.clip_f1 import clip_f1
from lgc_plugin.metrics.score import Score
from lgc_plugin.metrics.sed import SEDMetrics, SEDResult
from lgc_plugin.metrics.truth import EVENT_COLUMNS, GroundTruth
from lgc_plugin.types import LabelKind, SEDOutput


@dataclass(frozen=True)
class NetworkResult:
    """What one network scored.

    Arguments
    ---------
    sed : SEDResult
        On the strongly labelled clips.
    weak_f1 : Score or None
        Clip F1 on the weakly labelled clips; None if there were none.
    """

    sed: SEDResult
    weak_f1: Score | None

    def flat(self) -> dict[str, float]:
        """One number per name, for loggers and checkpoints."""
        numbers = self.sed.flat()
        if self.weak_f1 is not None:
            numbers["weak_f1_macro"] = self.weak_f1.macro
            numbers["weak_f1_micro"] = self.weak_f1.micro
        return numbers

    def as_dict(self) -> dict[str, Any]:
        """Everything but the curves, nested, for a JSON file."""
        content = self.sed.as_dict()
        content.update(self.flat())
        if self.weak_f1 is not None:
            content["per_class"]["weak_f1"] = dict(self.weak_f1.per_class)
        return content


class Collected(NamedTuple):
    """Scores of some clips by network, on the CPU; picklable.

    Arguments
    ---------
    frames : dict[str, list[tuple]]
        Batches of the strongly labelled clips.
    clip_scores : dict[str, list[numpy.ndarray]]
        Of the weakly labelled clips.
    tags : list[numpy.ndarray]
        Their true labels.
    """

    frames: dict[str, list[tuple]]
    clip_scores: dict[str, list[np.ndarray]]
    tags: list[np.ndarray]


class EvaluationMetrics:
    """Collects what several networks say of one set of clips.

    Arguments
    ---------
    encoder : EventEncoder
        Labels and the length of a frame.
    ground_truth : GroundTruth
        Truth of the strongly labelled clips.
    networks : Sequence[str]
        Their names.
    **options : Any
        See :class:`~lgc_plugin.metrics.sed.SEDMetrics`.
    """

    def __init__(
        self,
        encoder: EventEncoder,
        ground_truth: GroundTruth,
        networks: Sequence[str] = ("student", "teacher"),
        **options: Any,
    ) -> None:
        self.labels = encoder.labels
        self.frame_seconds = encoder.frame_seconds
        self.profile = ground_truth.profile
        self.frames = {
            name: SEDMetrics(encoder, ground_truth, **options)
            for name in networks
        }
        self.clear()

    def clear(self) -> None:
        """Forgets every clip."""
        for metrics in self.frames.values():
            metrics.clear()
        self._tags: list[np.ndarray] = []
        self._clip_scores: dict[str, list[np.ndarray]] = {
            name: [] for name in self.frames
        }

    def append(
        self,
        clip_ids: Sequence[str],
        outputs: Mapping[str, SEDOutput],
        label_kind: Tensor,
        clip_labels: Tensor,
        valid_frames: Tensor | None = None,
    ) -> None:
        """Keeps the scores of a batch, on the CPU.

        Arguments
        ---------
        clip_ids : Sequence[str]
            B names, as the ground truth writes them.
        outputs : Mapping[str, SEDOutput]
            What each network says.
        label_kind : Tensor
            (B,) values of :class:`~lgc_plugin.types.LabelKind`: strong clips
            count for the event metrics, weak ones for the clip F1.
        clip_labels : Tensor
            (B, C), read where the kind is weak.
        valid_frames : Tensor, optional
            (B,) output frames that hold sound.
        """
        kind = label_kind.cpu()
        strong = kind == LabelKind.STRONG
        weak = kind == LabelKind.WEAK
        names = [
            name for name, use in zip(clip_ids, strong, strict=True) if use
        ]
        if valid_frames is not None:
            valid_frames = valid_frames.cpu()[strong]
        for network, output in outputs.items():
            if names:
                scores = output.frame.float().cpu()[strong]
                self.frames[network].append(names, scores, valid_frames)
            scores = output.clip.float().cpu()[weak]
            self._clip_scores[network].append(scores.numpy())
        self._tags.append(clip_labels.cpu()[weak].numpy())

    def collected(self) -> Collected:
        """All that was appended so far, to be merged in another process."""
        frames = {name: m.batches for name, m in self.frames.items()}
        return Collected(frames, self._clip_scores, self._tags)

    def extend(self, other: Collected) -> None:
        """Adds what another process collected, of other clips.

        Arguments
        ---------
        other : Collected
            From :meth:`collected`.
        """
        for name, metrics in self.frames.items():
            for batch in other.frames[name]:
                metrics.append(*batch)
            self._clip_scores[name].extend(other.clip_scores[name])
        self._tags.extend(other.tags)

    def scored_clips(self) -> frozenset[str]:
        """Names of the strongly labelled clips appended so far."""
        return next(iter(self.frames.values())).scored_clips

    def summarize(self, **options: bool) -> dict[str, NetworkResult]:
        """Scores what was appended.

        Arguments
        ---------
        **options : bool
            See :meth:`lgc_plugin.metrics.sed.SEDMetrics.summarize`.

        Returns
        -------
        dict[str, NetworkResult]
            By name of the network.
        """
        tags = np.concatenate(self._tags) if self._tags else ()
        results = {}
        for network, metrics in self.frames.items():
            weak_f1 = None
            if len(tags):
                scores = np.concatenate(self._clip_scores[network])
                weak_f1 = clip_f1(scores, tags, self.labels)
            results[network] = NetworkResult(
                metrics.summarize(**options), weak_f1
            )
        return results


def truth_of_rows(
    rows: Sequence[ClipRow], labels: Sequence[str], profile: str = "dcase"
) -> GroundTruth:
    """The ground truth of the strongly labelled clips of a manifest.

    Arguments
    ---------
    rows : Sequence[ClipRow]
        Clips; those with other label kinds are passed over.
    labels : Sequence[str]
        All classes, in order.
    profile : str
        ``dcase`` or ``strict``, see
        :class:`~lgc_plugin.metrics.truth.GroundTruth`.

    Returns
    -------
    GroundTruth
        Clips are named as the brain names them: ``<ID>.wav``.

    Example
    -------
    >>> from lgc_plugin.types import Event
    >>> row = ClipRow(
    ...     "a", 10.0, "a.wav", LabelKind.STRONG, (Event(0, 1, "Cat"),), ()
    ... )
    >>> truth_of_rows([row], ["Cat"]).events.values.tolist()
    [['a.wav', 0.0, 1.0, 'Cat']]
    """
    strong = [row for row in rows if row.label_kind == LabelKind.STRONG]
    events = [
        (clip_name(row.id), *event) for row in strong for event in row.events
    ]
    lengths = [(clip_name(row.id), row.duration) for row in strong]
    return GroundTruth.from_tables(
        pd.DataFrame(events, columns=EVENT_COLUMNS),
        pd.DataFrame(lengths, columns=["filename", "duration"]),
        labels,
        profile=profile,
    )


def metrics_of_manifest(
    manifest: str | Path,
    encoder: EventEncoder,
    *,
    n_thresholds: int = 50,
    profile: str = "dcase",
    **options: Any,
) -> EvaluationMetrics:
    """Metrics of student and teacher on the strong clips of a manifest.

    Arguments
    ---------
    manifest : str or Path
        CSV file of the data preparation.
    encoder : EventEncoder
        Labels and the length of a frame.
    n_thresholds : int
        Operating points of PSDS, see :func:`spaced_thresholds`.
    profile : str
        ``dcase`` or ``strict``.
    **options : Any
        See :class:`~lgc_plugin.metrics.sed.SEDMetrics`.

    Returns
    -------
    EvaluationMetrics
    """
    truth = truth_of_rows(read_manifest(manifest), encoder.labels, profile)
    return EvaluationMetrics(
        encoder, truth, thresholds=spaced_thresholds(n_thresholds), **options
    )


def spaced_thresholds(count: int) -> tuple[float, ...]:
    """Thresholds in the middle of equal parts of [0, 1].

    Arguments
    ---------
    count : int
        How many; 50 gives 0.01, 0.03 ... 0.99.

    Returns
    -------
    tuple[float, ...]

    Raises
    ------
    ValueError
        If there is not one.

    Example
    -------
    >>> spaced_thresholds(5)
    (0.1, 0.3, 0.5, 0.7, 0.9)
    """
    if count < 1:
        raise ValueError(f"n_thresholds must be at least 1, got {count}")
    return tuple(round((2 * i + 1) / (2 * count), 6) for i in range(count))


def clip_name(clip_id: str) -> str:
    """The file name under which DESED's tables know a clip.

    Arguments
    ---------
    clip_id : str
        ID in a manifest.

    Returns
    -------
    str

    Example
    -------
    >>> clip_name("Y-0A1_30.000_40.000")
    'Y-0A1_30.000_40.000.wav'
    """
    return f"{clip_id}.wav"
