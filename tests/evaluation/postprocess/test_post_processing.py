"""Scores to events, against a slow loop that filters every copy."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import median_filter

import oracles
from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.evaluation.postprocess.median_filter import (
    median_filter_scores,
    resolve_median_windows,
)
from lgc_plugin.evaluation.postprocess.thresholds import (
    PSDS_THRESHOLDS,
    spaced_thresholds,
)
from score_cases import decode_events

LABELS = ("Cat", "Dog")
# Few values: ties among scores and with thresholds are common.
LEVELS = [0.0, 0.1, 0.3, 0.5, 0.7, 1.0]


@st.composite
def batches(draw):
    n_clips = draw(st.integers(1, 3))
    n_frames = draw(st.integers(1, 12))
    shape = (n_clips, len(LABELS), n_frames)
    scores = draw(
        hnp.arrays(np.float32, shape, elements=st.sampled_from(LEVELS[:]))
        if draw(st.booleans())
        else hnp.arrays(np.float32, shape, elements=st.floats(0, 1, width=32))
    )
    windows = draw(st.tuples(st.integers(1, 30), st.integers(1, 30)))
    valid = draw(st.tuples(*[st.integers(0, n_frames)] * n_clips))
    thresholds = draw(
        st.lists(st.sampled_from(LEVELS), min_size=1, max_size=4, unique=True)
    )
    return scores, windows, valid, thresholds


@settings(max_examples=80)
@given(batch=batches())
def test_events_are_those_of_filtering_each_thresholded_copy(batch):
    scores, windows, valid, thresholds = batch
    encoder = EventEncoder(LABELS)
    ids = [f"{i}.wav" for i in range(len(scores))]
    events = decode_events(scores, ids, encoder, thresholds, windows, valid)
    expected = oracles.thresholded_events(
        scores,
        ids,
        encoder.labels,
        encoder.seconds,
        thresholds,
        windows,
        valid,
    )
    found = list(events.itertuples(index=False, name=None))
    assert [x[:-1] for x in found] == [x[:-1] for x in expected]
    np.testing.assert_allclose(
        events.confidence, [x[-1] for x in expected], atol=1e-9, rtol=0
    )


@pytest.mark.parametrize("window", [1, 2, 3, 4, 7, 10, 28, 39, 40])
def test_filter_is_scipys(window):
    rng = np.random.default_rng(window)
    scores = rng.random((3, 2, 40), dtype=np.float32).round(1)
    expected = median_filter(scores, size=(1, 1, window))
    np.testing.assert_array_equal(
        median_filter_scores(scores, window), expected
    )


def test_even_windows_take_the_upper_of_the_middle_ranks():
    """A window of 2 is the frame and the one before it: the larger counts."""
    scores = np.array([[[0.1, 0.5, 0.3, 0.2, 0.4]]])
    np.testing.assert_array_equal(
        median_filter_scores(scores, 2)[0, 0], [0.1, 0.5, 0.5, 0.3, 0.4]
    )


@settings(max_examples=60)
@given(
    st.integers(1, 12),
    st.sampled_from([2, 4, 10, 22, 28, 48, 50, 3, 7, 19]),
    st.sampled_from([np.float32, np.float64]),
    st.data(),
)
def test_filter_equals_sorting_each_window(n_frames, window, dtype, data):
    """The paper's windows; most are longer than these clips."""
    width = 8 * np.dtype(dtype).itemsize
    scores = data.draw(
        hnp.arrays(
            dtype, (2, 1, n_frames), elements=st.floats(0, 1, width=width)
        )
    )
    valid = [n_frames, data.draw(st.integers(1, n_frames))]
    smooth = median_filter_scores(scores, window, valid)
    for clip, length in enumerate(valid):
        expected = oracles.median(scores[clip, 0, :length], window)
        np.testing.assert_array_equal(smooth[clip, 0, :length], expected)
        assert (smooth[clip, 0, length:] == -np.inf).all()


def test_a_padded_clip_is_as_if_it_had_been_cut():
    rng = np.random.default_rng(1)
    encoder = EventEncoder(LABELS)
    scores = rng.random((2, 2, 50), dtype=np.float32)
    scores[1, :, 20:] = np.nan
    both = decode_events(
        scores, ["a", "b"], encoder, [0.3, 0.6], [5, 4], [50, 20]
    )
    cut = decode_events(scores[1:, :, :20], ["b"], encoder, [0.3, 0.6], [5, 4])
    padded = both[both.filename == "b"].reset_index(drop=True)
    pd.testing.assert_frame_equal(padded, cut)
    assert len(cut) and cut.offset.max() <= encoder.seconds(20)


