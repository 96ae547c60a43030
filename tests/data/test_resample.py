"""Resampled audio keeps what can be kept, and nothing is added."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.data.resample import resample, resample_file, resample_files


def tone(hertz, rate, seconds=0.5):
    return np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def decibel(samples):
    middle = samples[len(samples) // 5 : -len(samples) // 5]
    return 10 * np.log10(2 * np.mean(middle.astype(float) ** 2) + 1e-20)


@pytest.mark.parametrize("rate", [8000, 22050, 32000, 44100, 48000])
@pytest.mark.parametrize("hertz", [50, 440, 3000])
def test_tones_keep_amplitude_and_time(rate, hertz):
    expected = tone(hertz, 16000)
    got = resample(tone(hertz, rate), rate, 16000)
    middle = slice(1000, -1000)
    np.testing.assert_allclose(got[middle], expected[middle], atol=1e-3)


def test_high_tones_pass_up_to_7_kilohertz():
    assert abs(decibel(resample(tone(7000, 44100), 44100, 16000))) < 0.01


@pytest.mark.parametrize("rate", [32000, 44100, 48000])
@pytest.mark.parametrize("hertz", [8100, 9000, 11000, 15000])
def test_aliases_are_rejected(rate, hertz):
    assert decibel(resample(tone(hertz, rate), rate, 16000)) < -75


@settings(max_examples=20)
@given(st.integers(1, 3000), st.sampled_from([8000, 16000, 22050, 44100]))
def test_length(samples, rate):
    resampled = resample(np.zeros(samples), rate, 16000)
    assert len(resampled) == -(-samples * 16000 // rate)


def test_channels_are_averaged():
    left, right = tone(440, 44100), tone(1000, 44100)
    stereo = np.stack([left, right], axis=1)
    expected = (
        resample(left, 44100, 16000) + resample(right, 44100, 16000)
    ) / 2
    got = resample(stereo, 44100, 16000)
    np.testing.assert_allclose(got, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("rate", "subtype", "channels"),
    [(44100, "PCM_16", 1), (44100, "FLOAT", 2), (48000, "PCM_24", 6)],
)
def test_any_file_becomes_mono_pcm(tmp_path, rate, subtype, channels):
    samples = np.repeat(0.5 * tone(440, rate)[:, None], channels, axis=1)
    soundfile.write(tmp_path / "a.wav", samples, rate, subtype)
    assert not resample_file(tmp_path / "a.wav", tmp_path / "b" / "a.wav")
    info = soundfile.info(tmp_path / "b" / "a.wav")
    assert (info.samplerate, info.channels, info.subtype) == (
        16000, 1, "PCM_16",
    )  # fmt: skip
    got, _ = soundfile.read(tmp_path / "b" / "a.wav")
    np.testing.assert_allclose(
        got[1000:-1000], 0.5 * tone(440, 16000)[1000:-1000], atol=1e-3
    )


def test_ready_pcm_is_copied_sample_by_sample(tmp_path):
    pcm = np.array([-32768, -1, 0, 1, 123, 32767], dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", pcm, 16000, "PCM_16")
    assert not resample_file(tmp_path / "a.wav", tmp_path / "b.wav")
    got, _ = soundfile.read(tmp_path / "b.wav", dtype="int16")
    np.testing.assert_array_equal(got, pcm)


def test_too_loud_is_cut_not_wrapped(tmp_path):
    loud = np.array([0.0, 1.5, 2.0, -3.0, 0.25], dtype=np.float32)
    soundfile.write(tmp_path / "a.wav", loud, 16000, "FLOAT")
    assert resample_file(tmp_path / "a.wav", tmp_path / "b.wav")
    got, _ = soundfile.read(tmp_path / "b.wav", dtype="int16")
    np.testing.assert_array_equal(got, [0, 32767, 32767, -32768, 8192])


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_broken_files_are_reported_and_the_others_done(tmp_path, n_jobs):
    good = tmp_path / "good.wav"
    soundfile.write(good, 0.1 * tone(440, 44100), 44100)
    loud = tmp_path / "loud.wav"
    soundfile.write(loud, 3 * tone(440, 44100), 44100, "FLOAT")
    text = tmp_path / "text.wav"
    text.write_text("not audio")
    empty = tmp_path / "empty.wav"
    soundfile.write(empty, np.zeros(0), 44100)
    holes = tmp_path / "holes.wav"
    soundfile.write(holes, np.full(100, np.nan), 44100, "FLOAT")
    sources = [text, good, empty, loud, holes, tmp_path / "gone.wav"]
    out = tmp_path / "out"
    report = resample_files(
        [(source, out / source.name) for source in sources],
        n_jobs=n_jobs,
        progress=False,
    )
    assert (report.written, report.clipped) == (2, 1)
    assert set(report.broken) == {
        text, empty, holes, tmp_path / "gone.wav",
    }  # fmt: skip
    assert "text.wav" in report.broken[text]
    assert "no samples" in report.broken[empty]
    assert "not numbers" in report.broken[holes]
    assert {file.name for file in out.iterdir()} == {"good.wav", "loud.wav"}


def test_a_target_that_cannot_be_written_is_an_error(tmp_path):
    source = tmp_path / "a.wav"
    soundfile.write(source, np.zeros(100), 16000)
    (tmp_path / "file").write_text("")
    pairs = [(source, tmp_path / "file" / "a.wav")]
    with pytest.raises(OSError):
        resample_files(pairs, n_jobs=1, progress=False)


def test_nothing_half_written(tmp_path, monkeypatch):
    source, target = tmp_path / "a.wav", tmp_path / "out" / "a.wav"
    soundfile.write(source, np.zeros(100), 16000)

    def full_disk(file, *_):
        file.write_text("half")
        raise soundfile.LibsndfileError(2)

    monkeypatch.setattr(soundfile, "write", full_disk)
    with pytest.raises(OSError, match=r"cannot write .*a\.wav"):
        resample_file(source, target)
    assert list(target.parent.iterdir()) == []
