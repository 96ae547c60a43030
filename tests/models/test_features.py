import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import oracles
from lgc_plugin.models.features import LogMel
from strategies import default_precision, precisions, random_tensor, seeds


@settings(max_examples=20)
@given(
    st.integers(40, 150),
    st.integers(5, 40),
    st.integers(2, 6),
    st.sampled_from([2000.0, 4000.0]),
    st.sampled_from([1.0, 1e-2, 1e-6, 0.0]),
    precisions,
    seeds,
)
def test_front_end_equals_an_explicit_dft(
    n_samples, hop, n_mels, f_max, amplitude, dtype, seed
):
    """Loud, soft, below the floor of the logarithm, and silent."""
    with default_precision(dtype):
        front_end = LogMel(8000, 64, hop, n_mels, f_max=f_max)
    wav = (amplitude * random_tensor(n_samples, seed=seed)).to(dtype)
    arguments = oracles.exact(wav), 8000, 64, hop, n_mels, f_max
    mels = front_end.mel(wav.unsqueeze(0))
    assert mels.shape == (1, n_mels, n_samples // hop + 1)
    oracles.assert_exact(mels[0], oracles.mel_magnitudes(*arguments))
    n_frames = mels.shape[-1]
    n_valid = 1 + seed % n_frames
    for valid in (None, [t < n_valid for t in range(n_frames)]):
        mask = None if valid is None else torch.tensor([valid])
        oracles.assert_exact(
            front_end(wav.unsqueeze(0), mask)[0],
            oracles.log_mel(*arguments, valid),
        )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_papers_front_end_equals_an_explicit_dft(dtype):
    with default_precision(dtype):
        front_end = LogMel()
    wav = 0.1 * random_tensor(1600, seed=0).to(dtype)
    expected = oracles.log_mel(
        oracles.exact(wav), 16000, 2048, 256, 128, 8000.0
    )
    oracles.assert_exact(front_end(wav.unsqueeze(0))[0], expected)


@settings(max_examples=40)
@given(
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 6),
    precisions,
    seeds,
)
def test_levels_equal_the_loop_over_cells(clips, mels, frames, dtype, seed):
    """Each clip by itself; the mask may have gaps, as CutMix leaves them."""
    exponents = random_tensor(clips, mels, frames, seed=seed)
    magnitudes = (10 ** (3 * exponents)).to(dtype)
    generator = torch.Generator().manual_seed(seed)
    valid = torch.rand(clips, frames, generator=generator) < 0.6
    valid[:, 0] = True
    result = LogMel(n_mels=mels).normalize(magnitudes, valid)
    plain = LogMel(n_mels=mels).normalize(magnitudes)
    for i, clip in enumerate(magnitudes):
        oracles.assert_exact(result[i], oracles.levels(clip, valid[i].tolist()))
        oracles.assert_exact(plain[i], oracles.levels(clip))


def test_the_range_may_be_that_of_all_clips():
    """A tenth of the amplitude is 20 dB lower: 20 of the range of 130."""
    torch.manual_seed(0)
    front_end = LogMel(n_mels=4, mel_norm="global")
    mels = 10 ** (2 * torch.rand(2, 4, 9) - 1)
    levels = front_end.normalize(mels)
    torch.testing.assert_close(
        levels, (20 * mels.log10() + 50) / 130, atol=1e-6, rtol=0
    )
    softer = front_end.normalize(mels / 10)
    torch.testing.assert_close(levels - softer, torch.full_like(mels, 20 / 130))
    valid = torch.arange(9).expand(2, -1) < 5
    padded = front_end.normalize(mels, valid)
    assert torch.equal(padded[..., :5], levels[..., :5])
    assert (padded[..., 5:] == 0).all()
    with pytest.raises(ValueError, match="mel_norm is 'bins': it is clip or"):
        LogMel(mel_norm="bins")


def test_ten_seconds_give_626_frames():
    assert LogMel().mel(torch.randn(1, 160000)).shape == (1, 128, 626)


def test_padding_does_not_affect_the_range():
    front_end = LogMel()
    mels = front_end.mel(torch.randn(1, 32000))
    padded = torch.nn.functional.pad(mels, (0, 40))
    valid = torch.arange(padded.shape[-1]) < mels.shape[-1]
    result = front_end.normalize(padded, valid.unsqueeze(0))
    torch.testing.assert_close(
        result[..., : mels.shape[-1]], front_end.normalize(mels)
    )
    assert (result[..., mels.shape[-1] :] == 0).all()


def test_silence_is_finite():
    assert torch.isfinite(LogMel()(torch.zeros(1, 16000))).all()


def test_mel_bins_above_half_the_rate_are_refused():
    with pytest.raises(ValueError, match="at most half"):
        LogMel(sample_rate=8000, f_max=8000.0)
