"""Resampled audio keeps what can be kept, and nothing is added."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.resample import (
    Resampler,
    check_sample_rate,
    delay_seconds,
    resample,
    resample_file,
    resample_files,
)

RATES = [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96001]
rates = st.sampled_from(RATES)


def noise(n_samples, seed=0):
    samples = np.random.default_rng(seed).normal(size=n_samples)
    return samples.astype(np.float32)


def in_chunks(samples, cuts, rate, new_rate):
    resampler = Resampler(rate, new_rate)
    chunks = [resampler.push(chunk) for chunk in np.split(samples, cuts)]
    return np.concatenate([*chunks, resampler.finish()])


def interpolated(samples, rate, new_rate):
    """Band-limited interpolation in double precision: each output sample is
    the sum of all input samples, weighted by a long windowed sinc.
    """
    cutoff = 0.96 * min(1, new_rate / rate)
    reach = 200 / cutoff
    places = np.arange(-(-len(samples) * new_rate // rate)) * rate / new_rate
    offsets = places[:, None] - np.arange(len(samples))
    inside = np.abs(offsets) < reach
    window = np.i0(10 * np.sqrt(1 - (inside * offsets / reach) ** 2)) / np.i0(
        10
    )
    weights = cutoff * np.sinc(cutoff * offsets) * window * inside
    return weights @ samples.astype(float)


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


@pytest.mark.parametrize("rate", [22050, 32000, 44100, 48000])
def test_high_tones_pass_up_to_7_kilohertz(rate):
    assert abs(decibel(resample(tone(7000, rate), rate, 16000))) < 0.01


@pytest.mark.parametrize("rate", [32000, 44100, 48000])
@pytest.mark.parametrize("hertz", [8100, 9000, 11000, 15000])
def test_aliases_are_rejected(rate, hertz):
    assert decibel(resample(tone(hertz, rate), rate, 16000)) < -120


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 32000, 44100, 48000])
def test_sounds_within_the_band_are_those_of_a_slow_interpolation(rate):
    # Tones and an onset, below what the two filters treat differently.
    seconds = np.arange(rate // 10) / rate
    sound = sum(
        np.sin(2 * np.pi * hertz * seconds + hertz)
        for hertz in (50, 777, 2500, 3400)
    ) * np.hanning(len(seconds))
    expected = interpolated(sound, rate, 16000)
    got = resample(sound, rate, 16000)
    assert got.shape == expected.shape
    assert np.abs(got - expected).max() < 1e-4


@given(rates, rates, st.integers(1, 3000))
def test_length(rate, new_rate, samples):
    resampled = resample(np.zeros(samples), rate, new_rate)
    assert resampled.dtype == np.float32
    assert len(resampled) == -(-samples * new_rate // rate)


@given(
    rates,
    rates,
    st.integers(0, 9000),
    st.lists(st.integers(0, 9000), max_size=8),
    st.integers(0, 2**31 - 1),
)
def test_chunks_are_the_whole(rate, new_rate, n_samples, cuts, seed):
    samples = noise(n_samples, seed)
    cuts = sorted(min(cut, n_samples) for cut in cuts)
    joined = in_chunks(samples, cuts, rate, new_rate)
    assert joined.dtype == np.float32
    # Not only close: rounded to 16 bits, close would sometimes differ.
    assert np.array_equal(joined, resample(samples, rate, new_rate))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("size", [1, 160, 4410])
def test_equal_chunks_of_a_second_are_the_whole(rate, size):
    samples = noise(rate // (10 if size == 1 else 1))
    cuts = np.arange(size, len(samples), size)
    joined = in_chunks(samples, cuts, rate, 16000)
    assert np.array_equal(joined, resample(samples, rate, 16000))


@pytest.mark.parametrize("rate", [16000, 44100])
def test_the_last_sample_is_that_of_a_longer_recording(rate):
    # The length is rounded up: the last sample lies within silence.
    sound = np.concatenate([noise(rate // 5), np.zeros(rate // 5, np.float32)])
    for n_samples in range(rate // 3, rate // 3 + 5):
        whole = resample(sound, rate, 16000)
        part = resample(sound[:n_samples], rate, 16000)
        assert np.abs(part - whole[: len(part)]).max() < 1e-6


@given(rates, rates, st.lists(st.integers(0, 9000), min_size=1, max_size=12))
def test_no_sample_is_later_than_stated(rate, new_rate, sizes):
    resampler = Resampler(rate, new_rate)
    received = given_out = 0
    for size in sizes:
        received += size
        given_out += len(resampler.push(np.zeros(size)))
        late = received / rate - given_out / new_rate
        assert 0 <= late <= delay_seconds(rate, new_rate)


def test_the_same_rate_is_not_delayed():
    resampler = Resampler(16000, 16000)
    assert delay_seconds(16000, 16000) == 0
    samples = noise(10)
    given_out = resampler.push(samples)
    assert np.array_equal(given_out, samples)
    samples[:] = 0  # the caller's buffer, filled anew for the next chunk
    assert given_out.any()
    assert len(resampler.finish()) == 0


def test_a_finished_recording_takes_no_more():
    resampler = Resampler(44100, 16000)
    resampler.push(np.zeros(10))
    assert len(resampler.finish()) == 4
    with pytest.raises(RuntimeError, match="finished"):
        resampler.push(np.zeros(10))
    with pytest.raises(RuntimeError, match="finished"):
        resampler.finish()


@pytest.mark.parametrize("rate", [0, -1, 44100.5, np.nan, np.inf, None, "16k"])
def test_what_is_no_rate_is_named(rate):
    with pytest.raises(ValueError, match=r"sample rate .*positive integer"):
        Resampler(rate, 16000)
    with pytest.raises(ValueError, match=r"sample rate .*positive integer"):
        Resampler(16000, rate)


def test_a_rate_of_any_number_type():
    for rate in (44100, 44100.0, np.int32(44100), np.float64(44100)):
        assert check_sample_rate(rate) == 44100
        assert type(check_sample_rate(rate)) is int


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

    def full_disk(file, *_, **__):
        file.write_text("half")
        raise soundfile.LibsndfileError(2)

    monkeypatch.setattr(soundfile, "write", full_disk)
    with pytest.raises(OSError, match=r"cannot write .*a\.wav"):
        resample_file(source, target)
    assert list(target.parent.iterdir()) == []
