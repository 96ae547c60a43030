"""Manifests survive being written, and SpeechBrain reads them."""

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.data.manifest import (
    COLUMNS,
    ClipRow,
    format_events,
    format_tags,
    parse_events,
    parse_tags,
    read_manifest,
    write_manifest,
)
from lgc_plugin.types import Event, LabelKind

REAL_ID = "Y-0A1_JR5f34_16.000_26.000"

# Any text that people may name a file by, quotes and commas included.
names = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="$"),
    min_size=1,
    max_size=12,
).filter(lambda text: text == text.strip())
# As AudioSet's, and worse.
labels = st.one_of(
    names,
    st.text(":;,$Sa.", min_size=1, max_size=6),
    st.just("Male speech, man speaking"),
)
plain_labels = names.filter(lambda text: not set(text) & set(":;,"))
seconds = st.floats(0, 1e4)
events = st.builds(
    lambda edges, label: Event(*sorted(edges), label),
    st.tuples(seconds, seconds),
    labels,
)


@st.composite
def rows(draw):
    kind = draw(st.sampled_from(LabelKind))
    return ClipRow(
        id=draw(names),
        duration=draw(st.floats(1e-3, 1e4)),
        wav=draw(st.sampled_from(["", "/", "$data_root/"])) + draw(names),
        label_kind=kind,
        events=tuple(draw(st.lists(events, max_size=3)))
        if kind == LabelKind.STRONG
        else (),
        tags=tuple(draw(st.lists(labels, max_size=3)))
        if kind != LabelKind.NONE
        else (),
    )


def row(**changes):
    return ClipRow(
        **{
            "id": REAL_ID,
            "duration": 10.0,
            "wav": f"$data_root/audio/{REAL_ID}.wav",
            "label_kind": LabelKind.STRONG,
            "events": (Event(0.5, 2.0, "Dog"),),
            "tags": ("Dog",),
            **changes,
        }
    )


@given(st.lists(events, max_size=5))
def test_events_survive(some):
    assert parse_events(format_events(some)) == tuple(some)


@given(st.lists(labels, max_size=5))
def test_tags_survive(some):
    assert parse_tags(format_tags(some)) == tuple(some)


@given(st.lists(st.tuples(seconds, seconds, plain_labels), max_size=5))
def test_plain_labels_are_written_as_they_are(some):
    """So manifests of before are read, and read the same."""
    some = [Event(*sorted(edges), label) for *edges, label in some]
    text = ";".join(f"{a!r}:{b!r}:{label}" for a, b, label in some)
    assert format_events(some) == text
    assert parse_events(text) == tuple(some)
    tags = [event.label for event in some]
    assert format_tags(tags) == ";".join(tags)
    assert parse_tags(";".join(tags)) == tuple(tags)


@settings(max_examples=50)
@given(st.lists(rows(), max_size=5, unique_by=lambda row: row.id))
def test_rows_survive(tmp_path_factory, some):
    path = tmp_path_factory.mktemp("manifest") / "some.csv"
    write_manifest(some, path)
    assert read_manifest(path) == some


@settings(max_examples=50)
@given(st.lists(rows(), min_size=1, max_size=5, unique_by=lambda row: row.id))
def test_speechbrain_reads_the_same(tmp_path_factory, some):
    dataio = pytest.importorskip("speechbrain.dataio.dataio")
    path = tmp_path_factory.mktemp("manifest") / "some.csv"
    write_manifest(some, path)
    loaded = dataio.load_data_csv(path, {"data_root": "/data"})
    assert list(loaded) == [row.id for row in some]
    for expected in read_manifest(path, data_root="/data"):
        fields = loaded[expected.id]
        assert fields["wav"] == expected.wav
        assert fields["duration"] == expected.duration
        assert LabelKind.parse(fields["label_kind"]) is expected.label_kind
        assert parse_events(fields["events"]) == expected.events
        assert parse_tags(fields["tags"]) == expected.tags


def test_dynamic_item_dataset_keeps_id_and_finds_audio(tmp_path):
    dataset = pytest.importorskip("speechbrain.dataio.dataset")
    path = tmp_path / "some.csv"
    plain = row(
        id="a, b", wav="/else where/a, b.wav", label_kind=LabelKind.NONE,
        events=(), tags=(),
    )  # fmt: skip
    write_manifest([row(), plain], path)
    loaded = dataset.DynamicItemDataset.from_csv(
        path, replacements={"data_root": "/data$1"}
    )
    loaded.set_output_keys(["id", "wav", "events", "duration"])
    assert loaded[0] == {
        "id": REAL_ID,
        "wav": f"/data$1/audio/{REAL_ID}.wav",
        "events": "0.5:2.0:Dog",
        "duration": 10.0,
    }
    assert loaded[1]["id"] == "a, b"
    assert loaded[1]["wav"] == "/else where/a, b.wav"
    here = [clip.wav for clip in read_manifest(path, data_root="/data$1")]
    assert here == [loaded[0]["wav"], loaded[1]["wav"]]


