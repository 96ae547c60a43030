"""The area under PSD-ROC curves, against psds_eval's code."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from psds_eval import PSDSEval

from event_cases import threshold_tables, truths
from lgc_plugin.metrics.event_tables import EVENT_COLUMNS
from lgc_plugin.metrics.psd_roc import psds_of_rates
from lgc_plugin.metrics.psds import PSDS1, PSDS2, psds_counts
from lgc_plugin.metrics.quiet import quiet

STEEP = {**PSDS2, "alpha_st": 0.3, "max_efpr": 500.0}


def by_psds_eval(detections, truth, options):
    """Its score, and the areas under its curves of the classes."""
    end = options.get("max_efpr", 100.0)
    with quiet():
        evaluation = PSDSEval(
            options["dtc"],
            options["gtc"],
            0.3,
            ground_truth=truth.events,
            metadata=truth.durations,
        )
        for _, table in detections.groupby("threshold"):
            evaluation.add_operating_point(table[EVENT_COLUMNS])
        alpha_ct = options["alpha_ct"]
        score = evaluation.psds(alpha_ct, options["alpha_st"], end).value
        curves = evaluation.psd_roc_curves(alpha_ct)[2]
    x = np.append(np.minimum(curves.xp, end), end)
    areas = (np.diff(x) * curves.yp).sum(axis=1) / end
    return score, dict(zip(sorted(truth.present), areas, strict=True))


@pytest.mark.parametrize("scenario", [PSDS1, PSDS2, STEEP])
@settings(max_examples=25)
@given(truth=truths(), detections=threshold_tables())
def test_areas_are_psds_evals(scenario, truth, detections):
    found = truth.select(detections, thresholds=True)
    found = found[found.event_label.isin(truth.present)]
    assume(len(found) and len(truth.present) > 1)
    coded = truth.code(detections, thresholds=True)
    counts = psds_counts(coded, truth, **scenario)
    ours = counts.averages(np.ones((1, coded.shape[0])))
    score, areas = by_psds_eval(found, truth, scenario)
    assert ours.value[0] == pytest.approx(score, abs=1e-12)
    for label, area in zip(truth.labels, ours.per_class[0], strict=True):
        expected = areas.get(label, np.nan)
        assert area == pytest.approx(expected, abs=1e-12, nan_ok=True)


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
