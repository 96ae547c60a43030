"""Two processes, half of the batch each, learn what one learns."""

import sys

import pytest
import torch

from forked import ROOT, Script

SCRIPT = ROOT / "tests" / "distributed_steps.py"
KINDS = ("plain", "in_loop")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where one process and two have written what they learned."""
    folder = tmp_path_factory.mktemp("learned")
    for kind in KINDS:
        (folder / kind).mkdir()
    for processes in (1, 2):
        done = Script([SCRIPT, folder], processes=processes).wait()
        assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture(scope="module", params=KINDS)
def learned(folder, request):
    """What each process has learned: alone, and each of two.

    Without a pretrained encoder, and through one.
    """
    return {
        file.stem: torch.load(file, weights_only=True)
        for file in (folder / request.param).glob("*.pt")
    }


LEAVING = """
import os
from speechbrain.utils.run_opts import RunOptions
from lgc_plugin.utils.distributed import (
    init_process_group, destroy_process_group, get_world_size, all_reduce_sum
)
import torch
init_process_group(RunOptions(device="cpu"))
assert get_world_size() == 2
assert all_reduce_sum(torch.ones(1)) == 2
# As some part of a recipe does, once there is a group.
import torch.distributed.nn.functional
destroy_process_group()
for thread in os.listdir("/proc/self/task"):
    name = open(f"/proc/self/task/{thread}/comm").read()
    assert "gloo" not in name, name
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for threads")
def test_no_thread_outlives_the_group(tmp_path):
    """At the end of a process it could abort it."""
    script = tmp_path / "leaving.py"
    script.write_text(LEAVING)
    done = Script([script], processes=2).wait()
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.parametrize("when", ["before", "after"])
def test_two_processes_follow_one(learned, when):
    one, two = learned["1-0"][when], learned["2-0"][when]
    assert one["state"].keys() == two["state"].keys()
    for name, expected in one["state"].items():
        torch.testing.assert_close(
            two["state"][name], expected, atol=1e-5, rtol=0, msg=name
        )
    assert two["means"] == pytest.approx(one["means"], abs=1e-5)


def test_the_comparison_is_not_of_nothing(learned):
    """All terms were at work, and everything has moved."""
    before, after = learned["1-0"]["before"], learned["1-0"]["after"]
    assert before["means"]["n_anchors"] == 0 < after["means"]["n_anchors"]
    assert after["means"]["contrast"] > 0.01
    assert int(after["state"]["lgc.teacher.steps"]) == 20
    for name, new in after["state"].items():
        if new.is_floating_point() and not name.endswith(("window", "fb")):
            old = before["state"][name]
            assert (new - old).abs().max() > 1e-4, name
    moved = after["state"]["lgc.bank.prototypes"] - learned["1-0"]["initial"]
    assert moved.abs().max() > 1e-3


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_processes_agree_to_the_last_bit(learned, when):
    first, second = learned["2-0"][when], learned["2-1"][when]
    for name, value in first["state"].items():
        assert torch.equal(value, second["state"][name]), name
    assert first["means"] == second["means"]


def test_prototypes_begin_alike(learned):
    assert torch.equal(learned["2-0"]["initial"], learned["2-1"]["initial"])
    torch.testing.assert_close(
        learned["2-0"]["initial"], learned["1-0"]["initial"], atol=1e-6, rtol=0
    )
