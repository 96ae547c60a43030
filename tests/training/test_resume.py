"""Runs that began before a setting existed."""

import json

import pytest

from lgc_plugin.training.resume import RECORD, check_same_run


@pytest.mark.parametrize("masked", [False, True])
def test_an_older_run_masked_with_zeros_if_at_all(tmp_path, masked):
    (tmp_path / RECORD).write_text(json.dumps({"time_mask": masked}))
    now = {"time_mask": masked, "time_mask_fill": "quietest"}
    if not masked:
        check_same_run(tmp_path, now)
        return
    with pytest.raises(ValueError, match="time_mask_fill = zero, now it is q"):
        check_same_run(tmp_path, now)
    check_same_run(tmp_path, {**now, "time_mask_fill": "zero"})
