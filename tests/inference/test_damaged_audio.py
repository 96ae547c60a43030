"""Files that are damaged, cut short, or have headers that are wrong."""

import warnings

import numpy as np
import pytest
import soundfile

from lgc_plugin.data.resample import resample
from lgc_plugin.inference.audio_blocks import read_blocks


def noise(n_samples):
    return np.random.default_rng(0).normal(0, 0.3, n_samples)


def write(path, samples):
    soundfile.write(path, samples, 44100)
    return path


def joined(blocks):
    return np.concatenate(list(blocks))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.wav: no such file"):
        read_blocks(tmp_path / "gone.wav", 16000)
    (tmp_path / "text.wav").write_text("not sound")
    (tmp_path / "pcm.raw").write_bytes(bytes(100))
    (tmp_path / "folder").mkdir()
    for name in ("text.wav", "pcm.raw", "folder"):
        with pytest.raises(ValueError, match=f"{name}: cannot be decoded"):
            read_blocks(tmp_path / name, 16000)


def cut_short(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_damaged_file_is_read_up_to_the_damage(tmp_path):
    wav = np.round(noise(44100 * 3).clip(-1, 1) * 32767).astype(np.int16)
    path = write(tmp_path / "a.flac", wav)
    cut_short(path)
    told = []
    blocks = joined(read_blocks(path, 44100, 0.5, told.append))
    assert 1.3 * 44100 < len(blocks) < 1.6 * 44100
    assert np.array_equal(blocks * 32768, wav[: len(blocks)])
    seconds = f"{len(blocks) / 44100:.3f} s"
    assert len(told) == 1
    assert told[0].startswith(f"{path}: cannot be decoded to its end (")
    assert f"after {seconds}" in told[0]
    with pytest.warns(UserWarning, match=f"to its end .* after {seconds}"):
        list(read_blocks(path, 44100, 0.5))


def test_a_wav_that_was_cut_off_is_told(tmp_path):
    path = write(tmp_path / "a.wav", noise(44100))
    cut_short(path)
    with pytest.warns(UserWarning, match=r"cut off: 44,122 bytes are missing"):
        assert len(joined(read_blocks(path, 44100))) == 22039


def unknown_length(path):
    """A FLAC as a pipe leaves it, without a number of samples."""
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)


def test_a_header_without_a_length_is_not_asked(tmp_path):
    wav = np.round(noise(44100 * 3).clip(-1, 1) * 32767).astype(np.int16)
    path = write(tmp_path / "a.flac", wav)
    unknown_length(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        blocks = joined(read_blocks(path, 44100, 0.5))
    assert np.array_equal(blocks * 32768, wav)


def test_a_header_that_was_never_finished_is_told(tmp_path):
    wav = np.round(noise(44100).clip(-1, 1) * 32767).astype(np.int16)
    path = write(tmp_path / "a.wav", wav)
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = bytes(4)
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="88,200 bytes of samples follow"):
        blocks = joined(read_blocks(path, 44100))
    assert np.array_equal(blocks * 32768, wav)


def test_the_resource_fork_of_a_mac_is_left_alone(tmp_path):
    path = write(tmp_path / "bark.mp3", noise(44100).clip(-1, 1))
    (tmp_path / "._bark.mp3").write_bytes(bytes.fromhex("00051607") + bytes(78))
    assert len(joined(read_blocks(path, 16000))) == 16000


def test_a_file_that_ends_early_is_told(tmp_path):
    if "MP3" not in soundfile.available_formats():
        pytest.skip("this libsndfile writes no MP3")
    path = write(tmp_path / "a.mp3", noise(44100 * 3).clip(-1, 1))
    cut_short(path)
    whole, rate = soundfile.read(path, dtype="float32")
    with pytest.warns(UserWarning, match=r"ends after 1\.\d+ s, 3\.000 s by"):
        blocks = joined(read_blocks(path, 16000, 0.5))
    assert np.abs(blocks - resample(whole, rate, 16000)).max() <= 1e-6


@pytest.mark.parametrize("rate", [1, 7, 999, 99_999_989])
def test_rates_beyond_any_sense_are_refused(tmp_path, rate):
    path = write(tmp_path / "a.wav", noise(1000))
    content = bytearray(path.read_bytes())
    content[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"a\.wav: .*claims {rate} Hz"):
        read_blocks(path, 16000)
