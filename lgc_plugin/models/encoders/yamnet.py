"""YAMNet, a small network trained on AudioSet, as a frame encoder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor, nn

from lgc_plugin.models.encoders.alignment import align_embeddings
from lgc_plugin.models.encoders.frame_encoder import FrameEncoder
from lgc_plugin.models.encoders.yamnet_network import (
    MEL_HOP,
    MEL_WINDOW,
    PATCH_FRAMES,
    RATE,
    STRIDES,
    YAMNetMel,
    YAMNetNetwork,
)
from lgc_plugin.models.encoders.yamnet_weights import read_yamnet

Layer: TypeAlias = int | str

_BEST_LAYER = 8
_PATCHES = "patches"
_PATCH_HOP_SECONDS = 0.48
# On CPUs few, which stay in the cache.
_PATCHES_AT_ONCE = 64
_PATCHES_AT_ONCE_ON_GPU = 1024
_PATCH_SAMPLES = (PATCH_FRAMES - 1) * MEL_HOP + MEL_WINDOW


class YAMNet(FrameEncoder):
    """Embeddings of YAMNet: of its layers, or of patches of 0.96 s.

    A layer from 1 to 14 is the output of Google's ``layer1`` to ``layer14``
    in one pass over the whole clip, averaged over frequency:

    ========  ===================================  =======  ==============
    layer     size (Google's weights)              every    looks at
    ========  ===================================  =======  ==============
    1, 2      32, 64                               20 ms    0.05, 0.09 s
    3, 4      128                                  40 ms    0.13, 0.21 s
    5, 6      256                                  80 ms    0.29, 0.45 s
    7 to 12   512                                  160 ms   0.6 to 2.2 s
    13, 14    1,024                                320 ms   2.5, 3.2 s
    patches   1,024                                any      0.975 s
    ========  ===================================  =======  ==============

    ``"patches"`` are what Google calls the embeddings: each patch of 96 log
    mel frames goes through the network alone, and the last layer is averaged
    over time as well. They share the log mels alone, for the padding at the
    ends of a patch goes through all layers. Layer 12 takes about a sixth of
    the CPU time of patches at the same rate, layer 8 less.

    Embedding j has the middle ``(j + 0.5) hop_seconds``. TensorFlow's padding
    at stride 2 is one row after and none before, so output j of a layer with
    a total stride of s mel frames has its middle at mel frame ``s j + s - 1``,
    which is ``10 ms (s j + s - 1) + 12.5 ms``; silence of ``5 s + 2.5`` ms
    before the clip moves that to where it belongs. Half a patch of silence
    before and after the clip does the same for patches; their starts are
    rounded to mel frames, by 5 ms at most. These are the middles of what an
    output looks at; trained kernels weigh one side more. With real weights,
    the response of layer 12 to short sounds came 0.06 to 0.07 s early on
    average (0.10 s at most), that of layer 8 0.06 s late.

    Arguments
    ---------
    weights : str or Path
        Google's ``yamnet.h5`` (needs h5py), or an ONNX file, or a .zip with
        one (needs onnx); quantizers in the graph are left out.
    layer : int, str or a list of them, optional
        Which outputs; several are concatenated in this order. None: 8, the
        layer with which detectors were best (``benchmarks/ablation``).
    hop_seconds : float, optional
        Time from one embedding to the next. Layers are interpolated, or
        smoothed where it is longer than theirs. None: as the layer has it, of
        several the longest; 0.48 s for patches alone.
    sample_rate : int
        Samples per second of the waveforms; they are resampled to 16,000.

    Raises
    ------
    ValueError
        If the file has no whole YAMNet, its reader is not installed, or a
        setting makes no sense.
    FileNotFoundError
        If there is no such file.

    Example
    -------
    >>> import h5py
    >>> path = getfixture("tmp_path") / "yamnet.h5"
    >>> kernels = {"layer1/conv/kernel": (3, 3, 1, 8)}
    >>> for i in range(2, 15):
    ...     kernels[f"layer{i}/depthwise_conv/depthwise_kernel"] = 3, 3, 8, 1
    ...     kernels[f"layer{i}/pointwise_conv/kernel"] = 1, 1, 8, 8
    >>> with h5py.File(path, "w") as file:
    ...     for name, shape in kernels.items():
    ...         file[name] = torch.randn(shape)
    ...         for each in ("beta", "moving_mean", "moving_variance"):
    ...             norm = file[name].parent.require_group("bn")
    ...             norm[each] = torch.ones(8)
    ...     file["logits/kernel"] = torch.randn(8, 521)
    ...     file["logits/bias"] = torch.zeros(521)
    >>> encoder = YAMNet(path)
    >>> encoder.size, encoder.frame_seconds
    (8, 0.16)
    >>> encoder(torch.randn(1, 160000)).shape
    torch.Size([1, 8, 63])
    >>> YAMNet(path, "patches").scores(torch.randn(1, 160000)).shape
    torch.Size([1, 521, 21])
    """

    def __init__(
        self,
        weights: str | Path,
        layer: Layer | Sequence[Layer] | None = None,
        hop_seconds: float | None = None,
        sample_rate: int = RATE,
    ) -> None:
        layer = _BEST_LAYER if layer is None else layer
        wanted = [layer] if isinstance(layer, int | str) else list(layer)
        _check(wanted, hop_seconds)
        network = YAMNetNetwork(read_yamnet(weights))
        layers = _numbers(wanted)
        if hop_seconds is None:
            hop_seconds = max(map(_seconds, layers), default=_PATCH_HOP_SECONDS)
        super().__init__(
            sum(network.sizes[_last_layer(each) - 1] for each in wanted),
            hop_seconds,
            RATE,
            sample_rate,
        )
        self.layer = wanted
        self.mel = YAMNetMel()
        self.network = network
        self.freeze({"layer": wanted})

    def encode(self, wavs: Tensor) -> Tensor:
        """(B, N) at 16 kHz to (B, E, T_e)."""
        n_frames = self._n_frames(wavs)
        layers = _numbers(self.layer)
        outputs = self._layers(wavs, layers, n_frames)
        found: dict[Layer, Tensor] = dict(zip(layers, outputs, strict=True))
        if _PATCHES in self.layer:
            found[_PATCHES] = self._patches(wavs, n_frames)
        return torch.cat([found[each] for each in self.layer], dim=1)

    def layers(self) -> list[nn.Module]:
        """The blocks that make the embeddings, from input to output."""
        deepest = max(_last_layer(each) for each in self.layer)
        return list(self.network.layers[:deepest])

    def scores(self, wavs: Tensor) -> Tensor:
        """Scores of YAMNet's own classes, in (0, 1), for patches.

        Arguments
        ---------
        wavs : Tensor
            (B, N) floats in [-1, 1] at 16 kHz.

        Returns
        -------
        Tensor
            (B, classes, T_e), at the middles of the embeddings.
        """
        patches = self._patches(wavs, self._n_frames(wavs))
        logits = self.network.classifier(patches.transpose(1, 2))
        return logits.transpose(1, 2).sigmoid()

    def _n_frames(self, wavs: Tensor) -> int:
        seconds = wavs.shape[1] / RATE
        return max(1, math.ceil(seconds / self.frame_seconds - 1e-6))

    def _layers(
        self, wavs: Tensor, layers: list[int], n_frames: int
    ) -> list[Tensor]:
        """Outputs of layers from one pass, at the rate of the embeddings."""
        if not layers:
            return []
        deepest = _stride(max(layers))
        step = deepest * MEL_HOP
        before = (step + MEL_WINDOW) // 2 - MEL_HOP
        # Whole strides, for else TensorFlow pads otherwise, up to the end.
        beyond = MEL_WINDOW - MEL_HOP
        n_outputs = math.ceil((before + wavs.shape[1] - beyond) / step)
        n_samples = max(1, n_outputs) * step + beyond
        mels = self.mel(_padded(wavs, before, n_samples))
        aligned = []
        found = self.network(mels, layers)
        for layer, outputs in zip(layers, found, strict=True):
            ratio = self.frame_seconds / _seconds(layer)
            # The silence suits the deepest; others come out early or late.
            middle = 1.0 - deepest / (2 * _stride(layer))
            if ratio != 1.0 or middle != 0.5:
                outputs = align_embeddings(outputs, n_frames, ratio, middle)
            aligned.append(outputs[..., :n_frames])
        return aligned

    def _patches(self, wavs: Tensor, n_frames: int) -> Tensor:
        """(B, C, n_frames) embeddings of patches."""
        hop = self.frame_seconds * RATE
        # So that the first patch begins with a mel frame.
        before = _PATCH_SAMPLES // 2 - round(hop / 2) % MEL_HOP
        middles = [(j + 0.5) * hop for j in range(n_frames)]
        starts = [
            round((middle + before - _PATCH_SAMPLES / 2) / MEL_HOP)
            for middle in middles
        ]
        n_samples = starts[-1] * MEL_HOP + _PATCH_SAMPLES
        mels = self.mel(_padded(wavs, before, n_samples))
        # (B, T, 64) to (B, starts, 64, 96), without a copy.
        windows = mels.unfold(1, PATCH_FRAMES, 1)
        places = [(clip, at) for clip in range(len(wavs)) for at in starts]
        at_once = _PATCHES_AT_ONCE if wavs.is_cpu else _PATCHES_AT_ONCE_ON_GPU
        parts = []
        for part in torch.tensor(places).to(mels.device).split(at_once):
            patches = windows[part[:, 0], part[:, 1]].transpose(1, 2)
            parts.append(self.network.patches(patches))
        embeddings = torch.cat(parts)
        return embeddings.unflatten(0, (len(wavs), -1)).transpose(1, 2)


def _numbers(layers: Sequence[Layer]) -> list[int]:
    return [each for each in layers if isinstance(each, int)]


def _last_layer(layer: Layer) -> int:
    """The layer that gives an output: for patches the last one."""
    return layer if isinstance(layer, int) else len(STRIDES)


def _stride(layer: int) -> int:
    """Mel frames from one output of a layer to the next."""
    return math.prod(STRIDES[:layer])


def _seconds(layer: int) -> float:
    return _stride(layer) * MEL_HOP / RATE


def _padded(wavs: Tensor, before: int, n_samples: int) -> Tensor:
    """With silence before, and after to a length; what is over is cut."""
    after = n_samples - before - wavs.shape[1]
    return nn.functional.pad(wavs, (before, after))


def _check(wanted: list[Layer], hop_seconds: float | None) -> None:
    possible = [*range(1, len(STRIDES) + 1), _PATCHES]
    for each in wanted:
        if type(each) not in (int, str) or each not in possible:
            raise ValueError(
                f"layer {each!r} of YAMNet does not exist: give one from 1 to "
                f'{len(STRIDES)}, "{_PATCHES}", or a list of them'
            )
    if not wanted or len(set(wanted)) < len(wanted):
        raise ValueError(
            f"layers {wanted} of YAMNet: give at least one, each once"
        )
    if hop_seconds is not None and not hop_seconds > 0:
        raise ValueError(f"hop_seconds is {hop_seconds}, must be above 0")
