"""RCT against its loops; what it refuses."""

import pytest
import torch
from hypothesis import given

from lgc_plugin.losses.rct import RandomConsistency
from lgc_scenes import build, scene_of, scenes
from oracles import assert_exact, exact, rct
from strategies import seeds
from term_cases import SAME_SCENES, inputs


def versions_of(scene, student, lgc, seed):
    """Three versions, which here are three batches of their own."""
    n_clips, n_frames = len(scene.kind), scene.features.shape[-1]
    n_frames //= scene.pooling
    torch.manual_seed(seed)
    lengths = torch.full((n_clips,), n_frames)
    if scene.valid is not None:
        lengths = scene.valid.sum(dim=1)
    plan = RandomConsistency(changes=["time_shift"]).draw(
        scene.kind, scene.kind, lengths, 1, n_frames
    )
    features = torch.cat(
        [scene.features, *(scene.features.roll(i, 0) for i in (1, 2))]
    )
    valid = None if scene.valid is None else plan.joined(scene.valid)
    whole = scene._replace(
        features=features, kind=scene.kind.repeat(3), valid=valid
    )
    return plan, inputs(whole, student, lgc)


@SAME_SCENES
@given(scenes(), seeds)
def test_the_term_equals_the_loops(scene, seed):
    student, lgc = build(scene)
    plan, given_ = versions_of(scene, student, lgc, seed)
    high, low = 0.625, 0.375  # exact in both precisions
    value = RandomConsistency(thresholds=(high, low))(given_.split(plan))

    n = len(scene.kind)
    frame, clip = exact(given_.student.frame), exact(given_.student.clip)
    kinds, mixtures = scene.kind.tolist(), rct.members_of(*plan.mixture)
    shifts, circles = (part.tolist() for part in plan.change.roll)
    turned = rct.turned(frame[:n], shifts, circles)
    expected = 0.0
    for scores, target, valid in (
        (frame, turned, scene.valid),
        (clip, clip[:n], None),
    ):
        expected = expected + rct.augmentation_loss(
            scores[2 * n :], target, kinds, valid
        )
        expected = expected + rct.mixture_loss(
            scores[n : 2 * n], scores[:n], mixtures, kinds, valid, (high, low)
        )
    assert_exact(value, expected / 2)


def test_a_batch_without_versions_is_refused():
    scene = scene_of([2, 1, 0])
    student, lgc = build(scene)
    with pytest.raises(ValueError, match="without versions"):
        RandomConsistency()(inputs(scene, student, lgc))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight": -1}, "at least 0, got -1"),
        ({"thresholds": (0.05, 0.95)}, "the upper one, then the lower one"),
        ({"changes": ["echo"]}, "echo"),
        ({"max_partners": 0}, "max_partners must be at least 1, got 0"),
        ({"max_magnitude": 10}, "max_magnitude must lie between 1 and 9"),
    ],
)
def test_settings_are_checked_at_once(options, message):
    with pytest.raises(ValueError, match=message):
        RandomConsistency(**options)


def test_making_a_term_draws_nothing():
    state = torch.get_rng_state()
    RandomConsistency()
    assert torch.equal(torch.get_rng_state(), state)


def test_mixup_and_moved_labels_are_refused_while_it_is_on():
    with pytest.raises(ValueError, match="mixup_probability=0"):
        RandomConsistency().check_alone(0.5, False)
    with pytest.raises(ValueError, match="frame_shift_std at 0"):
        RandomConsistency().check_alone(0.0, True)
    RandomConsistency().check_alone(0.0, False)
    RandomConsistency(weight=0.0).check_alone(0.5, True)
