"""How a user wants predictions to become events."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth_files import Annotations
from lgc_plugin.evaluation.postprocess.class_settings import (
    PerClass,
    check_setting,
)
from lgc_plugin.evaluation.postprocess.median_filter import (
    resolve_median_windows,
)
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.tuned_settings import TunedSettings


@dataclass(frozen=True)
class OperatingOptions:
    """How a user wants predictions to become events.

    Arguments
    ---------
    threshold : float or Mapping[str, float], optional
        Where F1 scores are taken; None means 0.5, or that of ``settings``, or
        all events of a list with confidences. By class for frame scores and
        such lists only.
    median_windows : int or Sequence[int] or Mapping[str, int], optional
        Frames; for frame scores only. None filters nothing, or does what
        ``settings`` have.
    settings : str or Path, optional
        YAML file of ``lgc-sed tune``; for frame scores only.
    others : Mapping[str, Any]
        Other settings of
        :class:`~lgc_plugin.evaluation.postprocess.post_processing.PostProcessing`
        by name; for frame scores only.

    Raises
    ------
    ValueError
        If the threshold is infinite or NaN.

    Example
    -------
    >>> OperatingOptions(threshold=0.4, others={"len_th": 0.1}).given
    {'len_th': 0.1, 'decision_threshold': 0.4}
    """

    threshold: PerClass | None = None
    median_windows: int | Sequence[int] | Mapping[str, int] | None = None
    settings: str | Path | None = None
    others: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        each = self.threshold
        if isinstance(each, (int, float)) and not math.isfinite(each):
            raise ValueError(f"threshold is {self.threshold}: give a number")

    @classmethod
    def of(
        cls, given: Mapping[str, Any], settings: str | Path | None = None
    ) -> OperatingOptions:
        """Options of :attr:`given`."""
        others = dict(given)
        limit = others.pop("decision_threshold", None)
        windows = others.pop("median_windows", None)
        return cls(limit, windows, settings, others)

    @property
    def given(self) -> dict[str, Any]:
        """All that is not left to defaults, as PostProcessing names it."""
        given = dict(self.others)
        if self.median_windows is not None:
            given["median_windows"] = self.median_windows
        if self.threshold is not None:
            given["decision_threshold"] = self.threshold
        return given


def settings_by_class(
    options: OperatingOptions, labels: Sequence[str], others: Collection[str]
) -> OperatingOptions:
    """Options that name the system's classes, where they name any.

    Classes that are not named get the defaults, but for median windows, which
    are of all. ``others`` may be named too: classes of the truth.
    """
    windows = options.median_windows
    if isinstance(windows, Mapping):
        windows = _of_system(windows, labels, others)
    if not (windows is None or isinstance(windows, int)):
        each = resolve_median_windows(windows, labels)
        windows = dict(zip(labels, each, strict=True))
    given = options.given
    for name, values in given.items():
        if name == "median_windows":
            given[name] = windows
        elif isinstance(values, Mapping):
            own = _of_system(values, labels, others)
            default = getattr(PostProcessing(), name)
            if default is not None:
                own = {**dict.fromkeys(labels, default), **own}
            given[name] = check_setting(name, own, labels)
    return OperatingOptions.of(given, options.settings)


def _of_system(
    values: Mapping[str, Any], labels: Sequence[str], others: Collection[str]
) -> dict[str, Any]:
    return {x: y for x, y in values.items() if x in labels or x not in others}


def settings_of(
    frames: FrameScores, annotations: Annotations, options: OperatingOptions
) -> TunedSettings | None:
    """The tuned settings, if they may be used here."""
    if options.settings is None:
        return None
    if options.given:
        raise ValueError(
            f"{options.settings} has windows and thresholds: leave out "
            "--threshold, --median-windows and the like"
        )
    settings = TunedSettings.read(options.settings)
    settings.refuse(annotations.truth.clips, str(annotations.path))
    settings.check_frames(frames.frame_seconds)
    return settings
