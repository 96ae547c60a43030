"""A small detector, and recordings with something to find in them."""

import numpy as np
import torch

from lgc_plugin import LGC
from lgc_plugin.models.features import LogMel
from lgc_plugin.types import SEDBatch
from model_cases import small_settings

SETTINGS = small_settings()  # windows of 1 s, 31 frames of 512 samples
FRAME = 512
CPU = {"device": "cpu"}


def sound(n_samples, seed=0):
    """Bursts of noise and tones, 16-bit values."""
    rng = np.random.default_rng(seed)
    time = np.arange(n_samples) / 16000
    wav = 0.02 * rng.standard_normal(n_samples)
    for _ in range(1 + n_samples // 8000):
        start, hertz = rng.uniform(0, time[-1]), rng.uniform(200, 6000)
        burst = (time > start) & (time < start + rng.uniform(0.05, 0.6))
        wav += burst * 0.4 * np.sin(2 * np.pi * hertz * time)
    return np.round(wav.clip(-1, 1) * 32767).astype(np.int16)


def as_recipe(wav, network, n_samples=16000):
    """Scores of one clip in a batch of padded ones, as a test has them."""
    wavs = torch.zeros(2, n_samples, dtype=torch.int16)
    wavs[0, : len(wav)] = torch.from_numpy(wav)
    front_end = LogMel(**SETTINGS.front_end)
    lgc = LGC(network, n_classes=3, embedding_dim=7, normalize=front_end)
    lengths = torch.tensor([len(wav), 3000])
    batch = SEDBatch(torch.zeros(2), wavs=wavs, n_samples=lengths)
    batch = batch.with_features(front_end.mel(wavs), 2, FRAME)
    with torch.no_grad():
        output = lgc.run(network, batch)
    return output.frame[0, :, : int(batch.valid[0].sum())].numpy()
