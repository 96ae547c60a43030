"""All metrics of sound event detection, in SpeechBrain's way: append, then
summarize.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.median_filter import as_score_array, resolve_median_windows
from lgc_plugin.metrics.event_f1 import event_f1
from lgc_plugin.metrics.intersection_f1 import intersection_f1
from lgc_plugin.metrics.psds import PSDS1, PSDS2, PSDSScore, psds
from lgc_plugin.metrics.result import SEDResult
from lgc_plugin.metrics.segment_f1 import segment_f1
from lgc_plugin.metrics.truth import GroundTruth
from lgc_plugin.postprocess import DETECTION_COLUMNS, decode_events

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

    from lgc_plugin.data.labels import EventEncoder

#: 0.01, 0.03 ... 0.99: the operating points of PSDS.
PSDS_THRESHOLDS = tuple(round(0.01 + 0.02 * step, 2) for step in range(50))


class SEDMetrics:
    """Collects frame scores of clips and turns them into metrics.

    Arguments
    ---------
    encoder : EventEncoder
        Class names and the length of a frame.
    ground_truth : GroundTruth
        The truth; clips that are never appended are left out of it.
    median_windows : int or Sequence[int] or Mapping[str, int]
        Output frames, see
        :func:`lgc_plugin.median_filter.resolve_median_windows`.
    thresholds : Sequence[float]
        Operating points of PSDS.
    operating_threshold : float
        Where the F1 scores are taken; it need not be among ``thresholds``.

    Raises
    ------
    ValueError
        If the classes of encoder and truth differ, or a window is wrong.

    Example
    -------
    >>> from lgc_plugin.data.labels import EventEncoder
    >>> encoder = EventEncoder(["Cat"], clip_seconds=10.24)
    >>> truth = GroundTruth.from_tables(
    ...     pd.DataFrame([["a", 0.64, 1.28, "Cat"]], columns=[
    ...         "filename", "onset", "offset", "event_label"]),
    ...     pd.DataFrame({"filename": ["a"], "duration": [10.24]}),
    ...     ["Cat"],
    ... )
    >>> metrics = SEDMetrics(encoder, truth, median_windows=3)
    >>> scores = np.zeros((1, 1, 160))
    >>> scores[0, 0, 10:20] = 0.9
    >>> metrics.append(["a"], scores)
    >>> result = metrics.summarize()
    >>> result.flat()["psds1"], result.event_f1.macro, result.coverage
    (1.0, 1.0, '1/1')
    """

    def __init__(
        self,
        encoder: EventEncoder,
        ground_truth: GroundTruth,
        median_windows: int | Sequence[int] | Mapping[str, int] = 1,
        thresholds: Sequence[float] = PSDS_THRESHOLDS,
        operating_threshold: float = 0.5,
    ) -> None:
        if encoder.labels != ground_truth.labels:
            raise ValueError(
                "the encoder and the ground truth have different classes: "
                f"{', '.join(encoder.labels)} and "
                f"{', '.join(ground_truth.labels)}"
            )
        self.encoder = encoder
        self.ground_truth = ground_truth
        self.median_windows = resolve_median_windows(
            median_windows, encoder.labels
        )
        self.thresholds = tuple(float(limit) for limit in thresholds)
        self.operating_threshold = float(operating_threshold)
        self._annotated = ground_truth.clips
        self.clear()

    def clear(self) -> None:
        """Forgets every clip."""
        self._clips: set[str] = set()
        self._batches: list[tuple] = []
        self._detections: pd.DataFrame | None = None

    def append(
        self,
        clip_ids: Sequence[str],
        frame_scores: ArrayLike | Tensor,
        valid_frames: ArrayLike | Tensor | None = None,
    ) -> None:
        """Keeps the scores of a batch, on the CPU; nothing is decoded yet.

        Arguments
        ---------
        clip_ids : Sequence[str]
            B names, exactly as the ground truth writes them.
        frame_scores : Tensor or array
            (B, C, T') probabilities.
        valid_frames : Tensor or array, optional
            (B,) output frames that hold sound. None means all.

        Raises
        ------
        ValueError
            If a clip is not annotated or was appended before, or the shapes
            do not fit.
        """
        clip_ids = list(clip_ids)
        for clip in clip_ids:
            if clip not in self._annotated:
                raise ValueError(
                    f"clip {clip!r} is not in the annotations: names must "
                    "match exactly, with the suffix"
                )
        if len(self._clips.union(clip_ids)) < len(self._clips) + len(clip_ids):
            again = next(
                clip
                for clip in clip_ids
                if clip in self._clips or clip_ids.count(clip) > 1
            )
            raise ValueError(
                f"clip {again!r} is scored twice: clear() between two passes"
            )
        # A copy: the caller may reuse its buffer.
        scores = np.array(as_score_array(frame_scores), dtype=np.float32)
        shape = (len(clip_ids), len(self.encoder.labels))
        if scores.shape[:2] != shape:
            raise ValueError(
                f"scores {scores.shape} do not fit {shape[0]} clips and "
                f"{shape[1]} classes"
            )
        if hasattr(valid_frames, "detach"):
            valid_frames = valid_frames.detach().cpu().numpy()
        if valid_frames is not None:
            valid_frames = np.array(valid_frames)
        self._clips.update(clip_ids)
        self._batches.append((clip_ids, scores, valid_frames))
        self._detections = None

    @property
    def batches(self) -> list[tuple]:
        """Arguments of each :meth:`append` so far; picklable."""
        return list(self._batches)

    @property
    def scored_clips(self) -> frozenset[str]:
        """Names of the clips appended so far."""
        return frozenset(self._clips)

    def scores_of(self, clip: str) -> NDArray[np.float32]:
        """Scores of one clip, as they were appended.

        Arguments
        ---------
        clip : str
            Its name.

        Returns
        -------
        numpy.ndarray
            (C, T'), without padding.

        Raises
        ------
        ValueError
            If the clip was not appended.
        """
        for clips, scores, valid_frames in self._batches:
            if clip in clips:
                row = clips.index(clip)
                end = None if valid_frames is None else valid_frames[row]
                return scores[row, :, :end]
        raise ValueError(f"clip {clip!r} was not scored")

    def detections(self) -> pd.DataFrame:
        """Events of all clips at all thresholds; decoded once.

        Returns
        -------
        pandas.DataFrame
            ``filename``, ``onset`` and ``offset`` (s), ``event_label``,
            ``threshold``, in the order in which clips were appended.

        Raises
        ------
        ValueError
            If a score is NaN; the message names the clip.
        """
        if self._detections is None:
            self._detections = self._decode(self.thresholds)
        return self._detections

    def operating_detections(self) -> pd.DataFrame:
        """Events at the operating threshold.

        Returns
        -------
        pandas.DataFrame
            As :meth:`detections`.
        """
        limit = self.operating_threshold
        if self._detections is None or limit not in self.thresholds:
            return self._decode([limit])
        return self._detections[self._detections.threshold == limit]

    def summarize(self, psds: bool = True, sed_eval: bool = True) -> SEDResult:
        """Scores what was appended.

        Arguments
        ---------
        psds : bool
            Whether PSDS is computed (decodes all thresholds; seconds for a
            thousand clips).
        sed_eval : bool
            Whether event and segment F1 are computed (seconds for a thousand
            clips). With both off only the intersection F1 is left, which
            selects the model and is fast.

        Returns
        -------
        SEDResult

        Raises
        ------
        ValueError
            If nothing was appended, or a score is NaN.
        """
        if not self._clips:
            raise ValueError("no clip was scored: append scores first")
        truth = self.ground_truth.restrict(self._clips)
        everything = self.detections() if psds else None
        operating = self.operating_detections()
        return SEDResult(
            psds1=_psds(everything, truth, PSDS1),
            psds2=_psds(everything, truth, PSDS2),
            event_f1=event_f1(operating, truth) if sed_eval else None,
            segment_f1=segment_f1(operating, truth) if sed_eval else None,
            intersection_f1=intersection_f1(operating, truth),
            clips_scored=len(self._clips),
            clips_annotated=len(self._annotated),
        )

    def _decode(self, thresholds: Sequence[float]) -> pd.DataFrame:
        if not self._batches:
            return pd.DataFrame(columns=list(DETECTION_COLUMNS))
        tables = [
            decode_events(
                scores,
                clips,
                self.encoder,
                thresholds,
                self.median_windows,
                valid,
            )
            for clips, scores, valid in self._batches
        ]
        return pd.concat(tables, ignore_index=True)


def _psds(
    detections: pd.DataFrame | None,
    truth: GroundTruth,
    options: Mapping[str, float],
) -> PSDSScore | None:
    return None if detections is None else psds(detections, truth, **options)
