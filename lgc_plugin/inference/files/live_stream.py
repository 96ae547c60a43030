"""Raw samples from a pipe, such as a microphone's, until Ctrl-C."""

from __future__ import annotations

import signal
import threading
import warnings
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lgc_plugin.data.resample import check_sample_rate
from lgc_plugin.inference.files.containers import container_of
from lgc_plugin.inference.samples import samples_in

_PCM16 = np.dtype("<i2")


def read_raw(
    stream: BinaryIO,
    sample_rate: int,
    channels: int = 1,
    seconds_per_chunk: float = 0.1,
) -> Iterator[NDArray[np.int16]]:
    """Chunks of raw 16-bit little-endian PCM, such as a microphone's pipe.

    Returns (N, channels) chunks for
    :func:`lgc_plugin.inference.audio_blocks.stream_blocks`. A sample cut by
    the end of the stream is dropped, with a warning.
    """
    if channels < 1:
        raise ValueError(f"a stream of {channels} channels: give at least 1")
    n_samples = samples_in(seconds_per_chunk, check_sample_rate(sample_rate))
    return _raw_chunks(stream, n_samples, channels)


def _raw_chunks(
    stream: BinaryIO, n_samples: int, channels: int
) -> Iterator[NDArray[np.int16]]:
    size = channels * _PCM16.itemsize
    rest, first = b"", True
    while data := stream.read(n_samples * size - len(rest)):
        if isinstance(data, str):
            raise ValueError(
                "the stream gives text: open it in binary mode, or give "
                "sys.stdin.buffer"
            )
        if first:
            _refuse_container(data)
            first = False
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


def _refuse_container(head: bytes) -> None:
    kind = container_of(head)
    if kind:
        raise ValueError(
            f"standard input is {kind}, not raw samples: give its name"
        )


# Ctrl-C, and what services and `timeout` send.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StoppableChunks:
    """Chunks until Ctrl-C; then they end, as if the stream had.

    Whoever works on a chunk is not interrupted, and can finish what a stream
    leaves behind. A second Ctrl-C stops everything. Where a program ignores
    Ctrl-C, or goes through the chunks in another thread, nothing changes.
    """

    def __init__(self, chunks: Iterable[Any]) -> None:
        self._chunks = iter(chunks)
        self._waiting = False
        self.received = 0
        self.stopped = False

    def __iter__(self) -> Iterator[Any]:
        handlers = self._install()
        try:
            while not self.stopped:
                try:
                    self._waiting = True
                    chunk = next(self._chunks)
                    self._waiting = False
                except StopIteration:
                    return
                except KeyboardInterrupt:
                    self.stopped = True
                    return
                finally:
                    self._waiting = False
                self.received += 1
                yield chunk
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _install(self) -> dict[int, Any]:
        """Takes the signals; tells who had them."""
        if threading.current_thread() is not threading.main_thread():
            return {}
        taken = [
            number
            for number in _SIGNALS
            if signal.getsignal(number) not in (signal.SIG_IGN, None)
        ]
        return {number: signal.signal(number, self._stop) for number in taken}

    def _stop(self, number: int, frame: FrameType | None) -> None:
        again, self.stopped = self.stopped, True
        # Only waiting for the next chunk is worth interrupting.
        if self._waiting or again:
            raise KeyboardInterrupt
