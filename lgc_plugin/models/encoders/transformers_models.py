"""What each kind of model of ``transformers`` reads, and its frames in time.

Each takes (B, N) waveforms and the number of frames T_e, and gives (B, T_e, E)
embeddings. The waveform gets zeros before its start, so that what a frame is
computed from has its middle in the middle of the frame, and after its end.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torchaudio.compliance import kaldi


class WaveformModel(nn.Module):
    """wav2vec 2.0 and its relatives: convolutions on the waveform."""

    #: Samples from one frame to the next.
    hop: int
    #: Where the transformer layers may be.
    blocks: ClassVar = ("encoder.layers", "encoder.encoder.layer")

    def __init__(self, network: Any, extractor: Any) -> None:
        super().__init__()
        self.network = network
        config = network.config
        self.normalize = bool(extractor.do_normalize)
        self.hop = math.prod(config.conv_stride)
        # SEW computes several frames as one, and leaves the rest 0.
        self.together = int(getattr(config, "squeeze_factor", 1))
        self.field, step = 1, 1
        for kernel, stride in zip(
            config.conv_kernel, config.conv_stride, strict=True
        ):
            self.field += (kernel - 1) * step
            step *= stride

    @property
    def final_norm(self) -> str | None:
        """The layer norm after the last transformer layer, if there is one."""
        config = self.network.config
        after = getattr(config, "do_stable_layer_norm", False)
        if after or config.model_type == "wav2vec2-conformer":
            return "encoder.layer_norm"
        return None

    def forward(self, wavs: Tensor, n_frames: int) -> Tensor:
        """(B, T_e, E), maybe with more frames at the end."""
        if self.normalize:
            variance, mean = torch.var_mean(
                wavs, dim=1, correction=0, keepdim=True
            )
            wavs = (wavs - mean) / (variance + 1e-7).sqrt()
        n_computed = _round_up(n_frames, self.together)
        wavs = _surround(wavs, n_computed, self.hop, self.field)
        return self.network(wavs).last_hidden_state


class MelModel(nn.Module):
    """w2v-BERT 2.0: pairs of log mel frames."""

    blocks: ClassVar = ("encoder.layers",)
    final_norm: str | None = None

    def __init__(self, network: Any, extractor: Any) -> None:
        super().__init__()
        self.network = network
        network.intermediate_ffn = None  # belongs to the adapter, left out
        self.rate, self.bands = extractor.sampling_rate, extractor.num_mel_bins
        self.stride = extractor.stride
        self.hop = self.stride * self.rate // 100

    def forward(self, wavs: Tensor, n_frames: int) -> Tensor:
        """(B, T_e, E)."""
        field = (self.stride - 1) * self.rate // 100 + self.rate // 40
        wavs = _surround(wavs * 2**15, n_frames, self.hop, field)
        mels = _kaldi_mels(wavs, self.rate, self.bands, "povey")
        variance, mean = torch.var_mean(mels, dim=1, keepdim=True)
        mels = (mels - mean) / (variance + 1e-7).sqrt()
        pairs = mels.unflatten(1, (n_frames, self.stride)).flatten(2)
        return self.network(pairs).last_hidden_state


class PatchModel(nn.Module):
    """AST: patches of a log mel spectrogram of fixed length.

    The tokens of a time are averaged over frequency. Longer clips are encoded
    in pieces, one after the other.
    """

    blocks: ClassVar = ("layers", "encoder.layer")
    final_norm: str | None = "layernorm"

    def __init__(self, network: Any, extractor: Any) -> None:
        super().__init__()
        self.network = network
        config = network.config
        self.rate, self.bands = extractor.sampling_rate, config.num_mel_bins
        self.mean, self.std = extractor.mean, extractor.std
        self.normalize = bool(extractor.do_normalize)
        self.patch, self.stride = config.patch_size, config.time_stride
        self.length = config.max_length
        self.hop = self.stride * self.rate // 100
        self.n_times = (self.length - self.patch) // self.stride + 1

    def forward(self, wavs: Tensor, n_frames: int) -> Tensor:
        """(B, T_e, E), with more frames at the end."""
        field = (self.patch - 1) * self.rate // 100 + self.rate // 40
        wavs = _surround(wavs, n_frames, self.hop, field)
        mels = _kaldi_mels(wavs, self.rate, self.bands, "hanning")
        step = self.n_times * self.stride
        n_pieces = _round_up(n_frames, self.n_times) // self.n_times
        total = (n_pieces - 1) * step + self.length
        # As in its training: zeros after the end come before normalization.
        mels = nn.functional.pad(mels, (0, 0, 0, total - mels.shape[1]))
        if self.normalize:
            mels = (mels - self.mean) / (2 * self.std)
        pieces = mels.unfold(1, self.length, step).transpose(2, 3)
        tokens = self.network(pieces.flatten(0, 1)).last_hidden_state[:, 2:]
        frames = tokens.unflatten(1, (-1, self.n_times)).mean(dim=1)
        return frames.unflatten(0, (-1, n_pieces)).flatten(1, 2)


class WhisperEncoderModel(nn.Module):
    """The encoder of Whisper, whose input has a fixed length.

    Its first frame is around the first sample, half a frame too early; it is
    left out. Longer clips are encoded in pieces.
    """

    blocks: ClassVar = ("layers",)
    final_norm: str | None = "layer_norm"
    filters: Tensor

    def __init__(self, network: Any, extractor: Any) -> None:
        super().__init__()
        self.network = network.encoder
        self.step = extractor.hop_length
        self.n_fft = extractor.n_fft
        self.hop = 2 * self.step
        self.n_positions = network.config.max_source_positions
        filters = torch.as_tensor(extractor.mel_filters, dtype=torch.float32)
        self.register_buffer("filters", filters.T.contiguous())

    def forward(self, wavs: Tensor, n_frames: int) -> Tensor:
        """(B, T_e, E), with more frames at the end."""
        n_new = self.n_positions - 1
        n_pieces = _round_up(n_frames, n_new) // n_new
        length, step = self.n_positions * self.hop, n_new * self.hop
        total = (n_pieces - 1) * step + length
        before = self.hop // 2
        after = total - before - wavs.shape[1]
        wavs = nn.functional.pad(wavs, (before, after))
        pieces = wavs.unfold(1, length, step).flatten(0, 1)
        frames = self.network(self._mels(pieces)).last_hidden_state[:, 1:]
        return frames.unflatten(0, (-1, n_pieces)).flatten(1, 2)

    def _mels(self, wavs: Tensor) -> Tensor:
        """(B, F, T) log mels, limited to 8 decades below the largest."""
        with torch.autocast(wavs.device.type, enabled=False):
            window = torch.hann_window(self.n_fft, device=wavs.device)
            spectrum = torch.stft(
                wavs.float(),
                self.n_fft,
                self.step,
                window=window,
                return_complex=True,
            )
            power = spectrum[..., :-1].abs().square()
            mels = (self.filters @ power).clamp_min(1e-10).log10()
        largest = mels.amax(dim=(1, 2), keepdim=True)
        return (torch.maximum(mels, largest - 8.0) + 4.0) / 4.0


def _surround(wavs: Tensor, n_frames: int, hop: int, field: int) -> Tensor:
    """Zeros on both sides: frames of so many samples, a hop apart."""
    before = (field - hop) // 2
    after = (n_frames - 1) * hop + field - before - wavs.shape[1]
    return nn.functional.pad(wavs, (before, after))


def _kaldi_mels(wavs: Tensor, rate: int, bands: int, window: str) -> Tensor:
    """(B, T, F) log mels of 25 ms every 10 ms, as Kaldi computes them."""
    # In half precision the spectrogram would be another one.
    with torch.autocast(wavs.device.type, enabled=False):
        mels = [
            kaldi.fbank(
                wav.float().unsqueeze(0),
                sample_frequency=rate,
                num_mel_bins=bands,
                window_type=window,
            )
            for wav in wavs
        ]
    return torch.stack(mels)


def _round_up(number: int, unit: int) -> int:
    return -(-number // unit) * unit
