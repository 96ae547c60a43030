"""A piece of the scores of one recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.median_filter import as_score_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor


def as_piece(scores: ArrayLike | Tensor, n_labels: int) -> NDArray[np.floating]:
    """Scores of some frames of one recording, as numpy knows them.

    Arguments
    ---------
    scores : Tensor or array
        (C, n), of any precision and on any device.
    n_labels : int
        C.

    Returns
    -------
    numpy.ndarray
        (C, n), float64 if the scores are, else float32. It may share its
        memory with them.

    Raises
    ------
    ValueError
        If there is not one row for each label.

    Example
    -------
    >>> as_piece([[0, 1]], n_labels=1)
    array([[0., 1.]], dtype=float32)
    """
    shape = tuple(np.shape(scores))
    if len(shape) != 2 or shape[0] != n_labels:
        raise ValueError(
            f"scores must be ({n_labels} labels, frames), got shape {shape}"
        )
    if not hasattr(scores, "detach"):
        scores = np.asarray(scores)
    return as_score_array(scores[None])[0]
