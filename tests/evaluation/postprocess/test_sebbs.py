"""Bounding boxes, against a slow loop and those of the authors' package."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import oracles
from lgc_plugin.evaluation.postprocess.sebbs import sebbs
from lgc_plugin.evaluation.score_files import read_frame_scores

DATA = Path(__file__).resolve().parents[3].parent / "shared/data/sebbs"
# Few values: ties and plateaus are common.
LEVELS = [0.0, 0.25, 0.5, 0.75, 1.0]


@st.composite
def batches(draw):
    """Scores, edges in milliseconds, valid frames, filters, thresholds."""
    n_clips, n_frames = draw(st.integers(0, 3)), draw(st.integers(0, 9))
    shape = (n_clips, 2, n_frames)
    each = st.sampled_from(LEVELS)
    if draw(st.booleans()):
        each = st.floats(-1, 1, width=32, allow_subnormal=False)
    scores = draw(hnp.arrays(np.float32, shape, elements=each))
    size = st.sampled_from([20, 64, 64, 100])
    own = draw(st.booleans())
    rows = [
        np.cumsum([draw(st.integers(0, 50)), *(draw(size),) * n_frames])
        for _ in range(n_clips if own else 1)
    ]
    valid = draw(st.tuples(*[st.integers(0, n_frames)] * n_clips))
    length = st.sampled_from([40, 64, 128, 200, 320, 2000])
    lengths = draw(st.lists(length, min_size=1, max_size=2))
    # Not differences that scores have, which rounding decides.
    limits = draw(st.tuples(*[st.sampled_from([0.1, 0.3, 2.0])] * 2))
    ratios = draw(st.tuples(*[st.sampled_from([1.0, 1.7, 3.0])] * 2))
    return scores, np.array(rows), np.array(valid, int), lengths, limits, ratios


def listed(found):
    return list(zip(*(x.tolist() for x in found), strict=True))


@settings(max_examples=50)
@given(batches())
def test_boxes_are_those_found_one_by_one(batch):
    scores, edges, valid, lengths, limits, ratios = batch
    found = sebbs(
        scores,
        (edges if len(edges) == len(scores) else edges[0]) / 1000,
        valid,
        np.array(lengths) / 1000,
        np.array(limits),
        np.array(ratios),
    )
    expected = [
        (clip, row, *box)
        for clip, n_frames in enumerate(valid)
        for row in range(2)
        for box in oracles.boxes(
            scores[clip, row, :n_frames].tolist(),
            edges[clip % len(edges)][: n_frames + 1].tolist(),
            lengths[row % len(lengths)],
            limits[row],
            ratios[row],
        )
    ]
    assert [x[:4] for x in listed(found)] == [x[:4] for x in expected]
    np.testing.assert_allclose(
        found.confidence, [x[4] for x in expected], atol=1e-9, rtol=0
    )


@pytest.mark.skipif(
    not DATA.exists(), reason="no boxes of the authors' package"
)
def test_boxes_are_those_of_the_authors_package():
    frames = read_frame_scores(DATA / "scores")
    table = pd.read_csv(DATA / "boxes.tsv", sep="\t")
    order = ["clip", "event_label", "onset"]
    sizes = []
    for options, known in table.groupby(list(table)[:3]):
        found = sebbs(
            frames.scores, frames.edges, frames.valid_frames, *options
        )
        clips = [clip.removesuffix(".wav") for clip in frames.clips]
        ours = pd.DataFrame(found._asdict()).assign(
            clip=np.array(clips)[found.clip],
            event_label=np.array(frames.labels)[found.label],
        )
        ours, known = ours.sort_values(order), known.sort_values(order)
        assert ours[order[:2]].to_numpy().tolist() == (
            known[order[:2]].to_numpy().tolist()
        )
        numbers = ["onset", "offset", "confidence"]
        np.testing.assert_allclose(
            ours[numbers], known[numbers], atol=1e-6, rtol=0
        )
        sizes.append(len(known))
    assert sizes == [777, 487, 474, 336]


EDGES = np.arange(11) / 10


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.0] * 10, []),
        ([0.5] * 10, [(0.0, 1.0)]),
        ([0, 0, 0, 0.5, 0.5, 0.5, 0, 0, 0, 0], [(0.3, 0.6)]),
        ([0.5, 0.5, 0, 0, 0, 0, 0, 0, 0.5, 0.5], [(0.0, 0.2), (0.8, 1.0)]),
    ],
)
def test_boxes_of_steps_begin_and_end_with_them(scores, expected):
    found = sebbs(np.array([[scores]]), EDGES, np.array([10]), 0.2)
    # What is flat after a fall is a box too, of no confidence.
    loud = [x for x in listed(found) if x[4] > 0]
    assert [x[2:4] for x in loud] == expected
    assert all(x[4] == pytest.approx(0.5, rel=1e-4) for x in loud)


def test_one_frame_is_one_box():
    found = sebbs(np.array([[[0.5]]]), np.array([2.0, 3.0]), np.array([1]), 0.4)
    assert listed(found) == [(0, 0, 2.0, 3.0, pytest.approx(0.5, abs=1e-6))]


def test_a_class_that_was_not_scored_has_no_box():
    scores = np.full((1, 2, 10), 0.5)
    scores[0, 0] = -np.inf
    assert sebbs(scores, EDGES, np.array([10]), 0.2).label.tolist() == [1]
    scores[0, 0, 3] = 0.5
    with pytest.raises(ValueError, match="need finite scores"):
        sebbs(scores, EDGES, np.array([10]), 0.2)
