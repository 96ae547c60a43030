"""What of the annotation goes where, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from lgc_plugin.data.own.classes import Classes
from lgc_plugin.data.own.options import DatasetOptions
from lgc_plugin.data.own.plan import plan_clips
from lgc_plugin.data.own.ranges import Range
from lgc_plugin.data.own.recordings import Recording
from lgc_plugin.data.own.sources import Source
from lgc_plugin.types import Event

CLASSES = Classes(("a", "b"), {"a": "a", "b": "b"})


def recording(name, events, ranges, seconds=40):
    source = Source(name, Path(name), 1000, 1, 1000 * seconds, name)
    return Recording(source, name, tuple(map(Event._make, events)), ranges)


def plan(recordings, **options):
    return plan_clips(recordings, CLASSES, DatasetOptions(**options))


def test_events_that_no_border_spares_are_said():
    events = [(1, 7, "a"), (5, 12, "b"), (11, 17, "a"), (20, 21, "b")]
    recordings = [
        recording(f"r{i}", events, (Range(1000, 21000),)) for i in "xyz"
    ]
    notes = plan(recordings).notes
    for name in ("valid_strong", "test"):
        assert any(
            x.startswith(f"events of {name} that are cut, and scored as two")
            and ": 1: give longer" in x
            for x in notes
        )
    spaced = [(1, 7, "a"), (8, 12, "b"), (13, 17, "a")]
    recordings = [
        recording(f"r{i}", spaced, (Range(1000, 17000),)) for i in "xyz"
    ]
    assert not any("are cut" in x for x in plan(recordings).notes)


def test_events_at_the_border_of_a_part_are_said():
    events = [(1, 3, "a"), (8, 12, "a"), (20, 21, "b"), (31, 32, "b")]
    parts = (
        Range(0, 10_000),
        Range(10_000, 11_000),
        Range(30_000, 40_000, frozenset("a")),
    )
    found = plan(
        [recording("r", events, parts)], valid_share=0, test_share=0
    ).notes
    assert "events cut at the border of an annotated part: 1" in found
    assert "events outside of the annotated parts, not used: 1" in found
    assert "events in parts not annotated for their class, not used: 1" in found
    whole = [recording("r", [(0.0004, 9.9996, "a")], (Range(0, 9999),))]
    assert not any(
        x.startswith("events")
        for x in plan(whole, valid_share=0, test_share=0).notes
    )


@pytest.mark.parametrize("seed", range(3))
def test_only_events_that_can_be_scored_count_in_the_split(seed):
    useless = [(1, 2, "a"), (20, 21, "b"), (30, 31, "b")]
    parts = (Range(0, 10_000),)
    useful = [(1, 2, "a"), (5, 6, "b")]
    recordings = [recording(f"u{i}", useless, parts) for i in range(4)]
    recordings.append(recording("e", useful[:1], parts))
    recordings += [recording(f"r{i}", useful, parts) for i in range(3)]
    clips = plan(recordings, seed=seed).clips
    for name in ("train_strong", "valid_strong", "test"):
        tags = {tag for clip in clips if clip.set == name for tag in clip.tags}
        assert tags == {"a", "b"}, name
