"""What the scores within events are on average."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.postprocess.sebbs import DIGITS

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mean_scores(
    scores: NDArray[np.floating],
    edges: NDArray[np.float64],
    valid_frames: NDArray[np.int64],
    cells: tuple[NDArray[np.int64], NDArray[np.int64]],
    times: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """(E,) means by time of (N, C, T') scores, rounded.

    ``cells``: clips and classes of the events; ``times``: their onsets and
    offsets, within the valid frames of the clip.
    """
    if not len(cells[0]):
        return np.zeros(0)
    padding = np.arange(scores.shape[2]) >= valid_frames[:, None, None]
    known = np.where(padding, 0, scores)
    finite = np.isfinite(known)
    onset, offset = times
    areas = _areas(np.where(finite, known, 0), edges, cells, times)
    means = (areas / (offset - onset)).round(DIGITS)
    if not finite.all():
        # A sum that has met infinity does not come back from it.
        for endless in (np.inf, -np.inf):
            held = _areas(known == endless, edges, cells, times) > 0
            means = np.where(held, endless, means)
    return means


def _areas(
    values: NDArray,
    edges: NDArray[np.float64],
    cells: tuple[NDArray[np.int64], NDArray[np.int64]],
    times: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """(E,) integrals of (N, C, T') values from onset to offset."""
    edges = np.atleast_2d(edges)
    width = np.diff(edges)[:, None]
    total = np.zeros((*values.shape[:2], values.shape[2] + 1))
    np.cumsum(values * width, axis=-1, out=total[..., 1:])
    clip, label = cells
    row = clip if len(edges) > 1 else np.zeros_like(clip)
    # Rows behind one another are one sorted list.
    span = edges[:, -1].max() - edges[:, 0].min() + 1
    flat = (edges + span * np.arange(len(edges))[:, None]).ravel()
    n_frames = values.shape[2]
    cell = clip * values.shape[1] + label
    until = []
    for seconds in times:
        place = np.searchsorted(flat, seconds + span * row, side="right") - 1
        frame = place - row * (n_frames + 1)
        np.clip(frame, 0, n_frames - 1, out=frame)
        within = seconds - edges.ravel()[row * (n_frames + 1) + frame]
        within *= values.ravel()[cell * n_frames + frame]
        until.append(total.ravel()[cell * (n_frames + 1) + frame] + within)
    return until[1] - until[0]
