"""The table of two systems and their difference."""

import numpy as np
import pytest

from lgc_plugin.evaluation.bootstrap import compare, resample
from lgc_plugin.evaluation.metrics import count_scores
from lgc_plugin.evaluation.post_processing import PostProcessing
from lgc_plugin.evaluation.score import Averages, Score
from lgc_plugin.report.tables import difference_table
from score_cases import case

METRICS = ("psds1", "event_f1")


def system(threshold):
    """Scores of one operating threshold, and 30 resamples of them."""
    frames, truth = case()
    post_processing = PostProcessing(decision_threshold=threshold)
    counts = count_scores(frames, truth, post_processing, METRICS)
    scores = {name: each.score() for name, each in counts.items()}
    return scores, resample(counts, len(truth.durations), resamples=30)


def differences(first, second):
    (scores, drawn), (other, against) = first, second
    return {
        name: compare(scores[name], other[name], drawn[name], against[name])
        for name in METRICS
    }


def flat(score, *drawn):
    """A class alone, with its resamples."""
    resamples = np.array(drawn)
    return (
        Score(score, None, {"Cat": score, "Dog": np.nan}),
        Averages(
            resamples,
            None,
            np.stack([resamples, np.full(len(drawn), np.nan)], axis=1),
        ),
    )


def table_of(first, second, **options):
    (score, drawn), (other, against) = first, second
    return difference_table(
        {"psds1": compare(score, other, drawn, against)},
        {"psds1": score},
        {"psds1": other},
        **options,
    )


def test_every_number_is_there_with_its_interval_and_wins():
    first, second = system(0.5), system(0.6)
    gaps = differences(first, second)
    table = difference_table(gaps, first[0], second[0], ("new", "old"))
    averages, *blocks, notes = table.split("\n\n")
    header, *rows = averages.splitlines()
    assert header.split()[:3] == ["new", "old", "difference"]
    micro = [scores["event_f1"].micro for scores in (first[0], second[0])]
    assert rows[2].startswith("event F1, micro")
    shown = [float(x) for x in rows[2].split()[3:6]]
    assert shown == pytest.approx([*micro, micro[0] - micro[1]], abs=0.00051)
    for block, name in zip(blocks, METRICS, strict=True):
        rows = {row.split()[0]: row for row in block.splitlines()[1:]}
        gap = gaps[name]
        assert rows.keys() == gap.score.per_class.keys()
        for label, row in rows.items():
            bounds = gap.score.intervals.per_class[label]
            numbers = [
                first[0][name].per_class[label],
                second[0][name].per_class[label],
                gap.score.per_class[label],
                *bounds,
                100 * gap.wins.per_class[label],
                100 * gap.ties.per_class[label],
            ]
            for sign in "[],%*":
                row = row.replace(sign, " ")
            shown = [float(x) for x in row.split()[1:]]
            # An empty cell says that there was no tie.
            shown += [0.0] * (len(numbers) - len(shown))
            assert shown == pytest.approx(numbers, abs=0.051)
            assert shown[:5] == pytest.approx(numbers[:5], abs=0.00051)
    assert notes.startswith("difference: new minus old")


def test_a_system_against_itself_is_exactly_0():
    same = system(0.5)
    table = difference_table(differences(same, same), same[0], same[0])
    rows = [row for row in table.splitlines() if "[" in row]
    assert len(rows) == 3 + 2 * 3
    for row in rows:
        assert " 0.000    [ 0.000,  0.000]" in row
        assert row.split()[-4:] == ["0.0", "%", "100.0", "%"]
    assert "*" not in table and "resamples" not in table


@pytest.mark.parametrize(
    ("gaps", "marked"),
    [
        ((0.1, 0.2, 0.3), True),
        ((-0.3, -0.2, -0.1), True),
        ((-0.1, 0.2, 0.3), False),
        ((0.0, 0.0, 0.3), False),
    ],
)
def test_a_mark_where_the_interval_does_not_hold_0(gaps, marked):
    zero = flat(0.0, 0.0, 0.0, 0.0)
    table = table_of(flat(np.median(gaps), *gaps), zero)
    row = table.splitlines()[1]
    assert ("*" in row) == marked
    assert ("does not hold 0" in table) == marked


def test_ties_have_a_column_only_if_there_are_any():
    zero = flat(0.0, 0.0, 0.0)
    assert "ties" not in table_of(flat(0.1, 0.1, 0.2), zero)
    assert "ties" in table_of(flat(0.1, 0.0, 0.2), zero)


def test_an_absent_class_has_dashes():
    table = table_of(flat(0.1, 0.1), flat(0.0, 0.0), resamples=7)
    dog = next(x for x in table.splitlines() if x.startswith("Dog"))
    assert dog.split() == ["Dog"] + ["-"] * 5
    assert table.endswith("95 % intervals: 7 resamples of the clips")


def test_a_missing_metric_is_told():
    first, second = flat(0.1, 0.1), flat(0.0, 0.0)
    gap = compare(first[0], second[0], first[1], second[1])
    with pytest.raises(ValueError, match="B has no score 'psds1'"):
        difference_table({"psds1": gap}, {"psds1": first[0]}, {})
