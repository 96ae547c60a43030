"""Any frame encoder that is whole in a TorchScript or ONNX file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from lgc_plugin.models.encoders.checkpoint import first_sentence
from lgc_plugin.models.encoders.file_networks import open_network
from lgc_plugin.models.encoders.frame_encoder import FrameEncoder

_LAYOUTS = ("BTE", "BET")


class FileEncoder(FrameEncoder):
    """Frame embeddings of a TorchScript or ONNX file.

    The file maps (B, N) waveforms in [-1, 1] to (B, T, E) or (B, E, T)
    embeddings. When it is opened, it is tried with noise: which of the two it
    gives, and whether clips may be given together. Where that fails or
    changes what comes out, clips are given one by one, as (1, N) or (N,).

    ONNX files run on the CPU. TorchScript runs on the device of the encoder.

    Arguments
    ---------
    weights : str
        The file. Which kind it is, is found out from its content.
    size : int
        E, numbers in an embedding.
    frame_seconds : float
        Time from one embedding to the next.
    encoder_rate : int
        Samples per second that the file expects.
    sample_rate : int
        Samples per second of the waveforms it is given.
    window_seconds : float, optional
        What one embedding is computed from, where the file does not pad its
        input itself: the waveform then gets zeros on both sides, so that the
        middle of each window is that of its frame and the last frame covers the
        end. None: zeros only up to the end of the last frame.
    layout : str, optional
        "BTE" or "BET"; None: found out.
    output : int or str
        Which one to take, where the file has several outputs: its place or
        its name.

    Raises
    ------
    ImportError
        An ONNX file without the packages of the extra ``onnx``.
    ValueError
        The file is damaged, or does not give embeddings of this size.

    Example
    -------
    >>> class Levels(torch.nn.Module):
    ...     def forward(self, wavs):
    ...         return wavs.unfold(1, 1600, 1600)[:, :, ::400].abs()
    >>> file = str(getfixture("tmp_path") / "levels.pt")
    >>> torch.jit.trace(Levels(), torch.zeros(2, 3200)).save(file)
    >>> encoder = FileEncoder(file, size=4, frame_seconds=0.1)
    >>> encoder(torch.ones(2, 8000)).shape
    torch.Size([2, 4, 5])
    """

    def __init__(
        self,
        weights: str | Path,
        size: int,
        frame_seconds: float,
        encoder_rate: int = 16000,
        sample_rate: int = 16000,
        window_seconds: float | None = None,
        layout: str | None = None,
        output: int | str = 0,
    ) -> None:
        if layout is not None and layout not in _LAYOUTS:
            raise ValueError(f"layout: {layout!r}, expected BTE or BET")
        super().__init__(size, frame_seconds, encoder_rate, sample_rate)
        self.network = open_network(weights)
        self.window_seconds, self.output = window_seconds, output
        self.network.requires_grad_(False)
        self._shapes = "BN"
        with torch.no_grad():
            self.layout = self._try(str(weights), layout)
        self.freeze(
            {
                "size": size,
                "window_seconds": window_seconds,
                "layout": self.layout,
                "output": output,
            },
            self.network.files,
        )

    def encode(self, wavs: Tensor) -> Tensor:
        """(B, N) waveforms at ``encoder_rate`` to (B, E, T_e) embeddings."""
        found = self._run(self._surrounded(wavs))
        return found if self.layout == "BET" else found.transpose(1, 2)

    def _surrounded(self, wavs: Tensor) -> Tensor:
        """Waveforms with the zeros that their frames need."""
        filled = self.fill(wavs)
        if self.window_seconds is None:
            return filled
        around = self.window_seconds - self.frame_seconds
        total = round(around * self.encoder_rate)
        before = max(0, total // 2)
        return nn.functional.pad(filled, (before, max(0, total - before)))

    def _run(self, wavs: Tensor) -> Tensor:
        """What the file makes of clips of one length, (B, ., .)."""
        if self._shapes == "BN":
            return self._picked(self.network(wavs))
        clips = wavs if self._shapes == "N" else wavs.unsqueeze(1)
        found = [self._picked(self.network(clip)) for clip in clips]
        return torch.cat(
            [each if each.ndim == 3 else each.unsqueeze(0) for each in found]
        )

    def _picked(self, found: object) -> Tensor:
        """The output that was asked for."""
        if isinstance(found, Mapping):
            names = list(found)
            name = self.output
            found = found[names[name] if isinstance(name, int) else name]
        elif isinstance(found, (tuple, list)):
            found = found[int(self.output)]
        if not isinstance(found, Tensor):
            raise ValueError(f"its output is of type {type(found).__name__}")
        return found.float()

    def _try(self, path: str, layout: str | None) -> str:
        """Finds out how the file takes clips, and the layout it gives."""
        n_frames = max(4, math.ceil(1.0 / self.frame_seconds))
        if abs(n_frames - self.size) < 4:  # else the axes look the same
            n_frames = self.size + 4
        n_samples = round(n_frames * self.frame_seconds * self.encoder_rate)
        noise = torch.Generator().manual_seed(0)
        wavs = torch.randn(2, n_samples, generator=noise)
        wavs *= torch.tensor([[0.05], [0.2]])
        wavs = self._surrounded(wavs)
        reasons = []
        for shapes in ("BN", "1N", "N"):
            self._shapes = shapes
            try:
                found, alone = self._run(wavs), self._run(wavs[:1])
            except Exception as error:  # what it raises is the file's affair
                reasons.append(first_sentence(error))
                continue
            if found.ndim != 3 or len(found) != 2 or len(alone) != 1:
                reasons.append(f"it gives {tuple(found.shape)}")
            elif (found[:1] - alone).abs().max() > 1e-3 * alone.abs().max():
                reasons.append("clips depend on each other")
            else:
                return layout or self._layout(path, found)
        raise ValueError(
            f"{path}: gives no frame embeddings of 2 waveforms of "
            f"{wavs.shape[1]} samples ({reasons[0]})"
        )

    def _layout(self, path: str, found: Tensor) -> str:
        """Which axis of (B, ., .) has the size of an embedding."""
        shape = tuple(found.shape)
        fits = [
            name for name in _LAYOUTS if shape[name.index("E")] == self.size
        ]
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise ValueError(
                f"{path}: gives {shape}, where both axes may be the embedding: "
                "set layout to BTE or BET"
            )
        raise ValueError(
            f"{path}: gives {shape}, but size: {self.size} is neither of the "
            "last two"
        )
