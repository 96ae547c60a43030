"""Files that programs wrote, with facts found by other means."""

from __future__ import annotations

from pathlib import Path

import pytest

from lgc_plugin.data.annotations import ReadOptions, read_annotation_files
from lgc_plugin.types import Event

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
SAMPLES = DATA / "annotations"


def read(name, folder=SAMPLES, **options):
    path = folder / name
    if not path.exists():
        pytest.skip(f"no annotations in {path}")
    return read_annotation_files([path], ReadOptions(**options))


def test_audacity():
    read_all = read("audacity/canary_100.txt")
    (events,) = read_all.by_clip().values()
    assert len(events) == 77
    assert events[6] == Event(2.773, 2.8349814495, "SIL")
    with_frequencies = read("audacity/spinetail_with_frequencies.txt")
    assert len(with_frequencies.events) == 18
    row = with_frequencies.events.iloc[1]
    assert (row.onset, row.offset, row.event_label) == (
        0.506924, 3.041545, "CRER",
    )  # fmt: skip
    assert (row.low_freq, row.high_freq) == (2593.156006, 8866.920898)


def test_raven_folder():
    annotations = read("raven")
    counts = {x: len(y) for x, y in annotations.by_clip().items()}
    assert counts == {
        "Recording_1_Segment_01.wav": 0,
        "Recording_1_Segment_02.wav": 6,
        "Recording_1_Segment_03.wav": 44,
    }
    row = annotations.events.iloc[0]
    assert row.onset == 154.387792767 and row.high_freq == 4049.0
    assert set(annotations.events.channel) == {"1"}


@pytest.mark.parametrize("name", ["short_form", "utf16"])
def test_textgrids(name):
    annotations = read(f"textgrid/{name}.TextGrid")
    (events,) = annotations.by_clip().values()
    assert len(events) == 15
    assert events[0] == Event(0.06834975785384344, 0.08867687921858255, "ð")
    assert annotations.durations == {f"{name}.wav": 1.283265306122449}
    assert any("(point): 6" in note for note in annotations.notes)


def test_tiers_are_chosen():
    both = read("textgrid/multi_tier.TextGrid")
    one = read("textgrid/multi_tier.TextGrid", tiers=("Gloss",))
    assert len(one.events) < len(both.events)
    assert set(one.events.event_label) < set(both.events.event_label)
    with pytest.raises(ValueError, match="no tier 'gloss': there are 'Tones'"):
        read("textgrid/multi_tier.TextGrid", tiers=("gloss",))


def test_rttm():
    annotations = read("rttm/debug.rttm")
    assert annotations.filenames == ("dev00", "dev01")
    assert annotations.by_clip()["dev00"][0] == Event(1.44, 13.312, "MEE009")


def test_scaper():
    annotations = read("jams/soundscape.jams")
    assert annotations.by_clip() == {
        "soundscape.wav": [
            Event(2.0, 7.0, "siren"),
            Event(5.0, 5.687506, "car_horn"),
            # As it sounds: the source, 0.806 s, is stretched in time.
            Event(7.0, 7.9674830000000005, "human_voice"),
        ]
    }
    assert annotations.durations == {"soundscape.wav": 10.0}
    assert any("background" in note for note in annotations.notes)


def test_simple_csv():
    annotations = read("csv/onset_offset_label.csv")
    assert len(annotations.events) == 18
    assert "Soprano Pip, all echo?" in set(annotations.events.event_label)


def test_birdsong_is_what_the_table_says():
    xml = read("Annotation.xml", DATA / "bird0", sample_rate=32000)
    table = read("notes.tsv", DATA / "bird0")
    ours = [
        [(x.onset, x.offset, f"note_{x.label}") for x in events]
        for events in xml.by_clip().values()
    ]
    theirs = [
        [(x.onset, x.offset, x.label) for x in events]
        for events in table.by_clip().values()
    ]
    assert len(ours) == len(theirs) == 90
    for one, two in zip(sorted(ours), sorted(theirs), strict=True):
        # The table is rounded to a millisecond.
        assert [x[2] for x in one] == [x[2] for x in two]
        assert all(
            abs(a[0] - b[0]) < 6e-4 and abs(a[1] - b[1]) < 6e-4
            for a, b in zip(one, two, strict=True)
        )
    with pytest.raises(ValueError, match="samples.*add --audio or --sample"):
        read("Annotation.xml", DATA / "bird0")
