import torch

from lgc_plugin.augment.samples import float_samples
from lgc_plugin.models.features import LogMel


def test_whole_numbers_are_what_the_front_end_makes_of_them():
    wavs = torch.randint(-(2**15), 2**15, (2, 4000), dtype=torch.int16)
    front_end = LogMel(n_fft=512, n_mels=16)
    assert torch.equal(front_end.mel(float_samples(wavs)), front_end.mel(wavs))


def test_other_numbers_stay():
    for dtype in (torch.float16, torch.float32, torch.float64):
        wavs = torch.randn(2, 9).to(dtype)
        assert torch.equal(float_samples(wavs).to(dtype), wavs)
    assert float_samples(wavs) is wavs
