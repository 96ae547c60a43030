import io
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.inference.audio.blocks import stream_blocks
from lgc_plugin.inference.audio.raw_audio import read_raw


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
