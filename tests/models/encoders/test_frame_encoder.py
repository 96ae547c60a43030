"""Embeddings depend on the clip alone, and lie where they should in time."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.models.encoders import (
    FrameEncoder,
    align_embeddings,
    embeddings_for,
)
from tiny_encoder import TinyEncoder


def test_a_clip_does_not_depend_on_its_batch():
    encoder = TinyEncoder()
    wavs = torch.randn(3, 16000)
    lengths = [16000, 9000, 9000]
    for clip, length in enumerate(lengths):
        wavs[clip, length:] = 0
    together = encoder(wavs, lengths)
    assert together.shape == (3, 6, 7)
    for clip, length in enumerate(lengths):
        alone = encoder(wavs[clip : clip + 1, :length])[0]
        assert alone.shape[1] == encoder.n_frames(length)
        torch.testing.assert_close(together[clip, :, : alone.shape[1]], alone)
        assert not together[clip, :, alone.shape[1] :].any()


def test_integers_are_scaled():
    encoder = TinyEncoder()
    wavs = torch.randint(-9000, 9000, (1, 8000), dtype=torch.int16)
    assert torch.equal(encoder(wavs), encoder(wavs.float() / 32768.0))


@pytest.mark.parametrize("rate", [8000, 22050, 44100])
def test_other_rates_are_resampled(rate):
    def tone(rate):
        time = torch.arange(rate) / rate
        return torch.sin(2 * torch.pi * 400 * time).unsqueeze(0)

    found = TinyEncoder(sample_rate=rate)(tone(rate))
    expected = TinyEncoder()(tone(16000))
    assert found.shape == expected.shape
    assert (found - expected)[..., 1:-1].abs().max() < 0.05


def test_the_fingerprint_follows_weights_and_settings():
    encoder = TinyEncoder()
    prints = {
        each.fingerprint
        for each in (
            encoder,
            TinyEncoder(),
            TinyEncoder(seed=1),
            TinyEncoder(size=7),
            TinyEncoder(frame_seconds=0.08),
            TinyEncoder(sample_rate=8000),
        )
    }
    assert len(prints) == 5
    assert TinyEncoder().train().training is False
    assert not any(p.requires_grad for p in encoder.parameters())


def test_other_sizes_than_promised_are_refused():
    class Wrong(FrameEncoder):
        def encode(self, wavs):
            return wavs.new_zeros(len(wavs), 2, 3)

    with pytest.raises(ValueError, match="3 embeddings of 2 numbers"):
        Wrong(2, 0.1)(torch.zeros(1, 16000))
    with pytest.raises(ValueError, match=r"expected 1 of 1"):
        Wrong(1, 1.0)(torch.zeros(1, 16000))


def slow_alignment(embeddings, n_frames, ratio):
    n_embeddings = embeddings.shape[-1]
    out = np.zeros((*embeddings.shape[:2], n_frames))
    for t in range(n_frames):
        middle = min(max((t + 0.5) * ratio - 0.5, 0), n_embeddings - 1)
        total = 0.0
        for j in range(n_embeddings):
            weight = max(0.0, 1 - abs(middle - j) / max(1.0, ratio))
            out[..., t] += weight * embeddings[..., j]
            total += weight
        out[..., t] /= total
    return out


@given(
    st.integers(1, 9), st.integers(1, 9), st.floats(0.1, 6.0), st.integers(0, 9)
)
def test_alignment_is_the_slow_one(n_embeddings, n_frames, ratio, seed):
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(2, 3, n_embeddings, generator=generator)
    found = align_embeddings(embeddings, n_frames, ratio)
    expected = slow_alignment(embeddings.numpy(), n_frames, ratio)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_alignment_keeps_time():
    # A ramp over time is the same ramp at any other rate.
    encoder_time = (torch.arange(62) + 0.5) * 0.16
    ramp = encoder_time.expand(1, 1, -1)
    for seconds in (0.064, 0.128, 0.16, 0.4):
        n_frames = int(9.6 / seconds)
        found = align_embeddings(ramp, n_frames, seconds / 0.16)[0, 0]
        expected = (torch.arange(n_frames) + 0.5) * seconds
        inside = slice(8, -8)
        assert (found - expected)[inside].abs().max() < 0.002
    same = torch.randn(1, 4, 30).half()
    assert torch.equal(align_embeddings(same, 30), same.float())


def test_embeddings_are_rounded_to_half_precision_everywhere():
    encoder = TinyEncoder()
    wavs = torch.randn(2, 16000, requires_grad=True)
    embeddings = encoder.embed(wavs, [16000, 8000])
    assert embeddings.dtype == torch.float16 and not embeddings.requires_grad
    assert torch.equal(embeddings, encoder(wavs, [16000, 8000]).half())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(encoder.embed(wavs, [16000, 8000]), embeddings)
    found = embeddings_for(encoder, wavs, [16000, 8000], 15, 0.064)
    assert torch.equal(found, align_embeddings(embeddings, 15, 0.4))


def test_no_embedding_overflows_half_precision():
    class Loud(FrameEncoder):
        def encode(self, wavs):
            return wavs.new_full((len(wavs), 1, 1), -1e6)

    assert Loud(1, 1.0).embed(torch.zeros(1, 16000)).item() == -65504
