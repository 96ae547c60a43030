import pytest
import torch

import oracles
from lgc_plugin.nnet.features import LogMel


def test_front_end_equals_an_explicit_dft():
    front_end = LogMel(
        sample_rate=8000, n_fft=128, hop_length=32, n_mels=12, f_max=4000.0
    )
    wav = torch.randn(300, generator=torch.Generator().manual_seed(0)) * 0.1
    expected = oracles.log_mel(wav, 8000, 128, 32, 12, 4000.0)
    result = front_end(wav.unsqueeze(0))[0].double()
    assert result.shape == expected.shape == (12, 300 // 32 + 1)
    torch.testing.assert_close(result, expected, atol=1e-5, rtol=0)


def test_ten_seconds_give_626_frames():
    assert LogMel().mel(torch.randn(1, 160000)).shape == (1, 128, 626)


def test_padding_has_no_say_in_the_range():
    front_end = LogMel()
    mels = front_end.mel(torch.randn(1, 32000))
    padded = torch.nn.functional.pad(mels, (0, 40))
    valid = torch.arange(padded.shape[-1]) < mels.shape[-1]
    result = front_end.normalise(padded, valid.unsqueeze(0))
    torch.testing.assert_close(
        result[..., : mels.shape[-1]], front_end.normalise(mels)
    )
    assert (result[..., mels.shape[-1] :] == 0).all()


def test_silence_is_finite():
    assert torch.isfinite(LogMel()(torch.zeros(1, 16000))).all()


def test_mel_bins_above_half_the_rate_are_refused():
    with pytest.raises(ValueError, match="at most half"):
        LogMel(sample_rate=8000, f_max=8000.0)
