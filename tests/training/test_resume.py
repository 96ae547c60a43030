"""A run is continued with the settings that it began with."""

import json

import pytest

from lgc_plugin.training.resume import RECORD, check_same_run

BEGUN = {"lr": 0.1, "n_jobs": 1, "may_change": ["n_jobs", "seed"]}


@pytest.mark.parametrize(
    "now", [BEGUN, {**BEGUN, "n_jobs": 4}, {**BEGUN, "seed": 3}]
)
def test_what_may_change_is_marked_in_the_settings(tmp_path, now):
    check_same_run(tmp_path, BEGUN)
    check_same_run(tmp_path, now)
    # What the run began with stays on record.
    assert json.loads((tmp_path / RECORD).read_text()) == {"lr": 0.1}


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ({**BEGUN, "lr": 0.2}, "began with lr = 0.1, now it is 0.2"),
        ({**BEGUN, "other": 1}, "began with other = None, now it is 1"),
        ({"n_jobs": 1}, "began with lr = 0.1, now it is None"),
    ],
)
def test_anything_else_makes_it_another_run(tmp_path, now, message):
    check_same_run(tmp_path, BEGUN)
    with pytest.raises(ValueError, match=message):
        check_same_run(tmp_path, now)


def test_a_setting_that_became_free_is_not_compared(tmp_path):
    check_same_run(tmp_path, {"lr": 0.1, "n_jobs": 1})
    check_same_run(tmp_path, {**BEGUN, "n_jobs": 2})
