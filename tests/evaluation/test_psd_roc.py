"""PSD-ROC curves and their areas, against psds_eval's code."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from psds_eval import PSDSEval

from event_cases import threshold_tables, truths
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.notes import quiet
from lgc_plugin.evaluation.psd_roc import psd_roc
from lgc_plugin.evaluation.psds import PSDS1, PSDS2, psds_counts
from references import needs_references

STEEP = {**PSDS2, "alpha_st": 0.3, "max_efpr": 500.0}


def by_psds_eval(detections, truth, options):
    """Its result, and the areas under its curves of the classes."""
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
        score = evaluation.psds(alpha_ct, options["alpha_st"], end)
        curves = evaluation.psd_roc_curves(alpha_ct)[2]
    x = np.append(np.minimum(curves.xp, end), end)
    areas = (np.diff(x) * curves.yp).sum(axis=1) / end
    return score, dict(zip(sorted(truth.present), areas, strict=True))


def assert_same_staircase(curve, plot):
    """Between any two steps of either, both have the same height."""
    steps = np.unique(np.concatenate([curve.efpr, plot.xp]))
    steps = steps[steps <= curve.end]
    # Steps that differ by rounding are one.
    wide = np.diff(steps) > 1e-9
    middles = ((steps[1:] + steps[:-1]) / 2)[wide]
    ours, theirs = (
        y[np.searchsorted(x, middles, side="right") - 1]
        for x, y in ((curve.efpr, curve.etpr), (plot.xp, plot.yp))
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@needs_references
@pytest.mark.parametrize("scenario", [PSDS1, PSDS2, STEEP])
@settings(max_examples=25)
@given(truth=truths(), detections=threshold_tables())
def test_areas_are_psds_evals(scenario, truth, detections):
    found = truth.select(detections, thresholds=True)
    found = found[found.event_label.isin(truth.present)]
    assume(len(found) and len(truth.present) > 1)
    coded = truth.code(detections, thresholds=True)
    counts = psds_counts(coded, truth, **scenario)
    ours = counts.score()
    result, areas = by_psds_eval(found, truth, scenario)
    assert ours.value == pytest.approx(result.value, abs=1e-12)
    assert_same_staircase(ours.curve, result.plt)
    for label, area in ours.per_class.items():
        expected = areas.get(label, np.nan)
        assert area == pytest.approx(expected, abs=1e-12, nan_ok=True)


def roc_of(efpr, tpr, owner, present):
    return psd_roc(
        np.array([efpr]),
        np.array([tpr]),
        np.array(owner),
        np.array([present]),
        alpha_st=1.0,
        max_efpr=100.0,
    )


def test_a_curve_never_falls_and_ends_at_the_end():
    # The second point has more false alarms and fewer hits: it is no loss.
    roc = roc_of([10.0, 20.0, 150.0], [0.5, 0.4, 1.0], [0, 0, 0], [True])
    assert roc.value[0] == roc.per_class[0, 0] == pytest.approx(0.5 * 0.9)
    curve = roc.score(["Cat"], 100.0).curve
    assert curve.efpr.tolist() == [0, 10, 20, 100]
    assert curve.etpr.tolist() == [0, 0.5, 0.5, 0.5]


def test_equal_false_positives_are_one_step_of_the_curve():
    roc = roc_of([0.0, 0.0, 5.0, 5.0], [0.2, 0.4, 0.6, 0.8], [0] * 4, [True])
    curve = roc.score(["Cat"], 100.0).curve
    assert curve.efpr.tolist() == [0, 5, 100]
    assert curve.etpr.tolist() == [0.4, 0.8, 0.8]


@pytest.mark.parametrize(("present", "value"), [(True, 0.0), (False, np.nan)])
def test_without_detections_the_curve_is_flat(present, value):
    curve = (
        roc_of([], [], np.zeros(0, int), [present]).score(["Cat"], 100).curve
    )
    assert curve.efpr.tolist() == [0, 100]
    np.testing.assert_equal(curve.etpr, [value, value])


def test_spread_over_classes_is_taken_off():
    roc = roc_of([0.0, 0.0], [1.0, 0.5], [0, 1], [True, True, False])
    assert roc.value[0] == pytest.approx(0.75 - 0.25)
    np.testing.assert_allclose(roc.per_class, [[1.0, 0.5, np.nan]])
