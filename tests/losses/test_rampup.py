import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracles
from lgc_plugin.losses.rampup import device_rampup, exp_rampup


@given(st.integers(0, 10000), st.integers(1, 10000))
def test_ramp_equals_the_equation(step, length):
    expected = pytest.approx(oracles.ramp(step, length), abs=1e-12)
    assert exp_rampup(step, length) == expected
    assert device_rampup(torch.tensor(step), length).item() == expected


def test_without_a_length_there_is_no_ramp():
    assert exp_rampup(3, 0) == device_rampup(torch.tensor(3), 0) == 1.0


def test_negative_numbers_are_refused():
    with pytest.raises(ValueError, match="at least 0"):
        exp_rampup(-1, 10)
