"""A recording, block by block, to the scores of its frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from lgc_plugin.inference.audio.samples import round_to_16_bits
from lgc_plugin.inference.window_network import stack_windows
from lgc_plugin.inference.windows import cut_windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from lgc_plugin.inference.window_plan import WindowPlan


class Prediction(NamedTuple):
    """A piece of the scores of a recording.

    Arguments
    ---------
    scores : numpy.ndarray
        (C, n) of the next frames; n may be 0.
    seconds : float
        How much of the recording is done; after the last piece, its length.
    """

    scores: NDArray[np.float32]
    seconds: float


def predict(
    blocks: Iterable[NDArray[np.float32]],
    plan: WindowPlan,
    network: Callable[[Tensor, Tensor], Tensor],
    batch_size: int = 1,
) -> Iterator[Prediction]:
    """Scores of a recording whose length is not known yet.

    Arguments
    ---------
    blocks : Iterable[numpy.ndarray]
        (n,) samples at the model's rate; rounded to 16 bits here, as the
        clips of a training are.
    plan : WindowPlan
        How windows lie in the recording.
    network : Callable
        (B, N) samples and (B,) their lengths before padding, to (B, C, T')
        scores.
    batch_size : int
        Windows that the network gets at once; with 1 each is heard as soon as
        it is there.

    Yields
    ------
    Prediction
        Frames that are final, in order; the last piece ends the recording.
    """
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
                yield Prediction(joiner.finish(each, valid), received / rate)
                return
            piece = joiner.push(each)
            done += piece.shape[1]
            yield Prediction(piece, min(done * frame, received / rate))
    tail = joiner.finish()
    # A frame may begin where a full window ends; nothing was heard in it.
    surplus = plan.encoder.n_frames - plan.encoder.valid_frames(
        plan.window_samples
    )
    yield Prediction(tail[:, : tail.shape[1] - surplus], received / rate)
