"""The recordings of the detector's benchmark."""

from dataclasses import replace

import detect
import detect_variants
import numpy as np
import pytest
import soundfile
from detect_variants import Audio, check_space, write_audio


def test_a_recording_is_as_long_as_given_and_fits_its_estimate(tmp_path):
    audio = Audio(12.34, 44100, 2)
    path = write_audio(tmp_path, audio, seed=1)
    info = soundfile.info(path)
    assert (info.samplerate, info.channels) == (44100, 2)
    assert info.frames == 544194 and info.subtype == "PCM_16"
    assert 0 <= path.stat().st_size - audio.n_bytes < 100


def test_there_are_tones_in_noise_and_nothing_is_clipped(tmp_path):
    path = write_audio(tmp_path, Audio(30, channels=2), seed=1)
    wav = soundfile.read(path)[0]
    assert np.abs(wav).max() < 0.999
    levels = np.sqrt((wav**2).reshape(-1, 1600, 2).mean(axis=(1, 2)))
    assert 0.009 < levels.min() < 0.011 and levels.max() > 0.05
    # The channels share the tones, not the noise.
    assert 0.008 < np.std(wav[:, 0] - wav[:, 1]) / np.sqrt(2) < 0.012


def test_formats_without_loss_and_other_lengths_hold_the_same(tmp_path):
    kinds = (Audio(21), Audio(21, suffix="flac"), Audio(13.5))
    wav, flac, short = (
        soundfile.read(write_audio(tmp_path, each, seed=2), dtype="int16")[0]
        for each in kinds
    )
    np.testing.assert_array_equal(wav, flac)
    np.testing.assert_array_equal(wav[: len(short)], short)
    other = write_audio(tmp_path, Audio(21), seed=3)
    assert (soundfile.read(other, dtype="int16")[0] != wav).mean() > 0.9
    # No block is like another.
    assert (wav[:160000] != wav[160000:320000]).mean() > 0.9


def test_a_full_disk_is_refused_before_anything_is_written(
    tmp_path, monkeypatch, capsys
):
    hour = Audio(3600)
    monkeypatch.setattr(detect_variants, "free_disk", lambda _: 400e6)
    check_space(tmp_path, [hour, hour])  # one file
    with pytest.raises(OSError, match=r"need 0\.6 GB, 0\.4 GB are free"):
        check_space(tmp_path, [hour, replace(hour, suffix="mp3"), Audio(3599)])
    with pytest.raises(SystemExit):
        detect.parse([f"--folder={tmp_path}"])
    assert f"{tmp_path}: the recordings need" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
