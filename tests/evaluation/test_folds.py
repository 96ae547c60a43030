"""Folds of clips, those of one recording together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.evaluation.folds import folds_of, recording_of
from strategies import seeds

_clips = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 30)),
    min_size=1,
    max_size=40,
    unique=True,
)


@settings(max_examples=40)
@given(_clips, st.integers(2, 6), seeds)
def test_recordings_stay_whole_and_folds_are_level(pairs, n_folds, seed):
    clips = [
        f"{name}_{begin}.000_{begin + 10}.000.wav" for name, begin in pairs
    ]
    fold = folds_of(clips, n_folds, seed)
    recordings = np.array([name for name, _ in pairs])
    for name in set(recordings):
        assert len(set(fold[recordings == name])) == 1
    # Every fold has a clip, and no more than the largest recording too many.
    sizes = np.bincount(fold)
    assert len(sizes) == min(n_folds, len(set(recordings)))
    assert sizes.min() > 0
    _, largest = np.unique(recordings, return_counts=True)
    assert sizes.max() - sizes.min() <= largest.max()
    np.testing.assert_array_equal(fold, folds_of(clips, n_folds, seed))


def test_the_seed_decides():
    clips = [f"{i}.wav" for i in range(30)]
    assert folds_of(clips, 3, 0).tolist() != folds_of(clips, 3, 1).tolist()


@pytest.mark.parametrize(
    ("clip", "recording"),
    [
        ("Y-0A1_JR5f34_16.000_26.000", "Y-0A1_JR5f34"),
        ("Y-0A1_JR5f34_16.000_26.000.wav", "Y-0A1_JR5f34"),
        ("cafe_restaurant_00-000100-001100.flac", "cafe_restaurant_00"),
        # Numbers that are no segment.
        ("soundscape_2020_0001.wav", "soundscape_2020_0001"),
        ("1-100032-A-0.wav", "1-100032-A-0"),
        ("_0.0_1.0.wav", "_0.0_1.0"),
    ],
)
def test_the_recording_is_the_name_before_the_segment(clip, recording):
    assert recording_of(clip) == recording
