"""With an encoder in the loop, waveforms change where the features do."""

from dataclasses import replace

import pytest
import torch

from lgc_plugin.augment import FilterAugment, FrameShift, TimeMask
from lgc_plugin.types import SEDBatch

HOP, POOLING = 4, 2
FRAME = HOP * POOLING


def loop_batch(n_samples=6 * FRAME + 5, lengths=None):
    """Three clips whose features are the sums of the samples of a hop."""
    wavs = torch.randint(-9000, 9000, (3, n_samples), dtype=torch.int16)
    padded = lengths is not None
    for clip, length in enumerate(lengths or ()):
        wavs[clip, length:] = 0
    batch = SEDBatch(
        torch.tensor([2, 1, 0]),
        frame_labels=torch.rand(3, 2, 6),
        clip_labels=torch.rand(3, 2),
        wavs=wavs,
        n_samples=torch.tensor(lengths or [n_samples] * 3),
        wav_lengths=tuple(lengths) if padded else None,
        embeddings=torch.rand(3, 5, 4),
        kinds=(2, 1, 0),
        padded=padded,
    )
    return batch.with_features(
        hops(wavs.float() / 32768), POOLING, FRAME, keep_wavs=True
    )


def hops(wavs):
    """(B, 2, T): sums and last samples of each hop; both are linear."""
    n_steps = wavs.shape[1] // HOP
    steps = wavs[:, : n_steps * HOP].unflatten(1, (-1, HOP))
    return torch.stack([steps.sum(2), steps[..., -1]], dim=1)


def assert_together(batch):
    """The features are those of the waveforms that the batch now has."""
    assert batch.embeddings is None
    n_steps = batch.n_frames * POOLING
    torch.testing.assert_close(
        hops(batch.wavs)[..., :n_steps], batch.features[..., :n_steps]
    )


def test_waveforms_are_floats_and_leave_without_the_loop():
    batch = loop_batch()
    assert batch.wavs.dtype == torch.float32
    assert batch.wavs.abs().max() < 1
    plain = replace(batch, frame_samples=None)
    assert plain.roll(torch.tensor([1, 1, 1])).wavs is None
    with_mels = plain.with_features(batch.features, POOLING, FRAME)
    assert with_mels.wavs is None and with_mels.frame_samples is None


def test_a_mixture_is_one_of_waveforms():
    batch = loop_batch()
    permutation, weight = torch.tensor([1, 2, 0]), torch.tensor([0.3, 1.0, 0.0])
    mixed = batch.mix(permutation, weight)
    assert_together(mixed)
    assert torch.equal(mixed.wavs[2], batch.wavs[0])


@pytest.mark.parametrize("n_samples", [6 * FRAME, 6 * FRAME + 5])
def test_a_cut_is_one_of_waveforms(n_samples):
    batch = loop_batch(n_samples)
    span = torch.rand(3, 6) < 0.5
    cut = batch.cut(torch.tensor([1, 2, 0]), span)
    assert_together(cut)
    for sample in range(n_samples):
        frame = sample // FRAME
        taken = bool(frame < 6 and span[1, frame])
        source = batch.wavs[2 if taken else 1]
        assert cut.wavs[1, sample] == source[sample]


def test_a_network_may_count_an_incomplete_last_frame():
    batch = loop_batch(5 * FRAME + HOP)
    labels = torch.zeros(3, 1, 6)
    batch = replace(batch, frame_labels=labels).with_frames(6)
    cut = batch.cut(torch.tensor([1, 2, 0]), torch.ones(3, 6).bool())
    assert torch.equal(cut.wavs, batch.wavs[[1, 2, 0]])
    assert batch.roll(torch.tensor([2, 0, 0])).wavs.shape == batch.wavs.shape


def test_a_mask_silences_waveforms():
    batch = loop_batch()
    span = torch.zeros(3, 6, dtype=torch.bool)
    span[0, 2:4] = True
    for fill in (None, torch.ones(3)):
        masked = batch.mask(span, fill)
        assert not masked.wavs[0, 2 * FRAME : 4 * FRAME].any()
        assert torch.equal(masked.wavs[1:], batch.wavs[1:])
        assert masked.embeddings is None
    assert_together(batch.mask(span))


@pytest.mark.parametrize("rest", [None, torch.tensor([1, 0, -1])])
def test_a_shift_is_one_of_waveforms(rest):
    batch = loop_batch()
    frames = torch.tensor([1, 0, -2])
    rolled = batch.roll(frames, rest)
    assert_together(rolled)
    moved = FRAME + (0 if rest is None else HOP)
    circle = 6 * FRAME
    expected = batch.wavs[0, :circle].roll(moved)
    assert torch.equal(rolled.wavs[0, :circle], expected)
    assert torch.equal(rolled.wavs[:, circle:], batch.wavs[:, circle:])


def test_the_steps_of_the_recipe_change_them_alike():
    torch.manual_seed(0)
    assert_together(FrameShift(std=7.0)(loop_batch()))
    masked = TimeMask(ratio=(0.3, 0.4), fill="zero")(loop_batch())
    assert_together(masked)
    batch = loop_batch()
    # A view of the features leaves the waveform, and what is known of it.
    view = FilterAugment("step", n_mels=2, n_bands=(1, 1), min_bandwidth=1)(
        batch
    )
    assert view.embeddings is batch.embeddings and view.wavs is batch.wavs


def test_lengths_are_known_until_only_the_device_knows_them():
    lengths = [53, 30, 17]
    batch = loop_batch(lengths=lengths)
    assert batch.wav_lengths == (53, 30, 17)
    assert batch.select(slice(1, 3)).wav_lengths == (30, 17)
    assert batch.mask(torch.zeros(3, 6).bool()).wav_lengths == (53, 30, 17)
    order = torch.tensor([1, 2, 0])
    for changed in (
        batch.mix(order, torch.rand(3)),
        batch.cut(order, torch.zeros(3, 6).bool()),
        batch.roll(order),
        batch.select(order),
    ):
        assert changed.wav_lengths is None and changed.wavs is not None
