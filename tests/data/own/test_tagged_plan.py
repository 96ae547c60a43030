"""Which recordings with tags alone are scored."""

from pathlib import Path

from lgc_plugin.data.own.classes import Classes
from lgc_plugin.data.own.options import DatasetOptions
from lgc_plugin.data.own.plan import plan_clips
from lgc_plugin.data.own.recordings import Recording
from lgc_plugin.data.own.sources import Source
from lgc_plugin.types import LabelKind

CLASSES = Classes(("robin", "wren"), {"robin": "robin", "wren": "wren"})


def recording(name, seconds, *tags):
    source = Source(name, Path(name), 8000, 1, 8000 * seconds, name)
    return Recording(source, name, tags=tags)


def plan(recordings, **options):
    return plan_clips(recordings, CLASSES, DatasetOptions(**options))


def test_recordings_that_are_scored_are_whole_and_short():
    long = [recording(f"long{i}", 601, "robin", "wren") for i in range(3)]
    assert set(x.set for x in plan(long).clips) == {"train_unlabeled"}
    short = [recording(f"short{i}", 600, "robin") for i in range(3)]
    made = plan([*long, *short])
    scored = [x for x in made.clips if x.set in ("valid_weak", "test")]
    assert len(scored) == 2 and set(made.splits.values()) == {
        "train",
        "valid",
        "test",
    }
    for clip in scored:
        assert clip.kind == LabelKind.WEAK and clip.span == (0, 600_000)
        assert clip.tags == ("robin",) and clip.unknown == ()
        assert clip.source.name.startswith("short")


def test_tags_of_groups_that_are_named_are_scored():
    three = [recording(f"r{i}", 5, "robin") for i in range(3)]
    untagged = Recording(three[0].source, "r0")
    made = plan([untagged, *three], valid_groups=("r0",), test_share=0)
    sets = [(x.set, x.source.name) for x in made.clips]
    assert sets == [
        ("train_weak", "r1"),
        ("train_weak", "r2"),
        ("valid_weak", "r0"),
    ]
    assert made.excluded == {"without events or tags, but in valid_weak": 5000}
