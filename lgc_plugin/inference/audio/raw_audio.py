"""Raw samples from a pipe, such as a microphone's."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lgc_plugin.data.resample import check_sample_rate
from lgc_plugin.inference.audio.samples import samples_in

_PCM16 = np.dtype("<i2")


def read_raw(
    stream: BinaryIO,
    sample_rate: int,
    channels: int = 1,
    seconds_per_chunk: float = 0.1,
) -> Iterator[NDArray[np.int16]]:
    """Chunks of raw 16-bit little-endian PCM, such as a microphone's pipe.

    Arguments
    ---------
    stream : BinaryIO
        What is read to its end, such as ``sys.stdin.buffer``.
    sample_rate : int
        Samples per second of the stream.
    channels : int
        Channels, interleaved.
    seconds_per_chunk : float
        How much is asked for at once.

    Returns
    -------
    Iterator[ndarray]
        (N, channels) chunks for
        :func:`lgc_plugin.inference.audio.blocks.stream_blocks`. A sample cut
        by the end of the stream is dropped, with a warning.

    Raises
    ------
    ValueError
        If a setting is wrong, the stream gives text, or does not wait for
        data.

    Example
    -------
    >>> import io
    >>> pipe = io.BytesIO(np.arange(6, dtype="<i2").tobytes())
    >>> [chunk.tolist() for chunk in read_raw(pipe, 16000, channels=2)]
    [[[0, 1], [2, 3], [4, 5]]]
    """
    if channels < 1:
        raise ValueError(f"a stream of {channels} channels: give at least 1")
    n_samples = samples_in(seconds_per_chunk, check_sample_rate(sample_rate))
    return _raw_chunks(stream, n_samples, channels)


def _raw_chunks(
    stream: BinaryIO, n_samples: int, channels: int
) -> Iterator[NDArray[np.int16]]:
    size = channels * _PCM16.itemsize
    rest = b""
    while data := stream.read(n_samples * size - len(rest)):
        if isinstance(data, str):
            raise ValueError(
                "the stream gives text: open it in binary mode, or give "
                "sys.stdin.buffer"
            )
        rest += data
        whole = len(rest) // size * size
        if whole:
            samples = np.frombuffer(rest[:whole], _PCM16).astype(np.int16)
            yield samples.reshape(-1, channels)
            rest = rest[whole:]
    if data is None:
        raise ValueError("the stream does not wait for data: make it blocking")
    if rest:
        warnings.warn(
            f"the stream ends within a sample of {size} bytes: {len(rest)} "
            "dropped; is it 16-bit PCM with that number of channels?",
            stacklevel=2,
        )
