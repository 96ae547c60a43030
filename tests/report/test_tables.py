"""Tables of scores and differences."""

from __future__ import annotations

import numpy as np
import pytest

from lgc_plugin.evaluation.bootstrap import compare, resample
from lgc_plugin.evaluation.metrics import (
    ALL_METRICS,
    count_scores,
    score_counts,
)
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.score import (
    Averages,
    Interval,
    Intervals,
    Score,
    SEDResult,
)
from lgc_plugin.report.tables import (
    difference_table,
    resamples_text,
    score_table,
)
from lgc_plugin.report.text import METRIC_NAMES, SHORT_NAMES
from score_cases import case

NAN = float("nan")


LABELS = ("Cat", "Electric_shaver_toothbrush")


def result(macro, **more):
    score = Score(macro, 0.25, {"Cat": macro, "Dog": NAN})
    return SEDResult({"intersection_f1": score, **more}, 962, 1168)


def everything(resamples=1000):
    """All metrics there are, with intervals."""
    scores = {}
    for name in METRIC_NAMES:
        bounds = Interval(0.1, 0.9)
        micro = None if name.startswith("psds") else 0.6
        classes = dict.fromkeys(LABELS, 0.5)
        known = Intervals(
            bounds, micro and bounds, dict.fromkeys(LABELS, bounds)
        )
        scores[name] = Score(0.4470624, micro, classes, intervals=known)
    return SEDResult(scores, 962, 1168, resamples)


@pytest.fixture
def lines():
    psds = Score(0.447, None, {"Cat": 0.4, "Dog": 0.5})
    table = score_table(
        {"student": result(0.5), "teacher": result(0.75, psds1=psds)}
    )
    return table.splitlines()


def test_systems_stand_side_by_side(lines):
    assert lines[0].split() == ["student", "teacher"]
    assert lines[1].split() == ["PSDS1", "-", "0.447"]
    assert lines[2].split() == [
        "intersection",
        "F1,",
        "macro",
        "0.500",
        "0.750",
    ]
    assert len({len(line) for line in lines[:5]}) == 1


def test_coverage_is_always_there(lines):
    assert lines[4].split() == ["coverage", "962/1168", "962/1168"]


def test_classes_follow_with_a_dash_for_nan(lines):
    teacher = lines[-4:]
    assert teacher[0].split() == ["inters."]
    assert teacher[1].split() == ["teacher", "F1", "PSDS1"]
    assert teacher[2].split() == ["Cat", "0.750", "0.400"]
    assert teacher[3].split() == ["Dog", "-", "0.500"]
    assert "nan" not in "\n".join(lines)


def test_nothing_is_told_of_intervals_without_any(lines):
    assert "[" not in "\n".join(lines) and "resamples" not in "\n".join(lines)


@pytest.mark.parametrize(("digits", "number"), [(3, "0.447"), (6, "0.447062")])
def test_intervals_stand_beside_the_averages(digits, number):
    table = score_table({"student": everything()}, digits=digits)
    averages, classes = table.split("\n\n")
    rows = averages.splitlines()
    assert rows[1].split(maxsplit=1)[1] == f"{number} [0.100, 0.900]"
    assert rows[-1] == "95 % intervals: 1000 resamples of the clips"
    assert "[" not in classes and "0.500" in classes
    # Each number of flat, the header, coverage, the meaning.
    assert len(rows) == len(everything().flat()) + 3


def test_everything_fits_a_terminal_of_100_columns():
    names = ("student", "teacher", "baseline")
    table = score_table({name: everything() for name in names})
    assert max(map(len, table.splitlines())) <= 100


def test_what_was_read_from_a_file_shows_the_same():
    class Read:
        """Like results.json: lists, and None for NaN."""

        @staticmethod
        def as_dict():
            content = everything().as_dict()
            content["intervals"]["psds1"] = [None, None]
            content["per_class"]["psds1"]["Cat"] = None
            return content

    lines = score_table({"student": Read()}).splitlines()
    assert lines[1].split() == ["PSDS1", "0.447"]
    assert lines[2].split()[-2:] == ["[0.100,", "0.900]"]


def test_systems_may_rest_on_other_resamples():
    assert resamples_text({"a": 0, "b": 0}) == ""
    assert resamples_text({"a": 10, "b": 20}) == (
        "95 % intervals: 10 (a), 20 (b) resamples of the clips"
    )


def test_every_metric_has_its_names():
    assert {*ALL_METRICS, "weak_f1"} == METRIC_NAMES.keys()
    assert METRIC_NAMES.keys() == SHORT_NAMES.keys()


def test_scores_of_a_system_are_all_shown():
    frames, truth = case()
    counts = count_scores(frames, truth, PostProcessing())
    n_clips = len(truth.durations)
    scores = score_counts(counts, n_clips, resamples=20)
    shown = SEDResult(scores, n_clips, n_clips, 20)
    averages = score_table({"a": shown}).split("\n\n")[0]
    for number, bounds in zip(
        shown.flat().values(), shown.flat_intervals().values(), strict=True
    ):
        expected = f"{number:.3f} [{bounds.low:.3f}, {bounds.high:.3f}]"
        assert expected in averages


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
            # An empty cell means that there was no tie.
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
