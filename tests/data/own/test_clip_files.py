"""Clips are what one gets by resampling all of a recording and cutting it."""

import tracemalloc

import numpy as np
import pytest
import soundfile

from lgc_plugin.data.own.clip_files import ClipJob, write_clips
from lgc_plugin.data.own.cutting import Span
from lgc_plugin.data.resample import resample


def noise(n_samples, channels=1):
    rng = np.random.default_rng(3)
    return 0.2 * rng.uniform(-1, 1, (n_samples, channels)).astype(np.float32)


def job(tmp_path, spans, rate, channel=None, name="a.wav"):
    clips = tuple((x, tmp_path / f"{i}.flac") for i, x in enumerate(spans))
    return ClipJob(tmp_path / name, rate, channel, clips)


@pytest.mark.parametrize(
    ("rate", "new_rate", "channel"),
    [(16000, 16000, None), (44100, 16000, None), (8000, 22050, 2)],
)
def test_clips_are_parts_of_the_whole(tmp_path, rate, new_rate, channel):
    wav = noise(13 * rate, 2)
    soundfile.write(tmp_path / "a.wav", wav, rate, subtype="FLOAT")
    chosen = wav if channel is None else wav[:, channel - 1]
    whole = resample(chosen, rate, new_rate)
    spans = [Span(0, 3000), Span(1, 900), Span(2500, 3000), Span(11007, 13000)]
    report = write_clips(job(tmp_path, spans, new_rate, channel))
    assert not report.error and not report.clipped
    for i, span in enumerate(spans):
        start, stop = (round(ms * new_rate / 1000) for ms in span)
        clip, clip_rate = soundfile.read(tmp_path / f"{i}.flac", dtype="int16")
        assert clip_rate == new_rate
        assert report.n_samples[i] == len(clip) == stop - start
        expected = np.rint(whole[start:stop] * 32768)
        assert np.abs(clip - expected).max() <= 1


def test_memory_does_not_grow_with_the_recording(tmp_path):
    peaks = []
    for minutes in (1, 8):
        wav = np.zeros((minutes * 60 * 8000, 1), np.float32) + 0.1
        soundfile.write(tmp_path / "a.wav", wav, 8000)
        end = 60_000 * minutes
        spans = [Span(0, 2000), Span(end - 2000, end)]
        tracemalloc.start()
        assert not write_clips(job(tmp_path, spans, 8000)).error
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


def test_what_is_louder_than_full_scale_is_told(tmp_path):
    soundfile.write(tmp_path / "a.wav", 9 * noise(8000), 8000, subtype="FLOAT")
    assert write_clips(job(tmp_path, [Span(0, 1000)], 8000)).clipped


def test_channels_that_cancel_are_told(tmp_path):
    wav = noise(8000)
    both = np.concatenate([wav, -wav], axis=1)
    soundfile.write(tmp_path / "a.wav", both, 8000)
    found = write_clips(job(tmp_path, [Span(0, 1000)], 8000)).channels
    assert "dB quieter than they are" in found
    assert not write_clips(job(tmp_path, [Span(0, 1000)], 8000, 1)).channels


@pytest.mark.parametrize("problem", ["nan", "channel", "short"])
def test_what_cannot_be_used_leaves_no_clip(tmp_path, problem):
    wav = noise(16000)
    if problem == "nan":
        wav[12000] = np.nan
    soundfile.write(tmp_path / "a.wav", wav, 8000, subtype="FLOAT")
    last = 9000 if problem == "short" else 1500
    spans = [Span(0, 1000), Span(last, last + 500)]
    channel = 2 if problem == "channel" else None
    report = write_clips(job(tmp_path, spans, 8000, channel))
    message = {
        "nan": "NaN or infinity",
        "channel": "has no channel 2, but 1",
        "short": "ends before 9.000 s",
    }
    assert message[problem] in report.error
    assert not list(tmp_path.glob("*.flac"))
