import subprocess
import sys
import tracemalloc
import warnings

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.audio_files import FULL_SCALE, read_clip
from lgc_plugin.data.resample import (
    delay_seconds,
    resample,
    resample_file,
)
from lgc_plugin.inference.audio_blocks import (
    array_blocks,
    read_blocks,
    stream_blocks,
)
from lgc_plugin.inference.samples import round_to_16_bits

RATES = [8000, 11025, 16000, 22050, 44100, 48000]
low_rates = pytest.mark.filterwarnings("ignore:.*nothing above")


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 0.3, shape)


def write(path, samples, rate=44100, subtype=None):
    soundfile.write(path, samples, rate, subtype)
    return path


def joined(blocks):
    blocks = list(blocks)
    assert all(len(block) for block in blocks)
    assert all(block.dtype == np.float32 for block in blocks)
    return np.concatenate(blocks)


@low_rates
@given(
    st.sampled_from(RATES),
    st.sampled_from([8000, 16000, 44100]),
    st.integers(1, 3),
    st.integers(1, 2000),
    st.lists(st.integers(0, 2000), max_size=6),
    st.floats(1e-3, 0.2),
)
def test_blocks_of_any_size_are_the_whole(
    rate, sample_rate, channels, n_samples, cuts, seconds
):
    wav = noise(n_samples, channels)
    expected = resample(wav, rate, sample_rate)
    chunks = np.split(wav, sorted(min(cut, n_samples) for cut in cuts))
    for blocks in (
        stream_blocks(chunks, rate, sample_rate),
        array_blocks(wav, rate, sample_rate, seconds),
    ):
        assert np.abs(joined(blocks) - expected).max() <= 1e-6


@low_rates
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_a_file_is_what_the_recipe_tests(tmp_path, rate, channels, subtype):
    # Loud enough to be cut at full scale, as the preparation does.
    path = write(
        tmp_path / "a.wav", 2 * noise(rate // 2, channels), rate, subtype
    )
    resample_file(path, tmp_path / "b.wav", 16000)
    expected = read_clip(tmp_path / "b.wav", 16000) / np.float32(FULL_SCALE)
    blocks = read_blocks(path, 16000, 0.1)
    rounded = np.concatenate([round_to_16_bits(block) for block in blocks])
    assert np.array_equal(rounded, expected)


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.flac", None),
        ("a.ogg", None),
        ("a.mp3", None),
        ("a.aiff", None),
        ("a.au", "ALAW"),
        ("a.wav", "MS_ADPCM"),
        ("a.w64", "DOUBLE"),
    ],
)
def test_formats(tmp_path, name, subtype):
    if name.rpartition(".")[2].upper() not in soundfile.available_formats():
        pytest.skip(f"this libsndfile writes no {name}")
    path = write(tmp_path / name, noise(30000, 2).clip(-1, 1), 44100, subtype)
    whole, rate = soundfile.read(path, dtype="float32")
    blocks = joined(read_blocks(str(path), 16000, 0.07))
    assert np.abs(blocks - resample(whole, rate, 16000)).max() <= 1e-6


def test_integers_are_scaled(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, (5000, 2))
    path = write(tmp_path / "a.wav", samples.astype(np.int16))
    expected = joined(read_blocks(path, 16000))
    for wav in (samples.astype(np.int16), (samples << 16).astype(np.int32)):
        blocks = joined(array_blocks(wav, 44100, 16000))
        assert np.array_equal(blocks, expected)


def test_silence_and_offset_stay_what_they_are():
    assert not joined(array_blocks(np.zeros(9000), 44100, 16000)).any()
    offset = joined(array_blocks(np.full(9000, 0.5), 44100, 16000))
    assert np.abs(offset[200:-200] - 0.5).max() < 1e-3


def test_one_sample_is_enough():
    for rate in (16000, 44100, 48000):
        assert len(joined(array_blocks([0.5], rate, 16000))) == 1


def test_a_chunk_may_be_overwritten():
    def microphone():
        buffer = np.empty(800, np.float32)
        for level in (0.25, 0.5):
            buffer[:] = level
            yield buffer

    blocks = list(stream_blocks(microphone(), 16000, 16000))
    assert [block.tolist() for block in blocks] == [[0.25] * 800, [0.5] * 800]


def test_blocks_come_as_soon_as_they_can():
    asked = []

    def microphone():
        for number in range(3):
            asked.append(number)
            yield np.zeros(4410)

    blocks = stream_blocks(microphone(), 44100, 16000)
    assert not asked
    # 100 ms came; the filter waits for a part of them.
    assert len(next(blocks)) >= (0.1 - delay_seconds(44100, 16000)) * 16000
    assert asked == [0]


