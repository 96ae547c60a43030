"""RCT against its loops; what it refuses."""

import pytest
import torch
from hypothesis import given

from lgc_plugin.augment import RandomVersions
from lgc_plugin.losses.rct import RandomConsistency
from lgc_plugin.types import SEDBatch
from lgc_scenes import build, scene_of, scenes
from oracles import assert_exact, exact, rct
from strategies import seeds
from term_cases import SAME_SCENES, inputs, of_batch


def versions_of(scene, student, lgc, seed):
    """Three versions, which here are three batches of their own."""
    n_clips, n_frames = len(scene.kind), scene.batch.n_frames
    torch.manual_seed(seed)
    lengths = torch.full((n_clips,), n_frames)
    if scene.valid is not None:
        lengths = scene.valid.sum(dim=1)
    batch = SEDBatch(
        scene.kind,
        frame_labels=torch.zeros(n_clips, 1, n_frames),
        wavs=torch.zeros(n_clips, n_frames),  # a sample is a frame
        n_samples=lengths,
        kinds=tuple(scene.kind.tolist()),
        padded=scene.valid is not None,
    )
    draw = RandomVersions(frame_samples=1, changes=["time_shift"])
    features = torch.cat([scene.features.roll(i, 0) for i in range(3)])
    batch = draw(batch).with_features(features, scene.pooling, 1)
    return batch.plan, of_batch(batch, student, lgc)


@SAME_SCENES
@given(scenes(), seeds)
def test_the_term_equals_the_loops(scene, seed):
    student, lgc = build(scene)
    plan, given_ = versions_of(scene, student, lgc, seed)
    high, low = 0.625, 0.375  # exact in both precisions
    value = RandomConsistency(thresholds=(high, low))(*given_)

    n = len(scene.kind)
    frame, clip = exact(given_[0].frame), exact(given_[0].clip)
    kinds, mixtures = scene.kind.tolist(), rct.members_of(*plan.mixture)
    shifts, circles = (part.tolist() for part in plan.change.roll)
    rolled = rct.rolled(frame[:n], shifts, circles)
    expected = 0.0
    for scores, target, valid in (
        (frame, rolled, scene.valid),
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
        RandomConsistency()(*inputs(scene, student, lgc))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight": -1}, "at least 0, got -1"),
        ({"thresholds": (0.05, 0.95)}, "the upper one, then the lower one"),
    ],
)
def test_settings_are_checked_at_once(options, message):
    with pytest.raises(ValueError, match=message):
        RandomConsistency(**options)
