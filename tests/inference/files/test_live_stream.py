"""Raw samples from a pipe, until somebody ends it."""

from __future__ import annotations

import io
import os
import signal
import threading
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.inference.audio_blocks import stream_blocks
from lgc_plugin.inference.files.live_stream import (
    StoppableChunks,
    read_raw,
)


class Dribble:
    """A stream that gives less than it is asked for, as pipes may."""

    def __init__(self, data, sizes):
        self.data, self.sizes = data, list(sizes)

    def read(self, size):
        size = min(size, self.sizes.pop(0) if self.sizes else size)
        given_out, self.data = self.data[:size], self.data[size:]
        return given_out


@given(
    st.integers(1, 6),
    st.integers(0, 200),
    st.lists(st.integers(1, 50), max_size=20),
    st.integers(1, 40),
)
def test_samples_are_the_same_however_they_come(
    channels, n_samples, sizes, per_chunk
):
    shape = (n_samples, channels)
    samples = np.random.default_rng(0).integers(-32768, 32768, shape)
    stream = Dribble(samples.astype("<i2").tobytes(), sizes)
    chunks = list(read_raw(stream, 1000, channels, per_chunk / 1000))
    assert all(chunk.dtype == np.int16 for chunk in chunks)
    assert all(0 < len(chunk) <= per_chunk for chunk in chunks)
    joined = np.concatenate([np.empty((0, channels), np.int16), *chunks])
    assert np.array_equal(joined, samples)


def test_a_pipe_is_read_as_it_fills():
    reading, writing = os.pipe()
    with open(reading, "rb") as stream, open(writing, "wb", 0) as source:
        blocks = stream_blocks(read_raw(stream, 16000, 2), 16000, 16000)
        for level in (256, -512):
            source.write(np.full((1600, 2), level, "<i2").tobytes())
            block = next(blocks)
            assert block.tolist() == [level / 32768] * 1600
        source.close()
        assert list(blocks) == []


@pytest.mark.parametrize("extra", [1, 3])
def test_a_cut_sample_is_dropped_with_a_warning(extra):
    stream = io.BytesIO(bytes(8 + extra))
    with pytest.warns(UserWarning, match=rf"sample of 4 bytes: {extra} "):
        chunks = list(read_raw(stream, 16000, 2))
    assert [chunk.shape for chunk in chunks] == [(2, 2)]


def test_an_empty_stream_holds_no_samples():
    blocks = stream_blocks(read_raw(io.BytesIO(), 16000), 16000, 16000)
    with pytest.raises(ValueError, match="the stream holds no samples"):
        next(blocks)


def test_text_is_refused():
    with pytest.raises(ValueError, match=r"sys\.stdin\.buffer"):
        next(read_raw(io.StringIO("abc"), 16000))


def test_a_stream_that_does_not_wait_is_refused():
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with (
        open(reading, "rb", 0) as stream,
        open(writing, "wb"),
        pytest.raises(ValueError, match="blocking"),
    ):
        next(read_raw(stream, 16000))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sample_rate": 0}, "sample rate 0"),
        ({"channels": 0}, "0 channels"),
        ({"seconds_per_chunk": 0}, "positive length"),
    ],
)
def test_wrong_settings_are_refused_at_once(settings, message):
    with pytest.raises(ValueError, match=message):
        read_raw(io.BytesIO(), **{"sample_rate": 16000, **settings})


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
        next(read_raw(file, 16000))


@pytest.mark.parametrize("channels", [1, 2])
def test_raw_audio_passes(channels: int) -> None:
    # The letters of a header, but not at the beginning.
    data = b"\0\0\0\0RIFFfLaC" * 2000
    chunks = list(read_raw(io.BytesIO(data), 16000, channels))
    assert np.concatenate(chunks).astype("<i2").tobytes() == data
