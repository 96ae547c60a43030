"""A stream that somebody ends."""

from __future__ import annotations

import io
import os
import signal
import threading
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from lgc_plugin.inference.audio.raw_audio import read_raw
from lgc_plugin.inference.files.live_stream import (
    StoppableChunks,
    refuse_header,
)

NUMBERS = [signal.SIGINT, signal.SIGTERM]


def endless(number: int, after: int) -> Iterator[int]:
    """Waits for a chunk that never comes, while a signal does."""
    yield from range(after)
    os.kill(os.getpid(), number)
    raise AssertionError("nobody interrupted the waiting")


def test_a_stream_that_ends_by_itself() -> None:
    stream = StoppableChunks(iter("abc"))
    before = [signal.getsignal(number) for number in NUMBERS]
    assert list(stream) == ["a", "b", "c"]
    assert (stream.received, stream.stopped) == (3, False)
    assert [signal.getsignal(number) for number in NUMBERS] == before


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("after", [0, 3])
def test_waiting_is_interrupted(number: int, after: int) -> None:
    before = signal.getsignal(number)
    stream = StoppableChunks(endless(number, after))
    assert list(stream) == list(range(after))
    assert (stream.received, stream.stopped) == (after, True)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", NUMBERS)
def test_work_on_a_chunk_is_not_interrupted(number: int) -> None:
    done = []
    for chunk in StoppableChunks(range(5)):
        if chunk == 2:
            os.kill(os.getpid(), number)
        done.append(chunk)
    assert done == [0, 1, 2]


def test_a_second_time_stops_everything() -> None:
    before = signal.getsignal(signal.SIGINT)
    stream = iter(StoppableChunks(range(5)))
    next(stream)
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    stream.close()
    assert signal.getsignal(signal.SIGINT) is before


def test_what_is_ignored_stays_ignored() -> None:
    # As in a script that a shell runs in the background.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        done = []
        for chunk in StoppableChunks(range(3)):
            os.kill(os.getpid(), signal.SIGINT)
            done.append(chunk)
        assert done == [0, 1, 2]
    finally:
        signal.signal(signal.SIGINT, before)


def test_errors_pass() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("damaged")

    stream = iter(StoppableChunks(broken()))
    next(stream)
    with pytest.raises(ValueError, match="damaged"):
        next(stream)


def test_another_thread_may_listen() -> None:
    found = []
    stream = StoppableChunks(range(3))
    thread = threading.Thread(target=lambda: found.extend(stream))
    thread.start()
    thread.join()
    assert found == [0, 1, 2]


@pytest.mark.parametrize("form", ["WAV", "RF64", "FLAC", "OGG", "AIFF"])
def test_a_file_is_no_raw_audio(form: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(3000), 16000, format=form)
    file.seek(0)
    with pytest.raises(ValueError, match="not raw samples: give its name"):
        next(refuse_header(read_raw(file, 16000)))


@pytest.mark.parametrize("channels", [1, 2])
def test_raw_audio_passes(channels: int) -> None:
    # The letters of a header, but not at the beginning.
    data = b"\0\0\0\0RIFFfLaC" * 2000
    chunks = list(refuse_header(read_raw(io.BytesIO(data), 16000, channels)))
    assert np.concatenate(chunks).astype("<i2").tobytes() == data
