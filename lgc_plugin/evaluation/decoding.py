"""How frame scores of a system become events: windows and thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.median_filter import resolve_median_windows
from lgc_plugin.evaluation.postprocess import decode_frames
from lgc_plugin.evaluation.thresholds import PSDS_THRESHOLDS, as_thresholds

if TYPE_CHECKING:
    import pandas as pd

    from lgc_plugin.evaluation.frame_scores import FrameScores


@dataclass(frozen=True)
class PostProcessing:
    """Median windows and thresholds.

    Arguments
    ---------
    median_windows : int or Sequence[int] or Mapping[str, int]
        Frames, see :func:`.median_filter.resolve_median_windows`.
    thresholds : Sequence[float]
        Operating points of PSDS.
    decision_threshold : float or Mapping[str, float]
        Where F1 scores are taken, of all classes or class by class; it need
        not be among ``thresholds``.

    Example
    -------
    >>> PostProcessing(7).for_labels(["Cat", "Dog"]).median_windows
    (7, 7)
    """

    median_windows: int | Sequence[int] | Mapping[str, int] = 1
    thresholds: Sequence[float] = PSDS_THRESHOLDS
    decision_threshold: float | Mapping[str, float] = 0.5

    def for_labels(self, labels: Sequence[str]) -> PostProcessing:
        """The same with one window per class, checked.

        Arguments
        ---------
        labels : Sequence[str]
            Class names.

        Returns
        -------
        PostProcessing

        Raises
        ------
        ValueError
            If windows or thresholds do not fit the classes.
        """
        limit = self.decision_threshold
        limits = as_thresholds(limit, labels)
        if len(limits) > 1:
            raise ValueError(
                f"decision_threshold must be one number, got {limit!r}"
            )
        as_thresholds(self.thresholds, labels)
        return PostProcessing(
            resolve_median_windows(self.median_windows, labels),
            tuple(float(each) for each in self.thresholds),
            {k: float(v) for k, v in limit.items()}
            if isinstance(limit, Mapping)
            else float(limit),
        )

    def class_thresholds(self, labels: Sequence[str]) -> np.ndarray:
        """The operating threshold of each class.

        Arguments
        ---------
        labels : Sequence[str]
            C class names.

        Returns
        -------
        numpy.ndarray
            (C,).
        """
        return as_thresholds(self.decision_threshold, labels)[0]

    def all_events(self, frames: FrameScores) -> pd.DataFrame:
        """Events at all thresholds.

        Arguments
        ---------
        frames : FrameScores
            What a system says.

        Returns
        -------
        pandas.DataFrame
            See :func:`lgc_plugin.evaluation.postprocess.decode_events`.

        Raises
        ------
        ValueError
            If a score is NaN; the message names the clip.
        """
        return self._events(frames, self.thresholds)

    def operating_events(self, frames: FrameScores) -> pd.DataFrame:
        """Events at the operating threshold.

        Arguments
        ---------
        frames : FrameScores
            What a system says.

        Returns
        -------
        pandas.DataFrame
            As :meth:`all_events`; each with the threshold of its class.

        Raises
        ------
        ValueError
            If a score is NaN; the message names the clip.
        """
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
