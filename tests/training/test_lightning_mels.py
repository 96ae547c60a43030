"""Mel filters of a checkpoint against ours."""

from __future__ import annotations

import pytest
import torch
from torchaudio.transforms import MelSpectrogram

from lgc_plugin.training.lightning_mels import read_mel_filters

PUBLISHED = {
    "sample_rate": 16000,
    "n_fft": 2048,
    "hop_length": 256,
    "f_min": 0,
    "f_max": 8000,
    "n_mels": 128,
    "window_fn": torch.hamming_window,
    "wkwargs": {"periodic": False},
}


def state(**changes) -> dict[str, torch.Tensor]:
    spectrogram = MelSpectrogram(**{**PUBLISHED, **changes})
    return spectrogram.state_dict(prefix="mel_spec.")


def test_the_published_front_end_is_ours() -> None:
    assert read_mel_filters(state()) == (128, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"f_max": 7600},
        {"sample_rate": 22050},
        {"n_fft": 1024},
        {"wkwargs": {"periodic": True}},
        {"mel_scale": "slaney"},
    ],
    ids=str,
)
def test_another_front_end_is_noticed(changes) -> None:
    assert read_mel_filters(state(**changes)) == (128, False)


def test_other_mel_bins_are_read() -> None:
    assert read_mel_filters(state(n_mels=40)) == (40, True)
