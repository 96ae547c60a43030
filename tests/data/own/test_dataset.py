"""From recordings and annotations to manifests that training reads."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from lgc_plugin.data.audio_files import read_clip
from lgc_plugin.data.manifest import read_manifest
from lgc_plugin.data.own.dataset import write_dataset
from lgc_plugin.data.own.options import DatasetOptions
from lgc_plugin.data.preparation import Preparation
from lgc_plugin.types import Event, LabelKind
from lgc_plugin.utils.yaml_files import read_yaml

RATE = 8000
HZ = {"low": 500, "high": 2000}
OPTIONS = DatasetOptions(clip_seconds=2.0)
ONLY_TRAIN = DatasetOptions(clip_seconds=2.0, valid_share=0, test_share=0)


def write_recording(path, events, seconds=11.0, rate=RATE, **how):
    """A tone for each event, over faint noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(path.name))
    wav = rng.normal(0, 1e-3, round(seconds * rate))
    time = np.arange(len(wav)) / rate
    for onset, offset, label in events:
        inside = (time >= onset) & (time < offset)
        wav += 0.3 * inside * np.sin(2 * np.pi * HZ[label] * time)
    soundfile.write(path, wav, rate, **how)


def events_of(number):
    return [
        Event(0.5 + 0.1 * number, 1.5 + 0.1 * number, "low"),
        Event(3.6, 4.4, "high"),
        Event(7.9, 8.3, "low"),
    ]


def write_track(path, events):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{a}\t{b}\t{c}\n" for a, b, c in events))


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """Six annotated recordings of two rates and formats, and two more."""
    folder = tmp_path_factory.mktemp("field")
    for number in range(6):
        rate, suffix = (RATE, "wav") if number % 2 else (2 * RATE, "flac")
        path = folder / f"in/site{number % 3}/r{number}.{suffix}"
        write_recording(path, events_of(number), rate=rate)
        write_track(folder / f"labels/r{number}.txt", events_of(number))
    write_recording(folder / "in/night.wav", [], seconds=5.0)
    (folder / "in/broken.flac").write_bytes(b"fLaC nothing")
    return folder


def make(field, out, options=OPTIONS, annotations=None, **more):
    return write_dataset(
        field / "in",
        [annotations or field / "labels"],
        out,
        options,
        progress=False,
        **{"n_jobs": 1, **more},
    )


