import numpy as np
import pytest
import soundfile

from lgc_plugin.data.clip_files import FULL_SCALE, ClipFiles, read_clip


def write(path, samples, subtype, rate=16000):
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_16_bits_are_the_float_reading_exactly(tmp_path, name):
    samples = np.arange(-32768, 32768, 7, dtype=np.int16)
    path = write(tmp_path / name, samples, "PCM_16")
    clip = read_clip(path, 16000)
    assert clip.dtype == np.int16
    assert np.array_equal(clip, samples)
    expected, _ = soundfile.read(path, dtype="float32")
    assert np.array_equal(clip / np.float32(FULL_SCALE), expected)


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE", "PCM_24", "PCM_32"])
def test_other_formats_are_rounded(tmp_path, subtype):
    rng = np.random.default_rng(0)
    samples = rng.uniform(-1, 1, 1000)
    clip = read_clip(write(tmp_path / "a.wav", samples, subtype), 16000)
    error = clip / FULL_SCALE - samples
    # Half a step, but for what lies above the largest number of 16 bits.
    assert np.abs(error).max() <= 1 / FULL_SCALE
    assert np.median(np.abs(error)) < 0.3 / FULL_SCALE


def test_floats_beyond_full_scale_are_clipped(tmp_path):
    path = write(tmp_path / "a.wav", [1.0, 3.0, -3.0, 0.0], "FLOAT")
    assert read_clip(path, 16000).tolist() == [32767, 32767, -32768, 0]


def test_channels_are_averaged(tmp_path):
    samples = np.array([[100, 300], [-5, 5], [1000, 0]], np.int16)
    path = write(tmp_path / "a.wav", samples, "PCM_16")
    assert read_clip(path, 16000).tolist() == [200, 0, 500]


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_long_clips_are_cut_and_short_ones_left(tmp_path, subtype):
    path = write(tmp_path / "a.wav", np.linspace(0, 0.5, 100), subtype)
    whole = read_clip(path, 16000)
    assert np.array_equal(read_clip(path, 16000, 30), whole[:30])
    assert np.array_equal(read_clip(path, 16000, 300), whole)


def test_another_rate_is_refused_by_name(tmp_path):
    path = write(tmp_path / "slow.wav", np.zeros(10), "PCM_16", rate=8000)
    with pytest.raises(ValueError, match=r"slow\.wav: sampled at 8000 Hz"):
        read_clip(path, 16000)


def test_a_damaged_or_missing_file_is_named(tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    for name in ("broken.wav", "missing.wav"):
        with pytest.raises(ValueError, match=f"{name}: cannot be decoded"):
            ClipFiles((str(tmp_path / name),), 16000)[0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused_by_name(tmp_path, value):
    path = write(tmp_path / "odd.wav", [0.0, value], "FLOAT")
    with pytest.raises(ValueError, match=r"odd\.wav: holds NaN"):
        read_clip(path, 16000)