def test_blocks_of_clips_join_without_a_seam():
    rng = np.random.default_rng(2)
    encoder = EventEncoder(LABELS)
    scores = rng.random((300, 2, 9), dtype=np.float32)
    ids = [f"{i}.wav" for i in range(300)]
    events = decode_events(scores, ids, encoder, [0.8, 0.2], 2)
    one = [
        decode_events(scores[i : i + 1], [ids[i]], encoder, [0.8, 0.2], 2)
        for i in (0, 127, 128, 299)
    ]
    chosen = events[events.filename.isin([ids[i] for i in (0, 127, 128, 299)])]
    assert chosen.to_numpy().tolist() == pd.concat(one).to_numpy().tolist()
    assert events.filename.drop_duplicates().tolist() == [
        name for name in ids if name in set(events.filename)
    ]


def test_the_inverse_of_encoding():
    encoder = EventEncoder(LABELS)
    rng = np.random.default_rng(3)
    frames = torch.from_numpy(rng.random((1, 2, encoder.n_frames)) > 0.5)
    events = decode_events(frames.float(), ["a"], encoder, 0.5, 1)
    expected = encoder.decode(frames[0])
    columns = ["onset", "offset", "event_label"]
    assert events[columns].to_numpy().tolist() == [list(e) for e in expected]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_tensors_of_any_precision(dtype):
    encoder = EventEncoder(LABELS, clip_seconds=0.256)
    scores = torch.tensor([[[0.75, 0.25, 0.25, 0.25]] * 2], dtype=dtype)
    events = decode_events(scores.requires_grad_(), ["a"], encoder, 0.5, 1)
    assert events.offset.tolist() == [0.064, 0.064]


@pytest.mark.parametrize("shape", [(0, 2, 5), (1, 2, 0), (1, 2, 5)])
def test_nothing_detected_is_an_empty_table(shape):
    events = decode_events(
        np.zeros(shape), ["a"][: shape[0]], EventEncoder(LABELS), 0.5, 3
    )
    assert events.empty
    numbers = ["onset", "offset", "threshold", "confidence"]
    assert set(events) == {"filename", "event_label", *numbers}
    assert set(events[numbers].dtypes) == {np.dtype(float)}


def test_a_nan_score_names_the_clip():
    scores = np.zeros((2, 2, 4))
    scores[1, 1, 2] = np.nan
    with pytest.raises(ValueError, match=r"'b.wav' has a NaN score \(Dog"):
        decode_events(scores, ["a.wav", "b.wav"], EventEncoder(LABELS), 0.5, 1)


@pytest.mark.parametrize(
    ("windows", "message"),
    [
        ([3] * 10, "10 median windows for 2 classes"),
        ([3, 0], "median window 0 of 'Dog'"),
        (2.5, "median window 2.5 of 'Cat'"),
        (True, "whole"),
        ("7", "whole"),
        ({"Cat": 3}, r"missing \['Dog'\]"),
        ({"Cat": 3, "Dog": 3, "Cow": 3}, r"unknown \['Cow'\]"),
    ],
)
def test_wrong_windows_are_named(windows, message):
    with pytest.raises(ValueError, match=message):
        resolve_median_windows(windows, LABELS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": np.zeros((2, 4))}, "clips, classes, frames"),
        ({"scores": np.zeros((2, 3, 4))}, "not fit 2 clips and 2 classes"),
        ({"clip_ids": ["a"]}, "not fit 1 clips"),
        ({"clip_ids": ["a", "a"]}, "'a' is given more than once"),
        ({"thresholds": []}, "one or more"),
        ({"thresholds": [0.5, 0.5]}, "different"),
        ({"thresholds": [float("nan")]}, "nan"),
        ({"valid_frames": [4]}, "each of 2 clips"),
        ({"valid_frames": [4, 5]}, "from 4 to 5"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    arguments = {
        "scores": np.zeros((2, 2, 4)),
        "clip_ids": ["a", "b"],
        "encoder": EventEncoder(LABELS),
        "thresholds": [0.5],
        "median_windows": 1,
    }
    with pytest.raises(ValueError, match=message):
        decode_events(**(arguments | change))


def test_fifty_thresholds_are_those_of_the_challenge():
    expected = [round(0.01 + 0.02 * i, 2) for i in range(50)]
    assert list(PSDS_THRESHOLDS) == expected
    with pytest.raises(ValueError, match="n_thresholds"):
        spaced_thresholds(0)
