"""Small truths and detections for the tests of the metrics."""

from __future__ import annotations

import pandas as pd
from hypothesis import strategies as st

from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.ground_truth import GroundTruth

LABELS = ("Dog", "Cat", "Cow")
CLIPS = ("a.wav", "b.wav", "c.wav", "d.wav")
DURATIONS = pd.DataFrame({"filename": CLIPS, "duration": [10.0, 8, 9, 10]})
THRESHOLDS = (0.25, 0.5, 0.75)

# Tenths of seconds: shares often lie exactly at a criterion.
_event = st.tuples(
    st.sampled_from(CLIPS),
    st.integers(0, 95),
    st.integers(1, 40),
    st.sampled_from(LABELS),
)


def _table(rows) -> pd.DataFrame:
    rows = [(f, o / 10, (o + n) / 10, x) for f, o, n, x in rows]
    return pd.DataFrame(rows, columns=EVENT_COLUMNS)


event_tables = st.lists(_event, min_size=1, max_size=20).map(_table)


@st.composite
def truths(draw) -> GroundTruth:
    """Up to twenty events, those of a class that overlap merged."""
    profile = draw(st.sampled_from(["strict", "dcase"]))
    return GroundTruth.from_tables(
        draw(event_tables), DURATIONS, LABELS, profile=profile
    )


@st.composite
def threshold_tables(draw) -> pd.DataFrame:
    """Detections at three thresholds."""
    tables = [draw(event_tables).assign(threshold=x) for x in THRESHOLDS]
    return pd.concat(tables, ignore_index=True)
