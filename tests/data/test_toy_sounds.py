"""The sounds made by code follow the physics of what they stand for."""

from __future__ import annotations

import numpy as np
from scipy.signal import find_peaks

from lgc_plugin.data.soundscapes.toy_bank import synthesize
from toy_sounds import RATE, sounds, spectrogram


def flatness(sound: np.ndarray) -> float:
    """Geometric over arithmetic mean of the power up to 6 kHz: 1 is white,
    0 is a tone.
    """
    power = spectrogram(sound)[3:193].mean(axis=1)
    return float(np.exp(np.log(power).mean()) / power.mean())


def median_flatness(label: str) -> float:
    return float(np.median([flatness(sound) for sound in sounds(label)]))


def cut(sound: np.ndarray) -> np.ndarray:
    """(T, 640) frames of 40 ms, without the faint ones."""
    frames = sound[: len(sound) // 640 * 640].reshape(-1, 640)
    levels = frames.std(axis=1)
    return frames[levels > 0.1 * levels.max()]


def pitch(frame: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Pitch in Hz and how periodic the frame is, by autocorrelation."""
    window = np.hanning(len(frame))
    frame, window = (
        np.fft.irfft(np.abs(np.fft.rfft(x, 2 * len(x))) ** 2)
        for x in (frame * window, window)
    )
    first, last = int(RATE / high), int(RATE / low)
    lag = first + int(frame[first:last].argmax())
    return RATE / lag, frame[lag] / frame[0] * window[0] / window[lag]


def test_frying_is_noise_and_an_alarm_is_not() -> None:
    frying = median_flatness("Frying")
    assert frying > 10 * median_flatness("Alarm_bell_ringing")
    assert frying > 3 * median_flatness("Speech")


def test_a_bark_is_no_pure_tone() -> None:
    assert median_flatness("Dog") > 3 * median_flatness("Alarm_bell_ringing")


def test_a_vacuum_cleaner_outlasts_dishes() -> None:
    shortest = min(len(sound) for sound in sounds("Vacuum_cleaner"))
    assert shortest > max(len(sound) for sound in sounds("Dishes"))


def test_machines_are_steadier_than_speech() -> None:
    def unrest(label: str) -> float:
        levels = [
            10 * np.log10(spectrogram(sound).sum(axis=0) + 1e-9)
            for sound in sounds(label)
        ]
        ranges = [np.ptp(np.percentile(x, (25, 75))) for x in levels]
        return float(np.median(ranges))

    assert unrest("Vacuum_cleaner") < 0.5 * unrest("Speech")


def test_meows_glide_where_cats_do() -> None:
    tracks = []
    for seed in range(16):
        sound = synthesize("Cat", np.random.default_rng(seed), RATE)
        track = np.array([pitch(frame, 250, 1300) for frame in cut(sound)])
        # A hiss is not periodic; a purr is slower than any of the lags.
        sings = (track[:, 1] > 0.6) & (track[:, 0] < 1300)
        if np.mean(sings) > 0.5:
            tracks.append(track[sings, 0])
    assert len(tracks) >= 5
    assert all(350 < np.median(track) < 1100 for track in tracks)
    ranges = [np.ptp(np.percentile(np.log(t), (10, 90))) for t in tracks]
    assert np.median(ranges) > np.log(1.15)


def test_speakers_differ_in_pitch() -> None:
    medians = []
    for sound in sounds("Speech"):
        track = np.array([pitch(frame, 70, 500) for frame in cut(sound)])
        medians.append(np.median(track[track[:, 1] > 0.6, 0]))
    assert max(medians) > 1.5 * min(medians)


def test_dishes_begin_suddenly_and_die_away() -> None:
    for sound in sounds("Dishes"):
        energy = np.cumsum(sound.astype(float) ** 2)
        assert energy[-len(sound) // 5] > 0.8 * energy[-1]


def test_alarms_have_sharp_partials() -> None:
    for sound in sounds("Alarm_bell_ringing"):
        power = 10 * np.log10(spectrogram(sound).mean(axis=1) + 1e-12)
        peaks, _ = find_peaks(power, prominence=10)
        assert len(peaks) >= 1
