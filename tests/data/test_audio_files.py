"""Audio files of clips: which count, and their 16-bit samples."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from lgc_plugin.data.audio_files import (
    FULL_SCALE,
    ClipFiles,
    clip_id,
    list_audio,
    read_clip,
    read_headers,
)


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("Y-0A1_JR5f34_16.000_26.000.wav", "Y-0A1_JR5f34_16.000_26.000"),
        ("Y-0A1_JR5f34_16.000_26.000", "Y-0A1_JR5f34_16.000_26.000"),
        ("-x_.WAV", "-x_"),
        ("12.flac", "12"),
        ("a.wav.wav", "a.wav"),
    ],
)
def test_clip_id(filename, expected):
    assert clip_id(filename) == expected


def test_only_finished_audio_is_listed(tmp_path):
    for name in ("b.wav", "a.flac", "a.wav", "C.WAV", "._b.wav", ".t.wav"):
        (tmp_path / name).write_bytes(b"12")
    (tmp_path / "b.jams").write_text("")
    (tmp_path / "b_events.wav").mkdir()
    (tmp_path / "lost.wav").symlink_to(tmp_path / "nowhere.wav")
    (tmp_path / "linked.wav").symlink_to(tmp_path / "b.wav")
    listed = list_audio(tmp_path)
    names = {clip: file.path.name for clip, file in listed.items()}
    assert names == {
        "C": "C.WAV", "a": "a.wav", "b": "b.wav", "linked": "linked.wav",
    }  # fmt: skip
    assert listed["b"].size == 2


@pytest.mark.parametrize(
    ("rate", "shape", "subtype", "ready"),
    [
        (16000, (80,), "PCM_16", True),
        (16000, (80, 2), "PCM_16", False),
        (16000, (80,), "FLOAT", False),
        (44100, (80,), "PCM_16", False),
        (16000, (0,), "PCM_16", False),
    ],
)
def test_headers(tmp_path, rate, shape, subtype, ready):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(shape), rate, subtype)
    (tmp_path / "text.wav").write_text("not audio")
    paths = [path, tmp_path / "text.wav", tmp_path / "gone.wav"]
    header, *none = read_headers(paths, progress=False)
    assert header.is_ready(16000) is ready
    assert header.seconds == shape[0] / rate
    assert none == [None, None]


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
