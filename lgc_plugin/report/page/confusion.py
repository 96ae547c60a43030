"""Which class is detected where another one sounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgc_plugin.evaluation.events import count_cells
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.matching import find_intersections
from lgc_plugin.evaluation.psds import PSDS2


class Confusion(NamedTuple):
    """Counts at one operating point, by the criteria of PSDS2."""

    labels: tuple[str, ...]
    #: (C,) true events, and those of them that are found.
    events: NDArray[np.int64]
    found: NDArray[np.int64]
    #: (C,) false alarms, cross-triggers among them.
    false_alarms: NDArray[np.int64]
    #: (C, C) cross-triggers: what sounds, and what is detected there.
    cross_triggers: NDArray[np.int64]


def count_confusion(events: pd.DataFrame, truth: GroundTruth) -> Confusion:
    """Counts the cross-triggers of events at one operating point.

    >>> table = pd.DataFrame([["a", 1.0, 2.0, "Cat"]], columns=[
    ...     "filename", "onset", "offset", "event_label"])
    >>> lengths = pd.DataFrame({"filename": ["a"], "duration": [10.0]})
    >>> truth = GroundTruth.from_tables(table, lengths, ["Cat", "Dog"])
    >>> found = table.assign(event_label="Dog")
    >>> count_confusion(found, truth).cross_triggers.tolist()
    [[0, 1], [0, 0]]
    """
    coded = truth.code(events.drop(columns="threshold", errors="ignore"))
    met = find_intersections(
        coded,
        truth.coded,
        truth.durations.duration.to_numpy(),
        dtc=PSDS2["dtc"],
        gtc=PSDS2["gtc"],
        cttc=PSDS2["cttc"],
    )
    size = len(truth.labels)
    _, detected, sounding, _ = met.cross_triggers
    return Confusion(
        truth.labels,
        count_cells((truth.coded.label,), (size,)),
        count_cells((met.tp[1],), (size,)),
        count_cells((met.fp[1],), (size,)),
        count_cells((sounding, detected), (size, size)),
    )
