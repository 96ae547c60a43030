"""Windows join without seams, against a weighted mean of all of them."""

import tracemalloc

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.inference.windows import WindowJoiner, cut_windows
from oracles.windows import plan_windows
from strategies import seeds


@st.composite
def shapes(draw):
    """Window and hop in frames."""
    window = draw(st.integers(1, 24))
    return window, draw(st.integers(1, window))


def join(windows, window, hop, eager=False):
    """All frames of (C, n) windows; the last is finished or pushed."""
    joiner = WindowJoiner(len(windows[0]), window, hop)
    parts = [joiner.push(each) for each in windows[:-1]]
    if eager and windows[-1].shape[1] == window:
        parts += [joiner.push(windows[-1]), joiner.finish()]
    else:
        parts.append(joiner.finish(windows[-1]))
    return np.concatenate(parts, axis=1)


def random_windows(n_frames, window, hop, seed, n_labels=2):
    rng = np.random.default_rng(seed)
    return [
        rng.random((n_labels, min(window, n_frames - start)))
        for start in plan_windows(n_frames, window, hop)
    ]


def weighted_mean(windows, n_frames, window, hop):
    """Every window with a weight for each of its frames, all at once."""
    overlap = window - hop
    fade = min(overlap // 2, hop)
    margin = (overlap - fade) // 2
    ramp = [(i + 1) / (fade + 1) for i in range(fade)]
    flat = [1.0] * (hop - fade)
    shape = [0.0] * margin + ramp + flat + ramp[::-1]
    shape = np.array(shape + [0.0] * (window - len(shape)))
    total, weight = np.zeros((len(windows[0]), n_frames)), np.zeros(n_frames)
    for i, scores in enumerate(windows):
        own = shape.copy()
        if i == 0:
            own[: margin + fade] = 1.0
        if i == len(windows) - 1:
            own[hop + margin :] = 1.0
        own = own[: scores.shape[1]]
        place = slice(i * hop, i * hop + len(own))
        total[:, place] += own * scores
        weight[place] += own
    np.testing.assert_allclose(weight, 1.0)
    return total / weight


@given(shapes(), st.integers(1, 120), seeds, st.booleans())
def test_the_weighted_mean_of_all_windows(shape, n_frames, seed, eager):
    windows = random_windows(n_frames, *shape, seed)
    joined = join(windows, *shape, eager)
    expected = weighted_mean(windows, n_frames, *shape)
    np.testing.assert_allclose(joined, expected, atol=1e-12)


@given(
    shapes(),
    st.integers(1, 120),
    st.floats(0, 1, width=32),
    st.sampled_from([np.float32, np.float64]),
)
def test_constant_scores_stay_exactly_as_they_are(shape, n_frames, value, kind):
    windows = [
        np.full((1, min(shape[0], n_frames - start)), value, dtype=kind)
        for start in plan_windows(n_frames, *shape)
    ]
    joined = join(windows, *shape)
    assert joined.dtype == kind and joined.shape == (1, n_frames)
    assert (joined == kind(value)).all()


@given(shapes(), st.integers(1, 120), seeds)
def test_no_score_lies_outside_of_those_it_comes_from(shape, n_frames, seed):
    windows = [
        each.round().astype(np.float32)
        for each in random_windows(n_frames, *shape, seed)
    ]
    joined = join(windows, *shape)
    assert joined.min() >= 0.0 and joined.max() <= 1.0


@given(st.integers(1, 24), st.integers(1, 24), seeds)
def test_one_window_is_unchanged(window, valid, seed):
    valid = min(valid, window)
    scores = np.random.default_rng(seed).random((3, window), dtype=np.float32)
    joiner = WindowJoiner(3, window, max(window // 2, 1))
    np.testing.assert_array_equal(
        joiner.finish(scores[:, :valid]), scores[:, :valid]
    )


def context_scores(samples, window):
    """Frames that depend on all of their window and on where they are in it.

    Near the edges they are far from what they should be, as a network's.
    """
    padded = np.pad(samples, (0, window - len(samples)))
    place = np.minimum(np.arange(window), np.arange(window)[::-1])
    scores = padded + padded.mean() + 3.0 / (1 + place)
    return scores[None, : len(samples)].astype(np.float64)


def recording_scores(samples, window, hop):
    cuts = cut_windows([samples], window, hop)
    windows = [context_scores(cut, window) for cut in cuts]
    return join(windows, window, hop)


@given(shapes(), st.integers(1, 120), seeds)
def test_a_shift_by_a_whole_hop_shifts_the_scores(shape, extra, seed):
    window, hop = shape
    rng = np.random.default_rng(seed)
    samples = rng.random(window - hop + extra).astype(np.float32)
    shifted = np.concatenate([rng.random(hop).astype(np.float32), samples])
    joiner = WindowJoiner(1, window, hop)
    # Before that, what came earlier has a say.
    own = joiner.first_frame + joiner.fade_frames
    np.testing.assert_array_equal(
        recording_scores(shifted, window, hop)[:, hop + own :],
        recording_scores(samples, window, hop)[:, own:],
    )


@settings(max_examples=50)
@given(shapes(), st.integers(1, 120), st.lists(st.integers(0, 30)), seeds)
def test_a_stream_in_pieces_is_the_whole_recording(
    shape, n_frames, pieces, seed
):
    """Windows are pushed as they fill up; here one sample is one frame."""
    window, hop = shape
    samples = np.random.default_rng(seed).random(n_frames).astype(np.float32)
    blocks = np.split(samples, np.minimum(np.cumsum(pieces), n_frames))
    joiner = WindowJoiner(1, window, hop)
    parts, last = [], None
    for cut in cut_windows(blocks, window, hop):
        scores = context_scores(cut, window)
        if len(cut) == window:
            parts.append(joiner.push(scores))
        else:
            last = scores
    parts.append(joiner.finish(last))
    np.testing.assert_array_equal(
        np.concatenate(parts, axis=1), recording_scores(samples, window, hop)
    )


@given(shapes(), st.integers(2, 8))
def test_frames_are_final_when_they_are_said_to_be(shape, count):
    window, hop = shape
    joiner = WindowJoiner(1, window, hop)
    n_final = 0
    for i in range(count):
        n_final += joiner.push(np.zeros((1, window))).shape[1]
        seen = i * hop + window
        assert n_final == seen - (window - hop - joiner.first_frame)
        # The next frame is not out before the next window is complete.
        assert seen + hop - n_final == joiner.latency_frames
    assert joiner.latency_frames <= window


def test_edges_of_windows_are_not_used():
    """The paper's frames: 10 s in steps of 5 s, broken for 1.2 s."""
    clean = np.full((1, 156), 0.25)
    broken = clean.copy()
    broken[:, :19] = broken[:, -19:] = 1.0
    joined = join([broken] * 5, 156, 78)
    assert (joined[:, 19:-19] == 0.25).all()


def test_scores_are_copied():
    joiner = WindowJoiner(1, 4, 2)
    scores = np.zeros((1, 4), dtype=np.float32)
    first = joiner.push(scores)
    scores[:] = 9.0
    assert (first == 0).all() and (joiner.finish() == 0).all()


def test_memory_is_that_of_an_overlap():
    joiner = WindowJoiner(10, 156, 78)
    scores = np.zeros((10, 156), dtype=np.float32)
    joiner.push(scores)
    tracemalloc.start()
    for _ in range(2000):  # 2.8 hours
        joiner.push(scores)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 100_000 and peak < 150_000  # of 12 MB


def test_a_recording_without_sound_has_no_frame():
    assert WindowJoiner(3, 4, 2).finish().shape == (3, 0)
