"""Numbers of all classes, or of each by name, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, TypeAlias

from lgc_plugin.evaluation.postprocess.median_filter import check_names

if TYPE_CHECKING:
    from lgc_plugin.evaluation.postprocess.post_processing import (
        PostProcessing,
    )

#: One number for all classes, or one for each by name.
PerClass: TypeAlias = float | Mapping[str, float]

#: The least that each setting may be.
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


# Seconds; more is a mistake that would fill the memory of a stream.
_LONGEST = 3600


def check_setting(name: str, value: Any, labels: Sequence[str]) -> Any:
    """A setting with plain numbers: of all classes, or of each."""
    if value is None and name in ("deactivation_th", "step_filter_length"):
        return None
    for each in value.values() if isinstance(value, Mapping) else [value]:
        real = isinstance(each, Real) and not isinstance(each, bool)
        if not real or not math.isfinite(float(each)):
            raise ValueError(
                f"{name} is {short(each)}: must be a number, or one for each "
                "class by name"
            )
        if name == "step_filter_length" and not 0 < each <= _LONGEST:
            raise ValueError(
                f"{name} is {short(each)}: must be above 0, at most {_LONGEST} "
                "seconds"
            )
        if each < CLASS_SETTINGS[name]:
            raise ValueError(f"{name} is {short(each)}: must be at least 0")
    if not isinstance(value, Mapping):
        return float(value)
    check_names(value, labels, name)
    return {label: float(value[label]) for label in labels}


def labeled_settings(
    settings: PostProcessing, labels: Sequence[str]
) -> dict[str, Any]:
    """Thresholds and windows of each class, and what else is not the default.

    Plain values, for files and programs that read them by name.
    """
    more = settings.settings()
    for name in ("decision_threshold", "median_windows", "thresholds"):
        more.pop(name, None)
    limits = settings.class_thresholds(labels).tolist()
    windows = settings.class_windows(labels)
    return {
        "thresholds": dict(zip(labels, limits, strict=True)),
        "median_windows": dict(zip(labels, windows, strict=True)),
        **more,
    }


def check_probability(threshold: Any) -> None:
    """Refuses what no score of a network can be compared with."""
    by_class = isinstance(threshold, Mapping)
    for each in threshold.values() if by_class else [threshold]:
        if not isinstance(each, Real) or not 0 <= float(each) <= 1:
            raise ValueError(
                f"threshold is {short(each)}: must be a number from 0 to 1"
            )


def check_hysteresis(settings: PostProcessing, labels: Sequence[str]) -> None:
    """Refuses deactivation thresholds that make no sense."""
    if settings.deactivation_th is None:
        return
    if settings.finds_boxes:
        raise ValueError(
            "deactivation_th is for runs of frames, step_filter_length for "
            "bounding boxes: leave one of them out"
        )
    if min(settings.thresholds) <= 0:
        raise ValueError(
            "thresholds must be above 0 where deactivation_th is set, which "
            f"is scaled with them; got {min(settings.thresholds):g}"
        )
    lower = settings.class_values("deactivation_th", labels)
    upper = settings.class_thresholds(labels)
    for label, low, high in zip(labels, lower, upper, strict=True):
        if high <= 0 or low > high:
            raise ValueError(
                f"deactivation_th of {label!r} is {low:g}: must not be above "
                f"its decision_threshold, {high:g}, which must be above 0"
            )
