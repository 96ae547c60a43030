"""Operating points of PSDS."""

import pytest

from lgc_plugin.evaluation.post_processing import (
    PSDS_THRESHOLDS,
    spaced_thresholds,
)


def test_fifty_thresholds_are_those_of_the_challenge():
    expected = [round(0.01 + 0.02 * i, 2) for i in range(50)]
    assert list(PSDS_THRESHOLDS) == expected
    with pytest.raises(ValueError, match="n_thresholds"):
        spaced_thresholds(0)