@pytest.fixture(scope="module")
def made(field, tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "set"
    return make(field, out), out


def all_rows(out):
    return {
        path.stem: read_manifest(path, out)
        for path in sorted((out / "manifests").glob("*.csv"))
    }


def test_events_are_where_the_tones_are(made):
    _, out = made
    for name, rows in all_rows(out).items():
        for row in rows:
            wav = read_clip(row.wav, RATE) / 32768
            assert len(wav) / RATE == row.duration
            spectrum = np.abs(np.fft.rfft(wav.reshape(-1, 1)[:, 0]))
            for label, hertz in HZ.items():
                energy = spectrum[round(hertz * row.duration)]
                seconds = sum(
                    x.offset - x.onset for x in row.events if x.label == label
                )
                # A tone of amplitude 0.3 gives 0.15 for each of its samples.
                assert energy / (0.15 * RATE) == pytest.approx(
                    seconds, abs=0.15
                ), (name, row.id, label)


def test_every_event_is_whole_in_some_clip_and_scored_once(made):
    _, out = made
    rows = all_rows(out)
    found = {name: [] for name in rows}
    for name, clips in rows.items():
        for row in clips:
            stem, _, start = row.id.rpartition("_")
            for onset, offset, label in row.events:
                place = int(start) / 1000
                event = round(onset + place, 3), round(offset + place, 3), label
                found[name].append((stem[-2:], event))
    for number in range(6):
        for event in events_of(number):
            key = (
                f"r{number}",
                (round(event[0], 3), round(event[1], 3), event[2]),
            )
            sets = [name for name in found if key in found[name]]
            assert len(sets) == 1
            if sets != ["train_strong"]:
                assert found[sets[0]].count(key) == 1


def test_a_recording_is_in_one_split_and_every_class_in_all(made):
    _, out = made
    rows = all_rows(out)
    content = json.loads((out / "dataset.json").read_text())
    assert set(content["splits"]) == {"train", "valid", "test"}
    for name in ("train_strong", "valid_strong", "test"):
        classes = content["sets"][name]["classes"]
        assert all(classes[label]["events"] for label in HZ)
    heads = {
        name: {row.id.rpartition("_")[0] for row in found}
        for name, found in rows.items()
    }
    assert not heads["train_strong"] & heads["test"]
    assert not heads["train_unlabeled"] & (
        heads["test"] | heads["valid_strong"]
    )
    assert "night" in heads["train_unlabeled"]


def test_what_was_left_out_is_told(made):
    dataset, out = made
    notes = "\n".join(dataset.notes)
    assert "left out: broken.flac: cannot be decoded" in notes
    assert " s not annotated, of recordings in test" in notes
    assert "recordings of more than 8000 Hz" in notes
    content = json.loads((out / "dataset.json").read_text())
    assert content["missing"]["not_decoded"] == ["broken.flac"]
    assert content["notes"] == list(dataset.notes)


def test_training_reads_it_wherever_it_lies(made):
    _, out = made
    preparation = Preparation.load(out / "manifests")
    assert preparation.labels == ("high", "low")
    assert preparation.data_root.resolve() == out.resolve()
    settings = read_yaml(out / "settings.yaml")
    assert settings["labels"] == ["high", "low"]
    assert settings["sample_rate"] == RATE
    frame = settings["hop_length"] / RATE
    for in_time, _ in settings["pooling"]:
        frame *= in_time
    assert frame == 0.064
    assert settings["median_windows"] == {"high": 4, "low": 4}
    assert settings["batch_sizes"] == {"strong": 16, "weak": 0, "unlabeled": 32}


def test_the_same_input_gives_the_same_bytes(field, made, tmp_path):
    _, out = made
    make(field, tmp_path / "again", n_jobs=2)

    def content(root):
        files = sorted(path for path in root.rglob("*") if path.is_file())
        return {path.relative_to(root): path.read_bytes() for path in files}

    assert content(tmp_path / "again") == content(out)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_groups_and_copies_stay_together(field, tmp_path, subtype):
    """A copy may have another name, folder and format."""
    twin = field / "in/site0/r0.flac"
    copy = field / "in/site1/copy.wav"
    soundfile.write(copy, *soundfile.read(twin), subtype=subtype)
    try:
        options = DatasetOptions(
            clip_seconds=2.0,
            test_share=0.8,
            groups="folder",
            test_groups=("site2",),
            valid_share=0.0,
        )
        dataset = make(field, tmp_path / "out", options)
    finally:
        copy.unlink()
    assert "kept in one set: site0/r0.flac, site1/copy.wav" in "".join(
        dataset.notes
    )
    content = json.loads((tmp_path / "out/dataset.json").read_text())
    assert set(content["splits"]["test"]) == {"site2"}
    assert "site0" in content["splits"]["train"]
    assert content["splits"]["train"]["site0"][-1] == "site1/r4.flac"


def test_ranges_say_what_is_annotated_and_for_which_classes(field, tmp_path):
    (tmp_path / "ranges.tsv").write_text(
        "filename\tonset\toffset\tevent_labels\n"
        + "r0.wav\t0\t6\tlow, high\n"
        + "".join(f"r{i}.wav\t0\t6\t\n" for i in range(1, 5))
        + "r5.wav\t0\t4\tlow\nr5.wav\t6\t10\t\n"
    )
    options = DatasetOptions(
        clip_seconds=2.0,
        overlap=0,
        annotated=str(tmp_path / "ranges.tsv"),
        test_groups=("site0/r0.flac",),
        valid_groups=("site1/r1.wav",),
    )
    dataset = make(field, tmp_path / "out", options)
    rows = all_rows(tmp_path / "out")["train_strong"]
    partial = [row for row in rows if row.unknown]
    assert {row.id for row in partial} == {"site2__r5_0", "site2__r5_2000"}
    assert {row.unknown for row in partial} == {("high",)}
    assert not any("high" in row.tags for row in partial)
    assert dataset.sets["train_strong"].classes["high"].unknown == 2
    assert dataset.sets["test"].minutes == pytest.approx(0.1)


def test_whole_recordings_without_events_are_negatives(field, tmp_path):
    tracks = tmp_path / "labels.tsv"
    rows = [
        f"r{i}\t{a}\t{b}\t{c}\n" for i in range(6) for a, b, c in events_of(i)
    ]
    head = "filename\tonset\toffset\tevent_label\n"
    tracks.write_text(head + "".join(rows) + "night.wav\t\t\t\ngone\t\t\t\n")
    options = replace(ONLY_TRAIN, annotated="whole", overlap=0.5)
    dataset = make(field, tmp_path / "out", options, tracks)
    rows = all_rows(tmp_path / "out")
    night = [row for row in rows["train_strong"] if row.id[:5] == "night"]
    assert [row.duration for row in night] == [2.0] * 4
    assert "train_unlabeled" not in rows
    assert any("not there: 1, such as gone" in x for x in dataset.notes)


@pytest.mark.parametrize("partial", [False, True])
def test_tags_are_of_short_recordings(tmp_path, partial):
    for label in HZ:
        whole = [Event(0, 2, label)]
        write_recording(tmp_path / f"in/{label}/{label}1.wav", whole, 1.8)
        write_recording(tmp_path / f"in/{label}/{label}2.wav", whole, 4.0)
    options = replace(ONLY_TRAIN, tags="folders", tags_partial=partial)
    write_dataset(
        tmp_path / "in", [], tmp_path / "out", options, n_jobs=1, progress=False
    )
    rows = {
        row.id: row
        for found in all_rows(tmp_path / "out").values()
        for row in found
    }
    short, long = rows["high__high1_0"], rows["high__high2_2000"]
    assert short.label_kind == LabelKind.WEAK and short.tags == ("high",)
    assert short.unknown == (("low",) if partial else ())
    assert long.tags == ()
    kind = LabelKind.NONE if partial else LabelKind.WEAK
    assert long.label_kind == kind
    assert long.unknown == (() if partial else ("high",))


def test_weak_clips_are_trained_on_and_strong_ones_scored(tmp_path):
    for name in ("day", "dusk"):
        events = [Event(0.2, 1.0, "low"), Event(1.2, 1.8, "high")]
        write_recording(tmp_path / f"in/{name}.wav", events, 2.0)
        write_track(tmp_path / f"labels/{name}.txt", events)
    write_recording(tmp_path / "in/dawn.wav", [], 2.0)
    tags = tmp_path / "tags.tsv"
    tags.write_text("filename\tevent_labels\ndawn.wav\tlow\n")
    groups = {"valid_groups": ("day.wav",), "test_groups": ("dusk.wav",)}
    options = DatasetOptions(clip_seconds=2.0, tags=str(tags), **groups)
    make(tmp_path, tmp_path / "out", options)
    found = {name: len(x) for name, x in all_rows(tmp_path / "out").items()}
    assert found == {"train_weak": 1, "valid_strong": 1, "test": 1}


def test_times_in_ms_are_not_taken_for_seconds(field, tmp_path):
    for number in range(6):
        late = [(1000 * a, 1000 * b, c) for a, b, c in events_of(number)]
        write_track(tmp_path / f"labels/r{number}.txt", late)
    with pytest.raises(ValueError, match="18 of 18 events begin after the end"):
        make(field, tmp_path / "out", annotations=tmp_path / "labels")
    assert not (tmp_path / "out").exists()
