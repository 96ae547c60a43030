"""Which events are found with both edges near enough: event-based counts.

Mesaros, Heittola, Virtanen: Metrics for Polyphonic Sound Event Detection,
Applied Sciences, 2016. The counts are those of sed_eval with optimal matching.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from lgc_plugin.evaluation.coded_events import CodedEvents

if TYPE_CHECKING:
    from numpy.typing import NDArray


def match_collars(
    detections: CodedEvents,
    truth: CodedEvents,
    *,
    collar: float,
    offset_share: float,
) -> NDArray[np.bool_]:
    """Pairs as many detections as possible with a true event each.

    Arguments
    ---------
    detections : CodedEvents
        At J operating points.
    truth : CodedEvents
        At one point.
    collar : float
        Seconds by which an onset or offset may be off.
    offset_share : float
        Share of the true event's length by which the offset may be off, where
        that is more than the collar.

    Returns
    -------
    numpy.ndarray
        (E,), True for a detection that is paired.

    Example
    -------
    >>> import pandas as pd
    >>> columns = ["filename", "onset", "offset", "event_label"]
    >>> truth = pd.DataFrame([["a", 1.0, 2.0, "Cat"]], columns=columns)
    >>> found = pd.DataFrame(
    ...     [["a", 0.9, 2.0, "Cat"], ["a", 1.1, 2.0, "Cat"]], columns=columns
    ... )
    >>> truth, found = (
    ...     CodedEvents.from_table(x, ["a"], ["Cat"]) for x in (truth, found)
    ... )
    >>> paired = match_collars(found, truth, collar=0.2, offset_share=0.2)
    >>> int(paired.sum())
    1
    """
    own, true = detections.pairs(truth)
    late = np.abs(truth.offset[true] - detections.offset[own])
    length = (truth.offset - truth.onset)[true]
    near = (
        (detections.label[own] == truth.label[true])
        & (np.abs(truth.onset[true] - detections.onset[own]) <= collar)
        & (late <= np.maximum(collar, offset_share * length))
    )
    own, true = own[near], true[near]
    # An event can be found once at each operating point.
    n_points = detections.shape[2]
    column = true * n_points + detections.point[own]
    used, column = np.unique(column, return_inverse=True)
    graph = csr_matrix(
        (np.ones(len(own), dtype=bool), (own, column)),
        shape=(len(detections), len(used)),
    )
    return maximum_bipartite_matching(graph, perm_type="column") >= 0
