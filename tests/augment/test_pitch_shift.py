import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.pitch_shift import pitch_shift
from lgc_plugin.augment.samples import float_samples
from strategies import random_tensor

RATE = 16000
time = torch.arange(2 * RATE, dtype=torch.float64) / RATE
cents = st.sampled_from([s * 50 for s in range(-5, 6)])


def tone(frequency, phase=0.0, onset=0.0):
    wave = torch.sin(2 * math.pi * frequency * time + phase)
    return torch.where(time >= onset, wave, 0.0).unsqueeze(0)


def frequency_of(wave):
    """Hz of the loudest tone, to a hundredth of a percent."""
    window = torch.hann_window(len(wave), dtype=wave.dtype)
    n = 2**20
    return int(torch.fft.rfft(wave * window, n=n).abs().argmax()) * RATE / n


def level(wave):
    return 20 * math.log10(float(wave.square().mean().sqrt()))


@settings(deadline=None, max_examples=40)
@given(
    st.floats(67, 6500),
    st.floats(0, 6.28),
    st.sampled_from([0.0, 0.3]),
    cents,
)
def test_tones_move_by_the_interval_and_keep_their_level(
    frequency, phase, onset, asked
):
    before = tone(frequency, phase, onset)
    after = pitch_shift(before, asked, RATE)
    assert after.shape == before.shape and after.dtype == before.dtype
    # The last piece may already have silence in it.
    part = slice(RATE // 2, -RATE // 10)
    found = frequency_of(after[0, part])
    assert abs(1200 * math.log2(found / frequency) - asked) < 2.5
    assert abs(level(after[0, part]) - level(before[0, part])) < 0.3


@pytest.mark.parametrize("asked", [250, -250])
def test_a_chord_moves_as_one(asked):
    chord = tone(220.0) + tone(554.4) + tone(1318.5)
    spectrum = torch.fft.rfft(
        pitch_shift(chord, asked, RATE)[0, :RATE]
        * torch.hann_window(RATE, dtype=torch.float64)
    ).abs()
    for frequency in (220.0, 554.4, 1318.5):
        wanted = frequency * 2 ** (asked / 1200)
        near = spectrum[round(wanted) - 3 : round(wanted) + 4]
        assert near.max() > 0.15 * RATE / 2
        gone = spectrum[round(frequency) - 3 : round(frequency) + 4]
        assert gone.max() < 0.05 * RATE / 2


@pytest.mark.parametrize("asked", [250, -250, 50])
def test_noise_keeps_its_level_and_loses_what_leaves_the_band(asked):
    noise = random_tensor(4, 2 * RATE, seed=0)
    power = torch.fft.rfft(noise).abs().square().mean(dim=0)
    after = torch.fft.rfft(pitch_shift(noise, asked, RATE)).abs().square()
    after = after.mean(dim=0)
    factor = 2 ** (asked / 1200)
    edge = round(RATE * min(factor, 1.0))
    # The same power is spread over a wider or narrower band.
    ratio = after[: edge - 200].mean() / power[: edge - 200].mean() * factor
    assert abs(10 * math.log10(float(ratio))) < 0.35
    if factor < 1:
        assert after[edge + 200 :].mean() < 1e-3 * power.mean()


@settings(deadline=None, max_examples=20)
@given(st.floats(0.1, 1.7), cents)
def test_sounds_stay_where_they_were(onset, asked):
    """A burst of noise of 100 ms stays where it was, within 20 ms."""
    burst = (time >= onset) & (time < onset + 0.1)
    noise = random_tensor(1, len(time), seed=0) * burst
    energy = pitch_shift(noise, asked, RATE).square()[0]
    early, late = time < onset - 0.02, time > onset + 0.12
    assert energy[early | late].sum() < 0.02 * energy.sum()
    center = float((time * energy).sum() / energy.sum())
    assert abs(center - onset - 0.05) < 0.02


def test_no_interval_changes_nothing():
    wavs = random_tensor(2, 12345, seed=0)
    torch.testing.assert_close(pitch_shift(wavs, 0, RATE), wavs)


@pytest.mark.parametrize("n", [1, 2, 99, 1280, 1281, 20011])
@pytest.mark.parametrize("asked", [-1200, 250, 1200])
def test_clips_of_any_length_keep_it(n, asked):
    wavs = random_tensor(2, n, seed=n).float()
    after = pitch_shift(wavs, asked, RATE)
    assert after.shape == wavs.shape and after.isfinite().all()


def test_clips_do_not_affect_each_other_and_padding_stays_silent():
    wavs = random_tensor(3, 16000, seed=0)
    n_samples = torch.tensor([16000, 9000, 400])
    wavs[torch.arange(16000) >= n_samples.unsqueeze(1)] = 0.0
    after = pitch_shift(wavs, -200, RATE, n_samples)
    for clip, n in enumerate(n_samples.tolist()):
        alone = pitch_shift(wavs[clip : clip + 1], -200, RATE)[0]
        torch.testing.assert_close(after[clip, :n], alone[:n])
        assert (after[clip, n:] == 0).all() and after[clip, :n].any()


def test_silence_stays_silent():
    assert (pitch_shift(torch.zeros(1, 9000), 100, RATE) == 0).all()


def test_whole_numbers_half_precision_and_autocast():
    wavs = torch.randint(-(2**15), 2**15, (1, 9000), dtype=torch.int16)
    expected = pitch_shift(float_samples(wavs), 150, RATE)
    assert torch.equal(pitch_shift(wavs, 150, RATE), expected)
    half = float_samples(wavs).half()
    assert torch.equal(
        pitch_shift(half, 150, RATE),
        pitch_shift(half.float(), 150, RATE).half(),
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(pitch_shift(wavs, 150, RATE), expected)


def test_nothing_waits_for_the_device():
    wavs = torch.empty(3, 9000, device="meta")
    n_samples = torch.empty(3, dtype=torch.long, device="meta")
    assert pitch_shift(wavs, 150, RATE, n_samples).is_meta


def test_more_than_an_octave_is_refused():
    with pytest.raises(ValueError, match="1300"):
        pitch_shift(torch.zeros(1, 9), 1300, RATE)
