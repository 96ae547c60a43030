"""What every pretrained encoder does: waveforms to frame embeddings."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchaudio.functional import resample

from lgc_plugin.models.precision import at_least_float32
from lgc_plugin.utils.checksums import file_digest


class FrameEncoder(nn.Module):
    """A frozen network from waveforms to frame embeddings.

    A subclass loads its weights, calls :meth:`freeze`, and defines
    :meth:`encode`. Embedding j has the middle of its frame, ``(j + 0.5) *
    frame_seconds``; the frames cover the clip. Each clip is encoded without
    padding, at its own length, so that its embeddings do not depend on the
    batch that it is in.

    Arguments
    ---------
    size : int
        E, numbers in an embedding.
    frame_seconds : float
        Time from one embedding to the next.
    encoder_rate : int
        Samples per second that the encoder was trained on.
    sample_rate : int
        Samples per second of the waveforms it is given; they are resampled
        where that differs.

    Attributes
    ----------
    fingerprint : str
        A digest of class, weights and settings: equal fingerprints, equal
        embeddings.

    Example
    -------
    >>> class Loudness(FrameEncoder):
    ...     def __init__(self, frame_seconds=0.5, sample_rate=16000):
    ...         super().__init__(1, frame_seconds, 16000, sample_rate)
    ...         self.freeze({})
    ...     def encode(self, wavs):
    ...         n_samples = round(self.frame_seconds * self.encoder_rate)
    ...         frames = self.fill(wavs).unflatten(1, (-1, n_samples))
    ...         return frames.square().mean(dim=2).unsqueeze(1)
    >>> encoder = Loudness()
    >>> encoder(torch.ones(2, 16000), [16000, 4000]).tolist()
    [[[1.0, 1.0]], [[0.5, 0.0]]]
    >>> encoder.n_frames(16001), encoder.training
    (3, False)
    """

    fingerprint: str

    def __init__(
        self,
        size: int,
        frame_seconds: float,
        encoder_rate: int = 16000,
        sample_rate: int = 16000,
    ) -> None:
        super().__init__()
        self.size = size
        self.frame_seconds = frame_seconds
        self.encoder_rate = encoder_rate
        self.sample_rate = sample_rate

    def encode(self, wavs: Tensor) -> Tensor:
        """(B, N) waveforms at ``encoder_rate`` to (B, E, T_e) embeddings.

        T_e is ``ceil(N / (frame_seconds * encoder_rate))``.
        """
        raise NotImplementedError

    def layers(self) -> Sequence[nn.Module]:
        """The blocks that can be trained, from the input to the output."""
        raise ValueError(
            f"encoder_trainable_layers: no layers of {type(self).__name__} "
            "can be trained: set it to 0, which leaves the encoder as it is"
        )

    def forward(
        self, wavs: Tensor, lengths: Sequence[int] | None = None
    ) -> Tensor:
        """Embeddings of waveforms.

        Arguments
        ---------
        wavs : Tensor
            (B, N) at ``sample_rate``: floats in [-1, 1], or 16-bit integers.
        lengths : Sequence[int], optional
            Samples of each clip before padding, as the host knows them; None:
            no clip is padded.

        Returns
        -------
        Tensor
            (B, E, T_e) float32, 0 on the frames of padding.
        """
        n_clips, n_samples = wavs.shape
        if wavs.dtype == torch.int16:
            wavs = wavs.float() / 32768.0
        wavs = at_least_float32(wavs)
        if lengths is None or min(lengths, default=n_samples) == n_samples:
            return self._encoded(wavs)
        whole = wavs.new_zeros(n_clips, self.size, self.n_frames(n_samples))
        for length in sorted({n for n in lengths if n}):
            numbers = [i for i, n in enumerate(lengths) if n == length]
            # A list as an index would wait for the device.
            clips = torch.tensor(numbers).to(wavs.device, non_blocking=True)
            part = self._encoded(wavs[:, :length].index_select(0, clips))
            whole[clips, :, : part.shape[-1]] = part
        return whole

    @torch.no_grad()
    def embed(
        self, wavs: Tensor, lengths: Sequence[int] | None = None
    ) -> Tensor:
        """What :meth:`forward` gives, without gradient and in float16.

        Embeddings are rounded like this wherever a network reads them, stored
        or not, so that training and detection have the same numbers.
        """
        largest = torch.finfo(torch.float16).max
        with torch.autocast(wavs.device.type, enabled=False):
            whole = self(wavs, lengths)
        return whole.clamp(-largest, largest).half()

    def n_frames(self, n_samples: int) -> int:
        """Embeddings of a clip of so many samples at ``sample_rate``."""
        seconds = n_samples / self.sample_rate
        # Rates divide no length exactly: 1.28 / 0.128 is a little above 10.
        return max(1, math.ceil(seconds / self.frame_seconds - 1e-6))

    def fill(self, wavs: Tensor) -> Tensor:
        """Waveforms with zeros up to the end of their last frame."""
        step = self.frame_seconds * self.encoder_rate
        n_frames = max(1, math.ceil(wavs.shape[1] / step - 1e-6))
        missing = round(n_frames * step) - wavs.shape[1]
        return nn.functional.pad(wavs, (0, max(0, missing)))

    def freeze(
        self, settings: Mapping[str, Any], files: Iterable[str | Path] = ()
    ) -> None:
        """Ends the loading: nothing learns; takes the fingerprint.

        It is that of the files with the weights, where they are given: a
        library may rename its parameters. Else it is that of the parameters.
        """
        self.requires_grad_(False)
        self.eval()
        named = type(self).__module__, type(self).__qualname__
        rates = self.frame_seconds, self.encoder_rate, self.sample_rate
        digest = hashlib.sha256(
            json.dumps([*named, *rates, dict(settings)]).encode()
        )
        files = list(files)
        for file in files:
            digest.update(file_digest(file).encode())
        for name, tensor in self.state_dict().items() if not files else ():
            digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
            # Raw bytes: NumPy has no bfloat16.
            plain = tensor.detach().cpu().contiguous().flatten()
            digest.update(plain.view(torch.uint8).numpy().data)
        self.fingerprint = digest.hexdigest()

    def train(self, mode: bool = True) -> FrameEncoder:
        """Stays in evaluation mode: a frozen network has no dropout."""
        return super().train(False)

    def _encoded(self, wavs: Tensor) -> Tensor:
        """Embeddings of clips of one length, in float32."""
        n_frames = self.n_frames(wavs.shape[1])
        if self.sample_rate != self.encoder_rate:
            wavs = resample(wavs, self.sample_rate, self.encoder_rate)
        embeddings = self.encode(wavs).float()
        found = embeddings.shape[1:]
        if found[0] != self.size or found[1] < n_frames:
            raise ValueError(
                f"{type(self).__name__} gave {found[1]} embeddings of "
                f"{found[0]} numbers for {wavs.shape[1]} samples, expected "
                f"{n_frames} of {self.size}"
            )
        return embeddings[..., :n_frames]