def test_memory_is_that_of_a_block(tmp_path):
    path = tmp_path / "long.wav"
    rate = 44100
    with soundfile.SoundFile(path, "w", rate, 2) as file:
        for _ in range(10):
            file.write(np.zeros((30 * rate, 2), np.int16))
    next(read_blocks(path, 16000, 1))  # the filter is designed once
    peaks = []
    for seconds in (10, 300):
        tracemalloc.start()
        n_samples = 0
        for block in read_blocks(path, 16000, 1):
            n_samples += len(block)
            if n_samples >= seconds * 15900:
                break
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    short, long = peaks
    assert long < 1.1 * short
    # The file would take 106 MB as float32.
    assert long < 4e6


@pytest.mark.parametrize(
    ("value", "word"), [(np.nan, "NaN"), (-np.inf, "infinity")]
)
def test_where_a_file_holds_no_number(tmp_path, value, word):
    samples = noise(44100 * 2, 2)
    samples[66150, 1] = value
    path = write(tmp_path / "holes.wav", samples, 44100, "FLOAT")
    message = rf"holes\.wav: {word} at 1\.500 s \(sample 66150\)"
    with pytest.raises(ValueError, match=message):
        list(read_blocks(path, 16000, 0.4))
    with pytest.raises(ValueError, match=message.replace("holes", "my")):
        list(array_blocks(samples, 44100, 16000, 0.4, name="my.wav"))


def test_what_float32_cannot_hold_is_infinity():
    with pytest.raises(ValueError, match=r"recording: infinity at 0\.000 s"):
        list(array_blocks([1e300], 16000, 16000))


@pytest.mark.parametrize("rate", [8000, 11025])
def test_a_low_rate_is_warned_of(tmp_path, rate):
    path = write(tmp_path / "phone.wav", noise(rate), rate)
    message = rf"phone\.wav: sampled at {rate} Hz.* above {rate / 2:g} Hz"
    with pytest.warns(UserWarning, match=message):
        blocks = read_blocks(path, 16000)
    assert len(joined(blocks)) == 16000


def test_other_rates_are_not_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for rate in (16000, 44100):
            joined(array_blocks(noise(100), rate, 16000))


def test_unscaled_integers_are_warned_of_once():
    chunks = [noise(1000) * 10000 for _ in range(3)]
    with pytest.warns(UserWarning, match="divide them by 32768") as caught:
        joined(stream_blocks(chunks, 16000, 16000))
    assert len(caught) == 1


def test_nothing_to_read(tmp_path):
    path = write(tmp_path / "empty.wav", np.zeros((0, 2)))
    for blocks, name in (
        (read_blocks(path, 16000), r"empty\.wav"),
        (array_blocks([], 44100, 16000), "the recording"),
        (array_blocks(np.zeros((0, 2)), 44100, 16000), "the recording"),
        (stream_blocks([], 44100, 16000), "the stream"),
        (stream_blocks([[], []], 16000, 16000), "the stream"),
    ):
        with pytest.raises(ValueError, match=f"{name} holds no samples"):
            list(blocks)


def test_mistakes_in_an_array_are_named():
    for wav, message in (
        (np.zeros((1, 16000)), r"recording: .*may be wav\.T"),
        (np.zeros((2, 3, 4)), "recording: .*shape"),
        (np.float32(1), "recording: .*shape"),
        (np.zeros(4, np.int64), "recording: .*full scale"),
    ):
        with pytest.raises(ValueError, match=message):
            list(array_blocks(wav, 16000, 16000))


def test_the_channels_do_not_change():
    chunks = [np.zeros(800), np.zeros((800, 1)), np.zeros((800, 2))]
    with pytest.raises(ValueError, match=r"2 channels from 0\.100 s on, 1 "):
        list(stream_blocks(chunks, 16000, 16000))


def test_wrong_settings_are_refused_at_once(tmp_path):
    path = write(tmp_path / "a.wav", np.zeros(100))
    for call, message in (
        (lambda: read_blocks(path, 0), "sample rate 0"),
        (lambda: read_blocks(path, 16000, 0), "positive length"),
        (lambda: array_blocks([0.0], 44100.5, 16000), "sample rate 44100.5"),
        (lambda: stream_blocks([], None, 16000), "sample rate None"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_pytorch_is_not_needed():
    code = (
        "import sys, lgc_plugin.inference.audio_blocks; "
        "import lgc_plugin.inference.files.live_stream; "
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
