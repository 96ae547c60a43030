"""Thresholds of operating points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.postprocess.median_filter import check_names

if TYPE_CHECKING:
    from numpy.typing import NDArray


def spaced_thresholds(count: int) -> tuple[float, ...]:
    """Thresholds in the middle of equal parts of [0, 1]: 0.1, 0.3 ... 0.9."""
    if count < 1:
        raise ValueError(f"n_thresholds must be at least 1, got {count}")
    return tuple(round((2 * i + 1) / (2 * count), 6) for i in range(count))


#: 0.01, 0.03 ... 0.99: the operating points of PSDS.
PSDS_THRESHOLDS = spaced_thresholds(50)


def as_thresholds(
    thresholds: Sequence[float] | float | Mapping[str, float],
    labels: Sequence[str],
) -> NDArray[np.float64]:
    """(J, C) thresholds of each operating point and class, checked."""
    if isinstance(thresholds, Mapping):
        check_names(thresholds, labels, "thresholds")
        limits = np.array([[float(thresholds[label]) for label in labels]])
    else:
        each = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
        if not each.size or len(np.unique(each)) != each.size:
            raise ValueError(
                "thresholds must be one or more different numbers, got "
                f"{each.tolist()}"
            )
        limits = np.repeat(each[:, None], len(labels), axis=1)
    if not np.isfinite(limits).all():
        raise ValueError(f"thresholds must be finite, got {limits.tolist()}")
    return limits
