"""A full disk at each writer: named with the reason, and nothing is lost."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from writers import NO_MOUNT, WRITERS

from forked import Script


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of each writer, at no byte left and at one page left."""
    if sys.platform != "linux":
        pytest.skip("needs a name space of Linux")
    place = tmp_path_factory.mktemp("disks")
    script = Path(__file__).with_name("writers.py")
    done = Script([script, place, place / "result.json"]).wait()
    if done.returncode == NO_MOUNT:
        pytest.skip("no file system can be mounted here")
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((place / "result.json").read_text())


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_one_sentence_and_the_old_output_stays(found, name):
    for number, each in enumerate(found[name]):
        if each["kind"] == "NoneType":  # it went into the page
            assert number == 1
            continue
        assert each["file"], each
        assert "No space left" in each["message"], each
        assert "/disk/out" in each["message"], each
        assert "\n" not in each["message"]
        assert each["changed"] == []
