"""Audio files: how long they are, and their 16-bit samples."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import soundfile

from damaged_audio import (
    claim_flac_length,
    claim_wav_rate,
    claim_wav_sizes,
    cut,
    write_noise,
)
from lgc_plugin.data.audio_files import (
    FULL_SCALE,
    audio_header,
    decode_blocks,
    measure_audio,
    measure_files,
    read_clip,
)
from lgc_plugin.data.resample import resample_file


@pytest.mark.parametrize(
    ("rate", "shape", "subtype", "ready"),
    [
        (16000, (80,), "PCM_16", True),
        (16000, (80, 2), "PCM_16", False),
        (16000, (80,), "FLOAT", False),
        (44100, (80,), "PCM_16", False),
    ],
)
def test_headers(tmp_path, rate, shape, subtype, ready):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(shape), rate, subtype)
    (tmp_path / "text.wav").write_text("not audio")
    paths = [path, tmp_path / "text.wav", tmp_path / "gone.wav"]
    header, *reasons = measure_files(paths, audio_header, progress=False)
    assert header.is_ready(16000) is ready
    assert header.seconds == shape[0] / rate
    assert "text.wav: cannot be decoded" in reasons[0]
    assert "gone.wav: cannot be decoded (No such file" in reasons[1]


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
            read_clip(tmp_path / name, 16000)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused_by_name(tmp_path, value):
    path = write(tmp_path / "odd.wav", [0.0, value], "FLOAT")
    with pytest.raises(ValueError, match=r"odd\.wav: holds NaN"):
        read_clip(path, 16000)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.wav", {}),
        ("a.flac", {}),
        ("a.ogg", {}),
        ("a.mp3", {"rate": 44100}),
        ("a.wav", {"subtype": "IMA_ADPCM"}),
        ("a.aiff", {}),
    ],
)
def test_the_length_is_that_of_the_samples(tmp_path, name, how):
    write_noise(tmp_path / name, **how)
    n_decoded = len(soundfile.read(tmp_path / name)[0])
    assert measure_audio(tmp_path / name).frames == n_decoded
    assert measure_audio(tmp_path / name, decode=True).frames == n_decoded
    blocks = [block for _, block in decode_blocks(tmp_path / name, 0.3)]
    expected, _ = soundfile.read(tmp_path / name, dtype="float32")
    assert np.array_equal(np.concatenate(blocks)[:, 0], expected)


def test_a_flac_of_unknown_length_is_decoded(tmp_path):
    path = tmp_path / "a.flac"
    samples = write_noise(path)
    claim_flac_length(path, 0)
    assert measure_audio(path).frames == len(samples)
    assert np.array_equal(read_clip(path, 16000), samples)
    assert np.array_equal(read_clip(path, 16000, 777), samples[:777])
    blocks = [block for _, block in decode_blocks(path, 0.25)]
    assert {len(block) for block in blocks} == {4000}


@pytest.mark.parametrize("claimed", [17000, 2**36 - 1])
def test_a_flac_that_claims_more_is_refused(tmp_path, claimed):
    path = tmp_path / "a.flac"
    samples = write_noise(path)
    claim_flac_length(path, claimed)
    message = r"a\.flac: cannot be decoded \(it ends after 1\.000 s, "
    for refuse in (measure_audio, lambda path: read_clip(path, 16000)):
        with pytest.raises(ValueError, match=message):
            refuse(path)
    blocks = []
    with pytest.raises(ValueError, match=message):
        for _, block in decode_blocks(path, 0.25):
            blocks.append(block)
    assert sum(map(len, blocks)) == len(samples)


def test_what_is_before_the_damage_is_given_out(tmp_path):
    path = tmp_path / "a.flac"
    samples = write_noise(path, 10.0)
    cut(path, 0.55)
    with pytest.raises(ValueError, match=r"a\.flac: cannot be decoded"):
        measure_audio(path)
    blocks = []
    with pytest.raises(ValueError, match=r"cannot be decoded \(.* after 5\."):
        for _, block in decode_blocks(path, 2.0):
            blocks.append(block[:, 0])
    decoded = np.concatenate(blocks)
    assert len(decoded) > 0.53 * len(samples)
    assert np.array_equal(decoded * FULL_SCALE, samples[: len(decoded)])


def test_a_wav_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "a.wav"
    write_noise(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])  # a header that counts itself
    assert measure_audio(path).frames == 16000 - 10
    path.write_bytes(whole[:20000])
    message = r"a\.wav: cannot be decoded \(it is cut off: 12,044 bytes"
    with pytest.raises(ValueError, match=message):
        measure_audio(path)
    with pytest.raises(ValueError, match=message):
        resample_file(path, tmp_path / "b.wav")


@pytest.mark.parametrize("size", [0, 2**32 - 1])
@pytest.mark.filterwarnings("ignore:.*header was never finished")
def test_a_wav_whose_header_was_never_finished_is_read(tmp_path, size):
    path = tmp_path / "a.wav"
    samples = write_noise(path)
    claim_wav_sizes(path, size)
    assert measure_audio(path).frames == len(samples)
    assert np.array_equal(read_clip(path, 16000), samples)


def test_an_unfinished_header_is_told_of(tmp_path):
    path = tmp_path / "a.wav"
    write_noise(path)
    claim_wav_sizes(path, 0)
    with pytest.warns(UserWarning, match="never finished: 32,000 bytes"):
        measure_audio(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_clip(path, 16000)


def test_an_empty_wav_stays_empty(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), 16000)
    with pytest.raises(ValueError, match="it holds no samples"):
        measure_audio(tmp_path / "a.wav")


def test_absurd_rates_are_refused(tmp_path):
    write_noise(tmp_path / "a.wav")
    claim_wav_rate(tmp_path / "a.wav", 99_999_989)
    with pytest.raises(ValueError, match="its header claims 99999989 Hz"):
        measure_audio(tmp_path / "a.wav")


def test_what_a_mac_leaves_beside_a_file_does_not_matter(tmp_path):
    samples = write_noise(tmp_path / "a.mp3", rate=44100)
    (tmp_path / "._a.mp3").write_bytes(b"\0\5\x16\7" + bytes(300))
    assert measure_audio(tmp_path / "a.mp3").frames >= len(samples)
