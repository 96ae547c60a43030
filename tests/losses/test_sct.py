"""SCT against its loops."""

import torch
from hypothesis import given

from lgc_plugin.losses import sct as shift
from lgc_plugin.losses.sct import ShiftConsistency
from lgc_scenes import build, move, scene_of, scenes
from oracles import combinations
from strategies import seeds
from term_cases import (
    KINDS,
    PADDED,
    SAME_SCENES,
    assert_same_gradients,
    inputs,
    recorded,
    slow_inputs,
)


@SAME_SCENES
@given(scenes(), seeds)
def test_sct_equals_the_loops(scene, seed):
    student, lgc = build(scene)
    given_ = inputs(scene, student, lgc)
    recorder, plans = recorded(shift, "draw_frame_shift")
    torch.manual_seed(seed)
    with recorder:
        value = ShiftConsistency(std=6.0)(*given_)
    slow = slow_inputs(scene, student, lgc)
    expected = combinations.shift(*slow, plans[0].frames.tolist())
    assert_same_gradients(value, student, expected, slow[0])


def test_a_network_of_single_frames_is_consistent_under_shifts():
    """If student and teacher are one: nothing is left but rounding."""
    scene = scene_of(KINDS, PADDED)
    student, lgc = build(scene)
    lgc.teacher.network.load_state_dict(student.state_dict())
    torch.manual_seed(0)
    assert ShiftConsistency(std=5.0)(*inputs(scene, student, lgc)) < 1e-12
    move(student, 7)
    assert ShiftConsistency(std=5.0)(*inputs(scene, student, lgc)) > 1e-3
