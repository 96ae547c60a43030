"""Embeddings are treated as feature rows would be, by the same draw."""

from dataclasses import replace

import pytest
import torch

from lgc_plugin.augment import FrameShift, Mixup, RandomVersions, TimeMask
from lgc_plugin.augment.cutmix import cut_within, draw_cutmix
from lgc_plugin.losses.cut_batch import run_cut_batch
from lgc_plugin.losses.ict import InterpolationConsistency
from lgc_plugin.losses.sct import ShiftConsistency
from lgc_plugin.types import LabelKind, SEDBatch, SEDOutput
from oracles import rct

N_FRAMES, POOLING = 12, 4
KINDS = (LabelKind.STRONG, LabelKind.WEAK, LabelKind.NONE) * 2


def batch_of(padded=False):
    """Features that repeat the embeddings, which repeat a count of frames.

    So wherever features go, their embeddings must be beside them.
    """
    torch.manual_seed(5)
    embeddings = torch.rand(len(KINDS), 3, N_FRAMES)
    valid = None
    if padded:
        lengths = torch.tensor([12, 7, 5, 12, 3, 9])
        valid = torch.arange(N_FRAMES) < lengths.unsqueeze(1)
    return SEDBatch(
        torch.tensor(KINDS),
        embeddings.repeat_interleave(POOLING, dim=2),
        frame_labels=torch.rand(len(KINDS), 2, N_FRAMES),
        clip_labels=torch.rand(len(KINDS), 2),
        embeddings=embeddings,
        time_pooling=POOLING,
        valid=valid,
        kinds=KINDS,
    )


def assert_alike(batch, before):
    rows = batch.features[..., ::POOLING]
    assert torch.equal(rows, batch.embeddings)
    assert batch.features.shape != before.features.shape or not torch.equal(
        batch.features, before.features
    )


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(
    "step",
    [Mixup(probability=1.0), TimeMask(fill="zero"), FrameShift(std=20.0)],
    ids=lambda step: type(step).__name__,
)
def test_steps_of_a_batch(step, padded):
    before = batch_of(padded)
    if isinstance(step, FrameShift) and not padded:
        # By single feature frames, of which embeddings have none.
        whole = before.roll(torch.tensor([1, 2, 3, 0, 11, 5]))
        return assert_alike(whole, before)
    return assert_alike(step(before), before)


def outputs(n_clips):
    frame = torch.rand(n_clips, 2, N_FRAMES)
    return SEDOutput(frame, frame.amax(dim=2), torch.rand(n_clips, 12, 4))


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(
    "term",
    [
        InterpolationConsistency(),
        ShiftConsistency(std=20.0),
        lambda _, teacher, batch, forward: run_cut_batch(
            teacher, batch, forward, (0.2, 0.5)
        ),
    ],
    ids=["ict", "sct", "cutmix"],
)
def test_terms_run_the_student_on_both(term, padded):
    before, given = batch_of(padded), []

    def forward(batch):
        given.append(batch)
        return outputs(len(batch))

    term(outputs(6), outputs(6), before, forward)
    assert_alike(given[0], before)


def test_cutmix_cuts_where_the_plan_says():
    before = batch_of()
    plan = cut_within(draw_cutmix(6, N_FRAMES, (0.3, 0.3)), None)
    cut = before.cut(plan.permutation, plan.span)
    for clip in range(6):
        for t in range(N_FRAMES):
            source = plan.permutation[clip] if plan.span[clip, t] else clip
            expected = before.embeddings[source, :, t]
            assert torch.equal(cut.embeddings[clip, :, t], expected)


def waves_of(lengths, frame=640):
    """Waveforms whose embeddings are 0 on padding."""
    wavs = torch.rand(6, frame * N_FRAMES)
    n_samples = torch.tensor(lengths)
    wavs[torch.arange(wavs.shape[1]) >= n_samples.unsqueeze(1)] = 0
    batch = replace(batch_of(), features=None, wavs=wavs, n_samples=n_samples)
    valid = torch.arange(N_FRAMES) * frame < n_samples.unsqueeze(1)
    embeddings = batch.embeddings * valid.unsqueeze(1)
    return replace(batch, embeddings=embeddings, time_pooling=None)


@pytest.mark.parametrize("change", ["time_shift", "time_mask", "pitch_shift"])
@pytest.mark.parametrize("seed", range(4))
def test_versions_of_waveforms(change, seed):
    lengths = [7680, 7680, 5000, 7680, 640, 100]
    torch.manual_seed(seed)
    before = waves_of(lengths)
    versions = RandomVersions(frame_samples=640, changes=[change])(before)
    mixture, changed = versions.plan
    same, mixed, moved = versions.embeddings.split(6)
    assert torch.equal(same, before.embeddings)
    for clip, members in enumerate(rct.members_of(*mixture)):
        mean = sum(before.embeddings[m] for m in members) / len(members)
        torch.testing.assert_close(mixed[clip], mean)
    if change == "pitch_shift":
        assert torch.equal(moved, before.embeddings)
    elif change == "time_shift":
        shifts, circles = (part.tolist() for part in changed.roll)
        expected = rct.rolled(before.embeddings, shifts, circles)
        assert torch.equal(moved, expected)
        assert any(shifts)
    else:
        silenced = 0
        wavs = versions.wavs[12:]
        for clip in range(6):
            for t in range(N_FRAMES):
                middle = t * 640 + 320
                starts = changed.mask.starts[clip].tolist()
                length = int(changed.mask.length[clip])
                hole = any(s <= middle < s + length for s in starts)
                silenced += hole
                expected = before.embeddings[clip, :, t] * (not hole)
                assert torch.equal(moved[clip, :, t], expected)
                assert not (hole and wavs[clip, middle])
        assert silenced


def test_a_batch_without_embeddings_has_none_afterwards():
    before = replace(waves_of([7680] * 6), embeddings=None)
    assert RandomVersions(frame_samples=640)(before).embeddings is None
