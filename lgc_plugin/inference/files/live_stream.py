"""A stream that somebody ends: with Ctrl-C, and nothing gets lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

from numpy.typing import NDArray

# What files begin with that are no raw samples.
_HEADERS = {
    b"RIFF": "a WAV file",
    b"RF64": "a WAV file",
    b"fLaC": "a FLAC file",
    b"OggS": "an OGG file",
    b"FORM": "an AIFF file",
    b"ID3\x03": "an MP3 file",
    b"ID3\x04": "an MP3 file",
}
# Ctrl-C, and what services and `timeout` send.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def refuse_header(chunks: Iterable[NDArray]) -> Iterator[NDArray]:
    """Passes raw samples on, unless they are a file with a header.

    Arguments
    ---------
    chunks : Iterable[ndarray]
        (n, channels) 16-bit samples.

    Yields
    ------
    ndarray
        The same.

    Raises
    ------
    ValueError
        If the first bytes are those of a format that has a header.

    Example
    -------
    >>> import numpy as np
    >>> wav = np.frombuffer(b"RIFF....", "<i2")[:, None]
    >>> next(refuse_header([wav]))
    Traceback (most recent call last):
        ...
    ValueError: standard input is a WAV file, not raw samples: give its name
    """
    first = True
    for chunk in chunks:
        if first:
            begin = chunk[:2].astype("<i2").tobytes()[:4]
            if begin in _HEADERS:
                raise ValueError(
                    f"standard input is {_HEADERS[begin]}, not raw samples: "
                    "give its name"
                )
        first = False
        yield chunk


class StoppableChunks:
    """Chunks until Ctrl-C; then they end, as if the stream had.

    Whoever works on a chunk is not interrupted, and can finish what a stream
    leaves behind. A second Ctrl-C stops everything. Where a program ignores
    Ctrl-C, or goes through the chunks in another thread, nothing changes.

    Arguments
    ---------
    chunks : Iterable
        What may block.

    Attributes
    ----------
    received : int
        Chunks that were passed on.
    stopped : bool
        Whether somebody stopped the stream.

    Example
    -------
    >>> import os
    >>> stream = StoppableChunks(range(10))
    >>> for chunk in stream:
    ...     if chunk == 3:
    ...         os.kill(os.getpid(), signal.SIGINT)
    >>> chunk, stream.received, stream.stopped
    (3, 4, True)
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
