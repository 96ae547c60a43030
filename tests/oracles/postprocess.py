"""Scores to events: every thresholded copy is filtered by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def median(row: Sequence[float], window: int) -> list[float]:
    """Middle rank of a window over the endlessly mirrored row.

    An even window has two middle ranks; the upper one counts.
    """
    mirrored = list(row) + list(row[::-1])
    result = []
    for center in range(len(row)):
        first = center - window // 2
        window_values = [
            mirrored[i % len(mirrored)] for i in range(first, first + window)
        ]
        result.append(sorted(window_values)[window // 2])
    return result


def thresholded_events(
    scores: np.ndarray,
    ids: Sequence[str],
    labels: Sequence[str],
    seconds: Callable[[int], float],
    thresholds: Sequence[float],
    windows: Sequence[int],
    valid: Sequence[int],
) -> list[tuple]:
    """(clip, onset, offset, label, threshold, confidence), clip by clip."""
    rows = []
    for clip, name in enumerate(ids):
        for threshold in thresholds:
            for row, label in enumerate(labels):
                cut = scores[clip, row, : valid[clip]]
                over = [int(s > scores.dtype.type(threshold)) for s in cut]
                smooth = [0, *median(over, windows[row]), 0]
                for t in range(1, len(smooth)):
                    if smooth[t] and not smooth[t - 1]:
                        first = t - 1
                    if smooth[t - 1] and not smooth[t]:
                        onset, end = seconds(first), seconds(t - 1)
                        area = sum(
                            float(cut[i]) * (seconds(i + 1) - seconds(i))
                            for i in range(first, t - 1)
                        )
                        event = name, onset, end, label, threshold
                        rows.append((*event, area / (end - onset)))
    return rows
