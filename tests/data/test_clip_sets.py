"""From annotation and audio to manifest rows, for each kind of label."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.clip_sets import (
    ClipSet,
    clip_rows,
    compare_durations,
    hold_out,
    read_known,
)
from lgc_plugin.data.manifest import ClipRow
from lgc_plugin.data.ready_audio import AudioFolders, ReadyAudio
from lgc_plugin.types import Event, LabelKind


@pytest.fixture
def make(tmp_path):
    def make(kind, table=None, **known):
        folders = AudioFolders(
            tmp_path / "set", tmp_path / "set_16k", tmp_path / "copies"
        )
        tsv = None
        if table is not None:
            tsv = tmp_path / "set.tsv"
            tsv.write_text(table)
        return ClipSet("set", kind, folders, tsv, known=known)

    return make


def test_known_of_each_kind(make):
    strong = "filename\tonset\toffset\tevent_label\na.wav\t0\t1\tCat\nb.wav\n"
    assert read_known(make(LabelKind.STRONG, strong)) == {
        "a": [Event(0, 1, "Cat")],
        "b": [],
    }
    weak = "filename\tevent_labels\na.wav\tDog,Cat\n"
    assert read_known(make(LabelKind.WEAK, weak)) == {"a": ("Dog", "Cat")}
    listed = "filename\na.wav\nb.flac\n"
    assert read_known(make(LabelKind.NONE, listed)) == {"a": (), "b": ()}
    folders = make(LabelKind.NONE).folders
    for folder, name in ((folders.original, "a"), (folders.twin, "b")):
        folder.mkdir()
        (folder / f"{name}.wav").write_bytes(b"")
    assert read_known(make(LabelKind.NONE)) == {"a": (), "b": ()}


def test_two_names_of_one_clip_are_refused(make):
    clip_set = make(LabelKind.NONE, "filename\na.wav\na.flac\n")
    with pytest.raises(ValueError, match="'a.flac' .* same clip 'a'"):
        read_known(clip_set)


def test_rows_of_each_kind(make, tmp_path):
    audio = ReadyAudio({"a": (tmp_path / "set" / "a.wav", 2.0)})
    wav = "$data_root/set/a.wav"
    events = (Event(0.0, 1.0, "Dog"), Event(0.5, 3.0, "Cat"))
    strong = make(LabelKind.STRONG, a=events, b=events)
    assert strong.labels() == {"Cat", "Dog"}
    assert clip_rows(strong, audio, tmp_path) == [
        ClipRow(
            "a",
            2.0,
            wav,
            LabelKind.STRONG,
            (Event(0.0, 1.0, "Dog"), Event(0.5, 2.0, "Cat")),
            ("Cat", "Dog"),
        )
    ]
    weak = make(LabelKind.WEAK, a=("Dog",))
    assert weak.labels() == {"Dog"}
    assert clip_rows(weak, audio, tmp_path) == [
        ClipRow("a", 2.0, wav, LabelKind.WEAK, tags=("Dog",))
    ]
    unlabeled = make(LabelKind.NONE, a=())
    assert unlabeled.labels() == set()
    assert clip_rows(unlabeled, audio, tmp_path / "other") == [
        ClipRow("a", 2.0, str(tmp_path / "set" / "a.wav"), LabelKind.NONE)
    ]


def test_durations_are_compared(make, tmp_path, caplog):
    clip_set = make(LabelKind.NONE, a=(), b=(), c=())
    table = tmp_path / "durations.tsv"
    clip_set = ClipSet("set", clip_set.kind, clip_set.folders, durations=table)
    audio = ReadyAudio({name: (tmp_path, 9.9) for name in "abc"})
    assert compare_durations(clip_set, audio) == 0
    table.write_text("filename\tduration\na.wav\t10.0\nb.wav\t9.95\n")
    assert compare_durations(clip_set, audio) == 0
    table.write_text("filename\tduration\na.wav\t9.9\nb.wav\t10.1\n")
    assert compare_durations(clip_set, audio) == 1
    assert "1 of 3 clips are not as long" in caplog.text


@given(
    st.sets(st.text(max_size=3), min_size=2, max_size=40),
    st.floats(0.01, 0.99),
    st.integers(0, 2**32 - 1),
)
def test_split_is_a_partition_of_the_size_asked_for(names, share, seed):
    known = {name: (name,) for name in names}
    clip_set = ClipSet("set", LabelKind.WEAK, None, known=known)
    parts = hold_out(clip_set, "drawn", share, seed)
    rest, drawn = (part.known for part in parts)
    assert [part.name for part in parts] == ["set", "drawn"]
    assert {**drawn, **rest} == known
    assert not drawn.keys() & rest.keys()
    assert len(drawn) == max(1, round(share * len(names)))
    backwards = ClipSet(
        "set",
        LabelKind.WEAK,
        None,
        known=dict(reversed(list(known.items()))),
    )
    assert hold_out(backwards, "drawn", share, seed) == parts
