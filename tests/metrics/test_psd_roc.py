"""The area under PSD-ROC curves, against psds_eval's code."""

import numpy as np
import pytest
from hypothesis import given, settings

from event_cases import threshold_tables, truths
from lgc_plugin.metrics.psd_roc import psds_of_rates
from lgc_plugin.metrics.psds import PSDS1, PSDS2, psds_counts

STEEP = {**PSDS2, "alpha_st": 0.3, "max_efpr": 500.0}


@pytest.mark.parametrize("scenario", [PSDS1, PSDS2, STEEP])
@settings(max_examples=25, deadline=None)
@given(truth=truths(), detections=threshold_tables())
def test_areas_are_psds_evals(scenario, truth, detections):
    coded = truth.code(detections, thresholds=True)
    counts = psds_counts(coded, truth, **scenario)
    ours = counts.averages(np.ones((1, coded.shape[0])))
    theirs = counts.score()
    assert ours.value[0] == pytest.approx(theirs.value, abs=1e-12)
    np.testing.assert_allclose(
        ours.per_class[0], list(theirs.per_class.values()), atol=1e-12
    )


def test_a_curve_never_falls_and_ends_at_the_end():
    # The second point has more false alarms and fewer hits: it is no loss.
    efpr = np.array([[10.0, 20.0, 150.0]])
    tpr = np.array([[0.5, 0.4, 1.0]])
    score, areas = psds_of_rates(
        efpr,
        tpr,
        np.zeros(3, dtype=int),
        np.array([[True]]),
        alpha_st=1.0,
        max_efpr=100.0,
    )
    assert score[0] == areas[0, 0] == pytest.approx(0.5 * 0.9)


def test_spread_over_classes_is_taken_off():
    score, areas = psds_of_rates(
        np.zeros((1, 2)),
        np.array([[1.0, 0.5]]),
        np.array([0, 1]),
        np.array([[True, True, False]]),
        alpha_st=1.0,
        max_efpr=100.0,
    )
    assert score[0] == pytest.approx(0.75 - 0.25)
    np.testing.assert_allclose(areas, [[1.0, 0.5, np.nan]])
