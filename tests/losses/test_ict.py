"""ICT against its loops."""

import pytest
import torch
from hypothesis import given

from lgc_plugin.losses import ict as interpolation
from lgc_plugin.losses.consistency import clip_consistency, frame_consistency
from lgc_plugin.losses.ict import InterpolationConsistency
from lgc_plugin.types import LabelKind
from lgc_scenes import build, scene_of, scenes
from oracles import combinations
from strategies import seeds
from term_cases import (
    SAME_SCENES,
    assert_same_gradients,
    inputs,
    recorded,
    slow_inputs,
)


@pytest.mark.parametrize("known", [True, False], ids=["counted", "masked"])
@SAME_SCENES
@given(scene=scenes(), seed=seeds)
def test_ict_equals_the_loops(known, scene, seed):
    """Also that partners are unlabeled clips, each of them once."""
    student, lgc = build(scene)
    unlabeled = (scene.kind == LabelKind.NONE).nonzero().flatten().tolist()
    given_ = inputs(scene, student, lgc, known)
    recorder, plans = recorded(interpolation, "draw_mixup")
    torch.manual_seed(seed)
    with recorder:
        value = InterpolationConsistency(alpha=0.7)(*given_)
    (plan,) = plans
    # Places in the plan: among the unlabeled clips, or in the batch.
    counted = known and unlabeled
    clips = unlabeled if counted else list(range(len(scene.kind)))
    partner, share = plan.permutation.tolist(), plan.weight.tolist()
    partners = {
        clip: clips[partner[place]]
        for place, clip in enumerate(clips)
        if clip in unlabeled
    }
    assert sorted(partners.values()) == unlabeled
    share = share[clips.index(unlabeled[0])] if unlabeled else 1.0
    slow = slow_inputs(scene, student, lgc)
    expected = combinations.interpolation(*slow, share, partners)
    assert_same_gradients(value, student, expected, slow[0])


def test_alone_a_clip_is_mixed_with_itself():
    """ICT of one unlabeled clip is the mean teacher's term on it."""
    scene = scene_of([LabelKind.STRONG, LabelKind.NONE, LabelKind.WEAK])
    student, lgc = build(scene)
    one, other = (
        output.select(slice(1, 2)) for output in inputs(scene, student, lgc)[:2]
    )
    expected = frame_consistency(one.frame, other.frame)
    expected = expected + clip_consistency(one.clip, other.clip)
    for known in (True, False):
        value = InterpolationConsistency()(*inputs(scene, student, lgc, known))
        torch.testing.assert_close(value, expected)
