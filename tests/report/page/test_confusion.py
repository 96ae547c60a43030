import numpy as np
import pytest

from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.report.page.confusion import count_confusion
from score_cases import case


def shared(one, other):
    return max(0.0, min(one.offset, other.offset) - max(one.onset, other.onset))


def counted_slowly(events, truth):
    """Found events, false alarms and cross-triggers, one by one."""
    index = {label: i for i, label in enumerate(truth.labels)}
    size = len(index)
    found, alarms = np.zeros(size, int), np.zeros(size, int)
    crossed = np.zeros((size, size), int)
    seconds = dict(truth.durations.itertuples(index=False))
    for clip in seconds:
        own = list(events[events.filename == clip].itertuples())
        true = list(truth.events[truth.events.filename == clip].itertuples())
        right = []
        for event in own:
            length = event.offset - event.onset
            covered = {
                label: sum(
                    shared(event, x) for x in true if x.event_label == label
                )
                / length
                for label in index
            }
            if covered[event.event_label] >= 0.1:
                right.append(event)
                continue
            alarms[index[event.event_label]] += event.onset < seconds[clip]
            for label, share in covered.items():
                if label != event.event_label and share >= 0.3:
                    crossed[index[label], index[event.event_label]] += 1
        for event in true:
            covered = sum(
                shared(event, x)
                for x in right
                if x.event_label == event.event_label
            )
            length = event.offset - event.onset
            found[index[event.event_label]] += covered / length >= 0.1
    return found, alarms, crossed


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_single_events(seed):
    frames, truth = case(seed)
    events = PostProcessing(1, decision_threshold=0.4).operating_events(frames)
    counts = count_confusion(events, truth)
    found, alarms, crossed = counted_slowly(events, truth)
    assert counts.found.tolist() == found.tolist()
    assert counts.false_alarms.tolist() == alarms.tolist()
    assert counts.cross_triggers.tolist() == crossed.tolist()
    assert crossed.any() and found.any()
    labels = truth.events.event_label.tolist()
    assert counts.events.tolist() == [labels.count(x) for x in counts.labels]
