"""Settings of post-processing, for people."""

from __future__ import annotations

from collections.abc import Mapping

from lgc_plugin.evaluation.notes import counted
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing


def settings_text(settings: PostProcessing) -> str:
    """What differs from the defaults, the threshold first.

    >>> settings_text(PostProcessing(7, len_th=0.1).for_labels(["Cat"]))
    'threshold 0.5, median window of 7 frames, len_th 0.1'
    """
    limit = settings.decision_threshold
    if isinstance(limit, Mapping):
        parts = ["a threshold for each class"]
    else:
        parts = [f"threshold {limit:g}"]
    found = settings.settings()
    windows = found.pop("median_windows", None)
    each = list(windows.values()) if isinstance(windows, dict) else windows
    if windows is None:
        parts.append("no filter")
    elif isinstance(each, int) or len(set(each)) == 1:
        size = each if isinstance(each, int) else each[0]
        parts.append(f"median window of {counted(size, 'frame')}")
    else:
        parts.append("a median window for each class")
    for name, value in found.items():
        if name not in ("decision_threshold", "thresholds"):
            by_class = isinstance(value, dict)
            parts.append(f"{name} {'by class' if by_class else f'{value:g}'}")
    return ", ".join(parts)
