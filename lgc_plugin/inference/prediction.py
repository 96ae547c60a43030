"""A recording, block by block, to the scores of its frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from speechbrain.utils.distributed import infer_device
from torch import Tensor, nn

from lgc_plugin.inference.samples import round_to_16_bits
from lgc_plugin.inference.windows import cut_windows
from lgc_plugin.models.encoders import embeddings_for
from lgc_plugin.utils.time_axis import (
    count_valid,
    frame_mask,
    upsample_mask,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lgc_plugin.inference.windows import WindowPlan
    from lgc_plugin.models.encoders import FrameEncoder
    from lgc_plugin.models.features import LogMel
    from lgc_plugin.types import SEDOutput


# More windows at once are hardly faster on a CPU, and take more memory.
_CPU_BATCH, _GPU_BATCH = 2, 32


class Prediction(NamedTuple):
    """A piece of the scores of a recording."""

    #: (C, n) of the next frames; n may be 0.
    scores: NDArray[np.float32]
    #: How much of the recording is done; after the last piece, its length.
    seconds: float


def predict(
    blocks: Iterable[NDArray[np.float32]],
    plan: WindowPlan,
    network: Callable[[Tensor, Tensor], Tensor],
    batch_size: int = 1,
) -> Iterator[Prediction]:
    """Scores of a recording whose length is not known yet."""
    received = 0

    def rounded() -> Iterator[NDArray[np.float32]]:
        nonlocal received
        for block in blocks:
            received += len(block)
            yield round_to_16_bits(block)

    joiner, done = plan.joiner(), 0
    windows = cut_windows(rounded(), plan.window_samples, plan.hop_samples)
    rate, frame = plan.encoder.sample_rate, plan.encoder.frame_seconds
    while batch := list(islice(windows, batch_size)):
        wavs, n_samples = stack_windows(batch, plan.window_samples)
        scores = network(wavs, n_samples).float().cpu().numpy()
        for window, each in zip(batch, scores, strict=True):
            if len(window) < plan.window_samples:
                valid = plan.encoder.valid_frames(len(window))
                yield Prediction(
                    joiner.finish(each[:, :valid]), received / rate
                )
                return
            piece = joiner.push(each)
            done += piece.shape[1]
            yield Prediction(piece, min(done * frame, received / rate))
    tail = joiner.finish()
    # A frame may begin where a full window ends; it holds no samples.
    surplus = plan.encoder.n_frames - plan.encoder.valid_frames(
        plan.window_samples
    )
    yield Prediction(tail[:, : tail.shape[1] - surplus], received / rate)


def run_on_windows(
    front_end: LogMel,
    network: nn.Module,
    wavs: Tensor,
    n_samples: Tensor,
    pooling: int,
    frame_encoder: FrameEncoder | None = None,
    lengths: Sequence[int] | None = None,
) -> SEDOutput:
    """Scores of padded windows, as the test of a recipe gives them.

    ``lengths`` are those in ``n_samples`` as the host knows them, for the
    pretrained encoder, which reads no padding; None: it reads whole windows.
    """
    mels = front_end.mel(wavs)
    n_frames = mels.shape[-1] // pooling
    frame_samples = front_end.hop_length * pooling
    n_valid = count_valid(n_samples, frame_samples, n_frames)
    valid = frame_mask(n_valid, n_frames)
    mel_valid = upsample_mask(valid, mels.shape[-1], pooling)
    features = front_end.normalize(mels, mel_valid)
    if frame_encoder is None:
        return network(features, valid)
    seconds = frame_samples / front_end.sample_rate
    embeddings = embeddings_for(frame_encoder, wavs, lengths, n_frames, seconds)
    return network(features, valid, embeddings=embeddings)


def stack_windows(
    windows: Sequence[NDArray[np.floating]], window_samples: int
) -> tuple[Tensor, Tensor]:
    """Windows as a batch.

    Returns (B, N) float32 samples, and (B,) how many of them are no padding.

    Example
    -------
    >>> wavs, n_samples = stack_windows([np.array([0.5, 0.25])], 3)
    >>> wavs.tolist(), n_samples.tolist()
    ([[0.5, 0.25, 0.0]], [2])
    """
    batch = np.zeros((len(windows), window_samples), dtype=np.float32)
    for row, window in zip(batch, windows, strict=True):
        row[: len(window)] = window
    lengths = [len(window) for window in windows]
    return torch.from_numpy(batch), torch.tensor(lengths)


def run_options(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options with a device that is there, named in full."""
    options = dict(given or {})
    device = _device(str(options.get("device") or infer_device()))
    if device.type == "cuda":
        count = torch.cuda.device_count()
        index = device.index
        if index is None and count:  # SpeechBrain warns of "cuda" alone
            index = torch.cuda.current_device()
        if index is None or index >= count:
            raise ValueError(
                f"device {str(device)!r}: PyTorch finds {count} GPUs here; "
                "give another one, or 'cpu'"
            )
        device = torch.device("cuda", index)
    return {**options, "device": str(device)}


def _device(name: str) -> torch.device:
    try:
        return torch.device(name)
    except RuntimeError:
        raise ValueError(
            f"device {name!r} is none: give cpu, cuda, or cuda:1"
        ) from None


def default_batch_size(wanted: int | None, device: str) -> int:
    """Windows that are processed at once."""
    if wanted is None:
        return _CPU_BATCH if device == "cpu" else _GPU_BATCH
    if wanted < 1:
        raise ValueError(f"batch_size is {wanted}: must be at least 1")
    return wanted
