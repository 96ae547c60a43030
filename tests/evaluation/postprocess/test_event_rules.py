"""Hysteresis, closing, dropping and padding, against a slow loop."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import oracles
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing

LABELS = ("Cat", "Dog")
RULES = ("close_th", "len_th", "pad_before", "pad_after")
POINTS = (0.25, 0.5, 0.75)
# Few values: ties with thresholds are common.
LEVELS = [0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 1.0]


def frames_of(scores, edges, valid):
    """Frame scores of clips 0, 1 ...; edges in milliseconds."""
    clips = tuple(str(i) for i in range(len(scores)))
    return FrameScores(
        LABELS, clips, scores, np.array(valid, int), np.array(edges) / 1000
    )


@st.composite
def batches(draw):
    """Frame scores, and the rules of each class in milliseconds."""
    n_clips, n_frames = draw(st.integers(0, 3)), draw(st.integers(1, 16))
    shape = (n_clips, 2, n_frames)
    scores = draw(
        hnp.arrays(np.float32, shape, elements=st.sampled_from(LEVELS))
    )
    own = n_clips > 0 and draw(st.booleans())
    begins = [draw(st.integers(0, 99)) for _ in range(n_clips if own else 1)]
    edges = [[first + 64 * i for i in range(n_frames + 1)] for first in begins]
    valid = draw(st.tuples(*[st.integers(0, n_frames)] * n_clips))
    size = st.sampled_from([0, 0, 32, 64, 128, 200])
    rules = [{name: draw(size) for name in RULES} for _ in LABELS]
    frames = frames_of(scores, edges if own else edges[0], valid)
    return frames, rules


def options_of(rules):
    """Of the object: seconds by class."""
    return {
        name: {
            label: each[name] / 1000
            for label, each in zip(LABELS, rules, strict=True)
        }
        for name in RULES
    }


def expected_rows(frames, rules, events_of):
    """What the slow loop finds, with confidences of its own."""
    rows = []
    whole = np.round(frames.edges * 1000).astype(int)
    edges = np.broadcast_to(whole, (len(frames.clips), whole.shape[-1]))
    for clip, point, row in product(range(len(frames.clips)), POINTS, (0, 1)):
        size = frames.valid_frames[clip]
        own = edges[clip][: size + 1].tolist()
        scores = frames.scores[clip, row, :size].tolist()
        found = events_of(scores, own, point, row)
        for padded, core in oracles.ruled(found, own[0], own[-1], rules[row]):
            mean = oracles.mean_score(scores, own, core)
            event = clip, padded[0], padded[1], LABELS[row], point
            rows.append((*event, pytest.approx(mean, abs=1e-8)))
    return rows


def rows_of(table):
    milliseconds = (table[["onset", "offset"]] * 1000).round().astype(int)
    table = table.assign(**milliseconds, filename=table.filename.astype(int))
    return list(table.itertuples(index=False, name=None))


@settings(max_examples=40)
@given(batches(), st.sampled_from([None, 0.0, 0.25, 0.5]))
def test_events_are_those_of_a_slow_loop(batch, lower):
    frames, rules = batch
    found = PostProcessing(
        1, POINTS, deactivation_th=lower, **options_of(rules)
    ).all_events(frames)

    def runs(scores, edges, point, row):
        ratio = 1 if lower is None else lower / 0.5
        return oracles.held_runs(scores, edges, point, point * ratio)

    assert rows_of(found) == expected_rows(frames, rules, runs)


@settings(max_examples=40)
@given(batches(), st.sampled_from([100, 200, 640]))
def test_rules_are_for_boxes_too(batch, length):
    frames, rules = batch
    chosen = PostProcessing(
        1, POINTS, step_filter_length=length / 1000, **options_of(rules)
    )
    found = chosen.all_events(frames)

    def boxes(scores, edges, point, row):
        return [
            (round(1000 * onset), round(1000 * offset))
            for onset, offset, confidence in oracles.boxes(
                scores, edges, length, 0.15, 2.0
            )
            if np.float32(confidence) > point
        ]

    rows = rows_of(found)
    expected = expected_rows(frames, rules, boxes)
    assert [x[:-1] for x in rows] == [x[:-1] for x in expected]
    # A box of its own is as sure as the paper has it: a microsecond longer.
    for own, other in zip(rows, expected, strict=True):
        assert own[-1] == pytest.approx(other[-1].expected, abs=1e-4)
    if not any(any(each.values()) for each in rules):
        for point in POINTS:
            kept = chosen.candidates(frames)
            kept = kept[kept.confidence.astype(np.float32) > point]
            assert len(kept) == (found.threshold == point).sum()


def test_coded_events_are_those_of_the_table():
    rng = np.random.default_rng(0)
    scores = rng.uniform(size=(130, 2, 20)).astype(np.float32)
    frames = frames_of(scores, [64 * i for i in range(21)], [20] * 130)
    for options in (
        {},
        {"step_filter_length": 0.3, "close_th": 0.1},
        {"deactivation_th": 0.3, "len_th": 0.1},
    ):
        chosen = PostProcessing(3, POINTS, **options)
        table, coded = chosen.all_events(frames), chosen.coded_events
        for point, part in ((None, chosen.operating_events(frames)),) + tuple(
            table.groupby("threshold")
        ):
            known = coded(frames, None if point is None else [point])
            assert known.clip.tolist() == part.filename.astype(int).tolist()
            assert known.onset.tolist() == part.onset.tolist()
            assert known.offset.tolist() == part.offset.tolist()
            labels = np.array(LABELS)[known.label]
            assert labels.tolist() == part.event_label.tolist()
            assert known.shape == (130, 2, 1)
        assert (np.diff(coded(frames, POINTS).clip) >= 0).all()


def test_scores_without_end_make_means_without_end():
    scores = np.array([[[0.9, np.inf, 0.1, 0.9], [-np.inf] * 4]], np.float32)
    frames = frames_of(scores, [0, 1000, 2000, 3000, 4000], [4])
    found = PostProcessing().operating_events(frames)
    assert found.confidence.tolist() == [np.inf, pytest.approx(0.9)]


def test_what_is_not_a_box_has_no_candidates():
    frames = frames_of(np.zeros((1, 2, 1), np.float32), [0, 64], [1])
    with pytest.raises(ValueError, match="set step_filter_length"):
        PostProcessing().candidates(frames)
