from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.f1 import intersection_f1
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.report.page.chosen_clips import (
    ClipResult,
    clip_results,
    largest_differences,
    worst_and_best,
)
from score_cases import case

COUNTS = st.builds(ClipResult, *[st.integers(0, 4)] * 3)
RESULTS = st.dictionaries(st.integers(0, 30).map(str), COUNTS, max_size=14)


@settings(max_examples=25)
@given(results=RESULTS, each=st.integers(1, 5))
def test_no_clip_that_is_left_out_is_worse_or_better(results, each):
    chosen = worst_and_best(results, each)
    names = [clip.name for clip in chosen]
    assert len(set(names)) == len(names)
    told = {name for name, counts in results.items() if any(counts)}
    assert set(names) <= told
    assert len(names) == min(2 * each, len(told))
    rest = [results[name].f1 for name in told - set(names)]
    for clip in chosen:
        f1 = results[clip.name].f1
        if clip.kind == "worst":
            assert all(f1 <= other for other in rest)
        else:
            assert all(f1 >= other for other in rest)


@settings(max_examples=25)
@given(first=RESULTS, second=RESULTS, each=st.integers(1, 4))
def test_differences_are_the_largest(first, second, each):
    chosen = largest_differences(first, second, ("A", "B"), each)
    gaps = {x: first[x].f1 - second[x].f1 for x in first.keys() & second}
    for name, sign in (("A", 1), ("B", -1)):
        shown = [x.name for x in chosen if x.kind == f"{name} ahead"]
        ahead = [gap * sign for gap in gaps.values() if gap * sign > 0]
        assert len(shown) == min(each, len(ahead))
        found = [gaps[clip] * sign for clip in shown]
        assert found == sorted(ahead, reverse=True)[: len(found)]


def test_the_result_of_a_clip_is_its_f1():
    frames, truth = case(3, profile="dcase")
    events = PostProcessing(3).operating_events(frames)
    results = clip_results(events, truth)
    assert set(results) == truth.clips - truth.left_out
    for clip, result in results.items():
        own = events[events.filename == clip][EVENT_COLUMNS]
        score = intersection_f1(own, truth.restrict([clip]))
        assert result.f1 == score.micro
