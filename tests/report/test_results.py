"""results.json and the versions in it."""

import json

import numpy as np

from lgc_plugin.report.result_files import write_results


def refuse(name):
    raise AssertionError(f"{name} is not JSON")


def test_nan_is_null_and_the_file_is_strict_json(tmp_path):
    file = tmp_path / "results.json"
    written = write_results(
        file,
        scores={"student": {"psds1": np.float64("nan"), "f1": np.float32(1)}},
        seed=np.int64(7),
        coverage="962/1168",
        wall_seconds=3.5,
        versions={"python": "3.11"},
        thresholds=(0.1, np.inf),
        device=None,
    )
    content = json.loads(file.read_text(), parse_constant=refuse)
    assert content == written
    assert content["scores"] == {"student": {"psds1": None, "f1": 1.0}}
    assert content["seed"] == 7
    assert content["thresholds"] == [0.1, None]
    assert content["coverage"] == "962/1168"
