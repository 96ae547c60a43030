import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracles
from lgc_plugin.losses.ramp import exp_rampup


@given(st.integers(0, 10000), st.integers(1, 10000))
def test_ramp_equals_the_equation(step, length):
    assert exp_rampup(step, length) == pytest.approx(
        oracles.ramp(step, length), abs=1e-12
    )


def test_negative_numbers_are_refused():
    with pytest.raises(ValueError, match="at least 0"):
        exp_rampup(-1, 10)