@pytest.mark.parametrize("label", [" a", "a ", "", "a\tb", "a\x1b", "\udcff"])
def test_labels_that_cannot_be_written_are_refused(label):
    with pytest.raises(ValueError, match="label"):
        format_tags([label])
    with pytest.raises(ValueError, match="label"):
        format_events([Event(0.0, 1.0, label)])
    with pytest.raises(ValueError, match="label"):
        row(tags=(label,))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": ""}, "ID is ''"),
        ({"id": "a\nb"}, "cannot be printed"),
        ({"id": "a\udcff"}, "cannot be printed"),
        ({"duration": 0.0}, "duration is 0.0"),
        ({"duration": float("nan")}, "duration is nan"),
        ({"label_kind": LabelKind.WEAK}, "label_kind weak has events"),
        ({"label_kind": LabelKind.NONE, "events": ()}, "none has tags"),
        ({"events": (Event(2.0, 1.0, "Dog"),)}, "from 2.0 s to 1.0 s"),
        ({"events": (Event(0.0, float("inf"), "Dog"),)}, "inf"),
    ],
)
def test_impossible_rows_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        row(**changes)


@pytest.mark.parametrize("wav", ["a$b.wav", "$other/a.wav", "$data_root/$a"])
def test_dollar_in_a_file_name_is_refused_and_nothing_written(tmp_path, wav):
    with pytest.raises(ValueError, match=r"holds a \$"):
        write_manifest([row(wav=wav)], tmp_path / "some.csv")
    assert list(tmp_path.iterdir()) == []


def test_repeated_id_is_refused_and_the_old_file_kept(tmp_path):
    path = tmp_path / "some.csv"
    write_manifest([row()], path)
    with pytest.raises(ValueError, match=f"{REAL_ID}.*comes twice"):
        write_manifest([row(), row()], path)
    assert read_manifest(path) == [row()]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("duration", "ten", "duration is 'ten'"),
        ("label_kind", "strnog", "'strnog' is unknown"),
        ("events", "1:2", "event '1:2'"),
        ("events", "1:x:Dog", "offset is 'x'"),
        ("events", "2:1:Dog", "from 2.0 s to 1.0 s"),
        ("tags", "a:b", "a colon is written twice"),
        ("events", "1:2:Dog:big", "a colon is written twice"),
        ("wav", "", "wav is ''"),
        ("ID", "first", "ID 'first' comes twice"),
    ],
)
def test_errors_name_file_row_and_value(tmp_path, column, value, message):
    path = tmp_path / "some.csv"
    write_manifest([row(id="first"), row(id="second")], path)
    with open(path, newline="") as file:
        content = list(csv.DictReader(file))
    content[1][column] = value
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, content[0].keys())
        writer.writeheader()
        writer.writerows(content)
    with pytest.raises(ValueError) as error:
        read_manifest(path)
    assert str(error.value).startswith(f"{path}, row 3: ")
    assert message in str(error.value)


def test_truncated_or_foreign_files_are_refused(tmp_path):
    path = tmp_path / "some.csv"
    write_manifest([row()], path)
    path.write_text(path.read_text()[:-25])
    with pytest.raises(ValueError, match="row 2.*fields"):
        read_manifest(path)
    path.write_text("ID,duration\na,1\n")
    with pytest.raises(ValueError, match="no column events"):
        read_manifest(path)
    path.write_text("")
    with pytest.raises(ValueError, match="no column"):
        read_manifest(path)


def test_unknown_classes_are_a_column_where_there_are_some(tmp_path):
    path = tmp_path / "some.csv"
    rows = [row(id="first"), row(id="second", unknown=("a;b", "Fox"))]
    write_manifest(rows, path)
    assert path.read_text().startswith(",".join((*COLUMNS, "unknown")))
    assert read_manifest(path) == rows
    write_manifest(rows[:1], path)
    assert "unknown" not in path.read_text()
    assert read_manifest(path) == rows[:1]


def test_a_class_is_not_unknown_and_in_the_clip():
    with pytest.raises(ValueError, match="'Dog' is unknown and in the clip"):
        ClipRow("a", 1.0, "a", LabelKind.WEAK, tags=("Dog",), unknown=("Dog",))
    with pytest.raises(ValueError, match="none has unknown classes"):
        ClipRow("a", 1.0, "a", LabelKind.NONE, unknown=("Dog",))
