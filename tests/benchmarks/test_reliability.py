"""The benchmark of reliability: kills, repeats, compares, reports."""

from __future__ import annotations

import json
import sys
from collections import Counter

import pytest
import reliability_kills
from reliability_damage import OLDER, SAME, SILENT, Damage, damages
from reliability_kills import Kills, kill_at, measure_kills, run
from reliability_stages import STAGES, Stage, snapshot

import reliability

WRITE = """
import pathlib, sys, time
out = pathlib.Path(sys.argv[1])
for number in range(20):
    if not (out / f"{number}.txt").exists():
        (out / f".{number}").write_text(str(number))
        time.sleep(0.02)
        (out / f".{number}").rename(out / f"{number}.txt")
"""


def stage_of(code):
    return Stage(
        "writing",
        "writing files",
        lambda place, out: (sys.executable, "-c", code, str(out)),
    )


def test_a_killed_stage_ends_with_the_same_files(tmp_path):
    result = measure_kills(stage_of(WRITE), tmp_path, 2)
    assert result.failed is None and result.wrong == []
    assert (result.same, result.orphans) == (2, 0)
    (first, second) = result.moments
    assert first[0] < 0.5 < second[0]
    assert (first[1], second[1]) == ("all", "parent")
    assert result.too_late <= 1  # a busy machine measures too long a time
    assert list(tmp_path.iterdir()) == []


def test_other_results_and_failures_are_found(tmp_path):
    random = "import pathlib, sys, uuid; pathlib.Path(sys.argv[1], 'a.txt')"
    random += ".write_text(uuid.uuid4().hex)"
    result = measure_kills(stage_of(random), tmp_path, 1)
    assert result.same == 0 and "differ: a.txt" in result.wrong[0]
    failing = "import sys; sys.exit('error: no')"
    result = measure_kills(stage_of(failing), tmp_path, 1)
    assert result.failed == "undisturbed: status 1: error: no"


CHILD = """
import subprocess, sys, time
command = [sys.executable, "-c", "import time; time.sleep(60)"]
subprocess.Popen(command, start_new_session=True)  # as torchrun does
time.sleep(60)
"""


@pytest.mark.parametrize(("whom", "stays"), [("all", False), ("parent", True)])
def test_processes_that_stay_are_found_and_ended(whom, stays, monkeypatch):
    monkeypatch.setattr(reliability_kills, "_GRACE_SECONDS", 1.0)
    command = [sys.executable, "-c", CHILD]
    assert kill_at(command, 1.0, whom) == (True, stays)


def test_times_are_no_difference(tmp_path):
    (tmp_path / "run").mkdir()
    results, log = tmp_path / "a.json", tmp_path / "run" / "train_log.txt"
    seen = []
    for seconds, loss in ((1.5, 0.3), (2.5, 0.2)):
        results.write_text(f'{{"wall_seconds": {seconds}, "psds1": 0.5}}')
        log.write_text(f"epoch: 1 - train loss: {loss} - valid loss: 0.1\n")
        (tmp_path / "run" / "log.txt").write_text(str(seconds))
        seen.append(snapshot(tmp_path))
    assert seen[0] == seen[1] and len(seen[0]) == 2
    results.write_text('{"wall_seconds": 1.5, "psds1": 0.6}')
    assert snapshot(tmp_path) != seen[0]


def test_damage_is_half_a_file_and_one_bit():
    half, flipped = damages(b"abcd").values()
    assert half == b"ab"
    bits = [
        bin(a ^ b).count("1") for a, b in zip(flipped, b"abcd", strict=True)
    ]
    assert bits == [0, 0, 1, 0]
    assert list(damages(b"").values()) == [b"", b""]


def test_tables_and_exit_status():
    good = Kills("a", "stage a", 2.0, [(0.5, "all")], same=1)
    bad = Kills("b", "stage b", failed="undisturbed: status 1: no")
    first, second = reliability.kills_table([good, bad]).splitlines()[2:]
    assert first == "| stage a | 2.0 | 1 | 0 | 1 | 0 | 0 | 0 |"
    assert second.startswith("| stage b | failed: undisturbed: status 1: no |")
    damage = Damage({"scores": Counter({SAME: 3, OLDER: 1})})
    assert damage.table().splitlines()[-1] == "| scores | 3 | 1 | 0 | 0 | 0 |"
    assert not reliability._is_wrong([good], damage)
    assert reliability._is_wrong([good, bad], None)
    assert json.loads(json.dumps(damage.values()))["counts"] == {
        "scores": {SAME: 3, OLDER: 1}
    }
    damage.wrong.append(f"scores.npz: {SILENT}")
    assert reliability._is_wrong([good], damage)


def test_a_failing_command_has_its_last_line():
    code = "import sys; print('a\\nerror: b', file=sys.stderr); sys.exit(2)"
    assert run([sys.executable, "-c", code]) == "status 2: error: b"


def test_options(capsys):
    assert reliability.parse(["--quick"]).kills == 2
    assert reliability.parse([]).stages == [*(s.name for s in STAGES), "damage"]
    for words in (["--kills=0"], ["--stages=sleep"]):
        with pytest.raises(SystemExit):
            reliability.parse(words)
    assert "'sleep' is unknown" in capsys.readouterr().err
