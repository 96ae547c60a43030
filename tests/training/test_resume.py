"""A run is continued with the settings that it began with."""

import json

import pytest

from lgc_plugin.training.imported_run import RECORD as IMPORTED
from lgc_plugin.training.imported_run import check_imported
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


def test_a_run_of_an_older_version_had_what_was_fixed_then(tmp_path):
    check_same_run(tmp_path, BEGUN)
    check_same_run(tmp_path, {**BEGUN, "n_fft": 2048})
    with pytest.raises(ValueError, match="n_fft = 2048, now it is 512"):
        check_same_run(tmp_path, {**BEGUN, "n_fft": 512})


def test_a_setting_that_became_free_is_not_compared(tmp_path):
    check_same_run(tmp_path, {"lr": 0.1, "n_jobs": 1})
    check_same_run(tmp_path, {**BEGUN, "n_jobs": 2})


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b"null", b'{"lr"', b"\xff", b"[" * 99999]
)
@pytest.mark.parametrize("name", [RECORD, IMPORTED])
def test_a_damaged_record_is_named(tmp_path, name, content):
    check = check_same_run if name == RECORD else check_imported
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}: no whole JSON object"):
        check(tmp_path, BEGUN)


def test_an_incomplete_record_of_an_import_is_named(tmp_path):
    (tmp_path / IMPORTED).write_text('{"settings": 3}')
    with pytest.raises(ValueError, match=f"{IMPORTED}: settings and n_classes"):
        check_imported(tmp_path, BEGUN)
