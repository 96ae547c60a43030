"""YAMNet's log mels and convolutions (MobileNet v1), as TensorFlow has them.

M. Plakal, D. Ellis, YAMNet, 2020 (Apache-2.0): weights and parameters. A. G.
Howard et al., MobileNets, arXiv:1704.04861: the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lgc_plugin.models.encoders.yamnet_weights import Pair
from lgc_plugin.models.features import magnitudes

RATE = 16000
MEL_HOP = 160
MEL_WINDOW = 400
N_MELS = 64
PATCH_FRAMES = 96
STRIDES = (2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
"""Of layer1 to layer14, in time and frequency."""

_N_FFT = 512
_LOW, _HIGH = 125.0, 7500.0
_LOG_OFFSET = 1e-3


class YAMNetMel(nn.Module):
    """Log mel spectrogram: frame k is of samples 160 k to 160 k + 400."""

    filters: Tensor
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        # Recomputed where it is made: no part of the weights.
        self.register_buffer("filters", _mel_filters(), persistent=False)
        window = torch.hann_window(MEL_WINDOW, dtype=torch.float64)
        self.register_buffer("window", window.float(), persistent=False)

    def forward(self, wavs: Tensor) -> Tensor:
        """(B, N) samples at 16 kHz to (B, T, 64), without padding."""
        with torch.autocast(wavs.device.type, enabled=False):
            frames = wavs.unfold(1, MEL_WINDOW, MEL_HOP) * self.window
            spectrum = magnitudes(torch.fft.rfft(frames, _N_FFT))
            return (spectrum @ self.filters + _LOG_OFFSET).log()


def _mel_filters() -> Tensor:
    """(257, 64) triangles of height 1 that are straight on the mel axis."""
    hertz = torch.linspace(0, RATE / 2, _N_FFT // 2 + 1, dtype=torch.float64)
    bounds = torch.tensor([_LOW, _HIGH], dtype=torch.float64)
    mels, (low, high) = _mel(hertz).unsqueeze(1), _mel(bounds)
    edges = torch.linspace(
        float(low), float(high), N_MELS + 2, dtype=torch.float64
    )
    width = edges[1] - edges[0]
    return (1.0 - (mels - edges[1:-1]).abs() / width).clamp_min(0.0).float()


def _mel(hertz: Tensor) -> Tensor:
    return 1127.0 * (1.0 + hertz / 700.0).log()


class YAMNetNetwork(nn.Module):
    """The 14 layers and the classifier, batch norm folded.

    ``layers[i]`` is Google's ``layer{i + 1}``: a convolution with stride 2, or
    one per channel and one over channels; ``sizes[i]`` are its channels.
    """

    def __init__(self, pairs: Sequence[Pair]) -> None:
        super().__init__()
        first, *others = pairs[:-1]
        layers = [nn.Sequential(_Convolution(*first, STRIDES[0], groups=1))]
        for number, stride in enumerate(STRIDES[1:]):
            depthwise, pointwise = others[2 * number : 2 * number + 2]
            layers.append(
                nn.Sequential(
                    _Convolution(*depthwise, stride, groups=len(depthwise[1])),
                    _Convolution(*pointwise, 1, groups=1),
                )
            )
        self.layers = nn.ModuleList(layers)
        self.sizes = [len(bias) for _, bias in [first, *others[1::2]]]
        weight, bias = pairs[-1]
        self.classifier = nn.Linear(weight.shape[1], weight.shape[0])
        _set(self.classifier, weight, bias)

    def forward(self, mels: Tensor, wanted: Iterable[int]) -> list[Tensor]:
        """Outputs of some layers, counted from 1, averaged over frequency.

        (B, T, 64) with T a multiple of the product of the strides, to
        (B, C, T / product) each.
        """
        wanted = list(wanted)
        # Twice as fast on CPUs as (B, C, T, F) in memory.
        maps = mels.unsqueeze(1).to(memory_format=torch.channels_last)
        means = {}
        for number, layer in enumerate(self.layers[: max(wanted)], 1):
            maps = layer(maps)
            if number in wanted:
                means[number] = maps.mean(dim=3)
        return [means[number] for number in wanted]

    def patches(self, mels: Tensor) -> Tensor:
        """(P, 96, 64) to the embeddings of the patches, (P, C)."""
        return self(mels, [len(STRIDES)])[0].mean(dim=2)


class _Convolution(nn.Conv2d):
    """With TensorFlow's padding "same" of sizes that the stride divides, ReLU.

    3 x 3 at stride 2: one row and column after, none before.
    """

    def __init__(
        self,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32],
        stride: int,
        groups: int,
    ) -> None:
        n_out, n_in, size = weight.shape[:3]
        super().__init__(
            n_in * groups,
            n_out,
            size,
            stride,
            padding=size // 2 if stride == 1 else 0,
            groups=groups,
        )
        _set(self, weight, bias)

    def forward(self, maps: Tensor) -> Tensor:
        if self.stride[0] == 2:
            maps = nn.functional.pad(maps, (0, 1, 0, 1))
        return super().forward(maps).relu_()


def _set(
    module: nn.Conv2d | nn.Linear,
    weight: NDArray[np.float32],
    bias: NDArray[np.float32],
) -> None:
    module.weight = nn.Parameter(torch.tensor(weight, dtype=torch.float32))
    module.bias = nn.Parameter(torch.tensor(bias, dtype=torch.float32))
