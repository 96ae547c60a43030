"""Hop, pooling and windows from the durations of events."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torchaudio.functional import melscale_fbanks

from lgc_plugin.data.resolution import propose_resolution
from lgc_plugin.utils.hparams import read_plain

ROOT = Path(__file__).resolve().parents[2]
RATES = [8000, 16000, 22050, 44100, 48000, 96000, 192000, 250000]
seconds = st.floats(0.0, 100.0)


def test_long_events_have_the_published_settings():
    proposal = propose_resolution({"Speech": [1.0, 3.0]}, 16000)
    published = read_plain(ROOT / "hparams/lgc.yaml", {})
    assert proposal.hop_length == published["hop_length"]
    assert [list(each) for each in proposal.pooling] == published["pooling"]
    assert proposal.n_fft == proposal.win_length == 2048
    assert proposal.frame_seconds == 0.064
    assert proposal.median_windows == {"Speech": round(2.0 / 3 / 0.064)}


@settings(max_examples=40)
@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(seconds), max_size=3),
    st.sampled_from(RATES),
)
def test_nine_in_ten_events_have_five_frames(durations, rate):
    proposal = propose_resolution(durations, rate)
    frame = proposal.frame_seconds
    in_time = [time for time, _ in proposal.pooling]
    assert math.prod(in_time) == proposal.time_pooling
    assert math.prod(mel for _, mel in proposal.pooling) == 128
    assert 0.0009 < frame <= 0.064 + 1e-9
    assert proposal.hop_length >= 1
    assert proposal.win_length <= proposal.n_fft
    assert proposal.median_windows.keys() == durations.keys()
    assert min(proposal.median_windows.values(), default=1) >= 1
    for each in durations.values():
        long_enough = [x for x in each if x > 0]
        if frame > 0.0025:
            short = sum(x < 5 * frame - 1e-9 for x in long_enough)
            assert short <= len(long_enough) / 10


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("duration", [0.003, 0.03, 5.0])
def test_no_mel_bin_is_empty(rate, duration):
    proposal = propose_resolution({"a": [duration]}, rate)
    n_bins = proposal.n_fft // 2 + 1
    bank = melscale_fbanks(n_bins, 0.0, proposal.f_max, 128, rate)
    assert np.all(bank.sum(0).numpy() > 0)


@pytest.mark.parametrize("rate", [7999, 250001])
def test_rates_out_of_range_are_refused(rate):
    with pytest.raises(ValueError, match=f"{rate}: give 8000 to 250000"):
        propose_resolution({}, rate)


@pytest.mark.parametrize("duration", [-1.0, math.nan, math.inf])
def test_wrong_durations_are_refused(duration):
    with pytest.raises(ValueError, match="event of 'a' lasts"):
        propose_resolution({"a": [duration]}, 16000)
