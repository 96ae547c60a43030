"""The preparation of DESED, on real annotations and small audio."""

import json
import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

import desed_prepare as recipe
from lgc_plugin.data.manifest import read_manifest
from lgc_plugin.types import Event, LabelKind

METADATA = (
    Path(__file__).resolve().parents[2].parent
    / "shared"
    / "data"
    / "desed_metadata"
)
CORE = {
    "train_strong",
    "train_weak",
    "train_unlabeled",
    "valid_strong",
    "valid_weak",
    "test",
}
PATHS = recipe.DEFAULT_PATHS


def write_wav(path, seconds=0.05, rate=16000, subtype="PCM_16", channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.zeros((round(seconds * rate), channels))
    soundfile.write(path, samples, rate, subtype)


def write_table(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join("\t".join(row) + "\n" for row in rows))


def prepare(root, **options):
    return recipe.prepare_desed(
        root, root.parent / "out", n_jobs=1, progress=False, **options
    )


def rows_of(preparation, name):
    return {row.id: row for row in read_manifest(preparation.manifests[name])}


@pytest.fixture
def dataset(tmp_path):
    """A whole data set of eight clips a set and three classes."""
    root = tmp_path / "dataset"
    for name in ("train_strong", "valid_strong", "test"):
        clips = [f"{name}_{i}.wav" for i in range(8)]
        labels = ["Cat", "Dog", "Rain"] * 3
        write_table(
            root / PATHS[f"{name}_tsv"],
            ["filename", "onset", "offset", "event_label"],
            *([c, "0.01", "0.04", x] for c, x in zip(clips, labels)),  # noqa: B905
        )
        for clip in clips:
            write_wav(root / PATHS[f"{name}_audio"] / clip)
    weak = [f"weak_{i}.wav" for i in range(8)]
    write_table(
        root / PATHS["train_weak_tsv"],
        ["filename", "event_labels"],
        *([clip, "Cat,Dog"] for clip in weak),
    )
    for i, clip in enumerate(weak):
        write_wav(root / PATHS["train_weak_audio"] / clip)
        write_wav(root / PATHS["train_unlabeled_audio"] / f"{i}.wav")
    return root


@pytest.fixture
def real(tmp_path):
    """The real tables of validation and weak clips, and a part of the audio.

    The 60 validation clips are the last of the table: all 15 without events
    are among them.
    """
    if not METADATA.is_dir():
        pytest.skip(f"no annotations of the real DESED in {METADATA}")
    root = tmp_path / "dataset"
    for option, source in {
        "train_strong_tsv": "validation.tsv",
        "valid_strong_tsv": "validation.tsv",
        "test_tsv": "validation.tsv",
        "test_durations": "validation_durations.tsv",
        "train_weak_tsv": "weak.tsv",
    }.items():
        target = root / PATHS[option]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(METADATA / source, target)
    lines = (METADATA / "validation.tsv").read_text().splitlines()[1:]
    names = list(dict.fromkeys(line.split("\t")[0] for line in lines))
    for name in names[-60:]:
        write_wav(root / PATHS["test_audio"] / name, seconds=10.0, rate=1600)
    for option in ("train_strong_audio", "valid_strong_audio"):
        for name in names[:30]:
            write_wav(root / PATHS[option] / name, seconds=9.9)
    weak = (METADATA / "weak.tsv").read_text().splitlines()[1:]
    for i, line in enumerate(weak):
        if i < 100 or "Running_water,Running_water" in line:
            name = line.split("\t")[0]
            write_wav(root / PATHS["train_weak_audio"] / name)
    unlabeled = (METADATA / "unlabel_in_domain.tsv").read_text().split()
    for name in unlabeled[1:31]:
        path = root / PATHS["train_unlabeled_audio"] / name
        write_wav(path, rate=44100, subtype="FLOAT", channels=2)
    return root


def test_real_annotations(real, caplog):
    with caplog.at_level(logging.INFO):
        prepared = prepare(real)
    assert set(prepared.manifests) == CORE
    assert len(prepared.labels) == 10
    assert prepared.labels == tuple(sorted(prepared.labels))
    assert str(prepared.coverage["test"]) == "test 60/1168 clips found"
    weak = prepared.coverage["train_weak"], prepared.coverage["valid_weak"]
    assert [c.expected for c in weak] == [1420, 158]
    assert sum(c.found for c in weak) == 102
    assert prepared.coverage["train_unlabeled"].complete
    assert "test 60/1168 clips found, without Y00pbt6aJV8Y_350" in caplog.text

    test = rows_of(prepared, "test")
    silent = [row for row in test.values() if not row.events]
    assert len(test) == 60
    assert len(silent) == 15
    assert {row.label_kind for row in silent} == {LabelKind.STRONG}
    late = test["YWBJVzaSvSsg_150.000_160.000"]
    assert Event(9.865, 10.0, "Speech") in late.events
    assert "test: events cut at the end of their clip: 2" in caplog.text

    tags = {
        **rows_of(prepared, "train_weak"),
        **rows_of(prepared, "valid_weak"),
    }
    assert tags["Y8X4RhPRTYQk_220.000_230.000"].tags == ("Running_water",)
    assert tags["YAY7QlDwEAH8_0.000_6.000"].tags == ("Dishes", "Running_water")
    assert {row.label_kind for row in tags.values()} == {LabelKind.WEAK}

    unlabeled = rows_of(prepared, "train_unlabeled")
    row = unlabeled["Y-0A1_JR5f34_16.000_26.000"]
    folder = PATHS["train_unlabeled_audio"] + "_16k"
    assert row.wav == f"$data_root/{folder}/{row.id}.wav"
    assert (row.label_kind, row.tags) == (LabelKind.NONE, ())
    assert row.duration == 0.05
    for name, path in prepared.manifests.items():
        for row in read_manifest(path, prepared.data_root):
            info = soundfile.info(row.wav)
            assert (info.samplerate, info.channels) == (16000, 1), name
            assert row.duration == info.frames / 16000


def test_any_number_of_classes_and_ready_audio_in_place(dataset):
    prepared = prepare(dataset)
    assert set(prepared.manifests) == CORE
    assert prepared.labels == ("Cat", "Dog", "Rain")
    assert all(coverage.complete for coverage in prepared.coverage.values())
    row = rows_of(prepared, "train_strong")["train_strong_1"]
    audio = PATHS["train_strong_audio"]
    assert row.wav == f"$data_root/{audio}/train_strong_1.wav"
    assert row.events == (Event(0.01, 0.04, "Dog"),)
    assert row.tags == ("Dog",)
    assert not list(dataset.rglob("*_16k"))
    assert len(rows_of(prepared, "valid_weak")) == 1
    assert len(rows_of(prepared, "train_weak")) == 7


def test_speechbrain_loads_the_manifests(dataset):
    module = pytest.importorskip("speechbrain.dataio.dataset")
    prepared = prepare(dataset)
    for path in prepared.manifests.values():
        loaded = module.DynamicItemDataset.from_csv(
            path, replacements={"data_root": prepared.data_root}
        )
        loaded.set_output_keys(["id", "wav", "label_kind"])
        assert all(Path(item["wav"]).is_file() for item in loaded)


def test_held_out_clips_depend_on_seed_not_on_missing_audio(dataset):
    share = {"weak_validation_share": 0.5}
    first = set(rows_of(prepare(dataset, seed=1, **share), "valid_weak"))
    again = set(rows_of(prepare(dataset, seed=1, **share), "valid_weak"))
    other = set(rows_of(prepare(dataset, seed=2, **share), "valid_weak"))
    assert first == again != other
    gone = sorted(first)[0]
    (dataset / PATHS["train_weak_audio"] / f"{gone}.wav").unlink()
    fewer = prepare(dataset, seed=1, **share)
    assert set(rows_of(fewer, "valid_weak")) == first - {gone}
    assert fewer.coverage["valid_weak"].missing == {gone: "no such file"}
    assert fewer.coverage["train_weak"].complete


def test_without_held_out_clips(dataset):
    prepared = prepare(dataset, weak_validation_share=0)
    assert set(prepared.manifests) == CORE - {"valid_weak"}
    assert len(rows_of(prepared, "train_weak")) == 8


def test_a_second_run_does_nothing(dataset, caplog, monkeypatch):
    first = prepare(dataset)
    before = {
        path: path.stat().st_mtime_ns for path in dataset.parent.rglob("*.*")
    }
    monkeypatch.setattr(recipe, "write_manifest", None)
    with caplog.at_level(logging.INFO):
        assert prepare(dataset) == first
    assert "is up to date: nothing to prepare" in caplog.text
    assert "test 8/8 clips found" in caplog.text
    for path, modified in before.items():
        assert path.stat().st_mtime_ns == modified


def test_resampled_audio_does_not_trouble_the_second_run(dataset, caplog):
    for i in range(8):
        path = dataset / PATHS["train_unlabeled_audio"] / f"{i}.wav"
        write_wav(path, rate=44100)
    first = prepare(dataset)
    with caplog.at_level(logging.INFO):
        assert prepare(dataset) == first
    assert "is up to date" in caplog.text
    caplog.clear()
    (dataset / (PATHS["train_unlabeled_audio"] + "_16k") / "3.wav").unlink()
    with caplog.at_level(logging.INFO):
        assert prepare(dataset) == first
    assert "wrote 1 files of 16000 Hz" in caplog.text


def edit_annotation(dataset, prepared):
    path = dataset / PATHS["test_tsv"]
    path.write_text(path.read_text().replace("0.04", "0.03"))


def replace_audio(dataset, prepared):
    write_wav(dataset / PATHS["test_audio"] / "test_0.wav", seconds=0.045)


def touch_audio(dataset, prepared):
    os.utime(dataset / PATHS["test_audio"] / "test_0.wav", ns=(1, 1))


def remove_audio(dataset, prepared):
    (dataset / PATHS["test_audio"] / "test_0.wav").unlink()


def truncate_manifest(dataset, prepared):
    path = prepared.manifests["test"]
    path.write_text(path.read_text()[:-1])


def remove_manifest(dataset, prepared):
    prepared.manifests["valid_weak"].unlink()


def truncate_record(dataset, prepared):
    path = prepared.manifests["test"].with_name("prepared.json")
    path.write_text(path.read_text()[:-20])


@pytest.mark.parametrize(
    "change",
    [
        edit_annotation,
        replace_audio,
        touch_audio,
        remove_audio,
        truncate_manifest,
        remove_manifest,
        truncate_record,
    ],
)
def test_any_change_is_noticed(dataset, caplog, change):
    prepared = prepare(dataset)
    change(dataset, prepared)
    with caplog.at_level(logging.INFO):
        again = prepare(dataset)
    assert "is up to date" not in caplog.text
    test = rows_of(again, "test")
    if change is edit_annotation:
        assert test["test_0"].events == (Event(0.01, 0.03, "Cat"),)
    elif change is replace_audio:
        assert test["test_0"].duration == 0.045
    elif change is remove_audio:
        assert str(again.coverage["test"]) == "test 7/8 clips found"
    else:
        assert again == prepared
        assert len(rows_of(again, "valid_weak")) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"seed": 7},
        {"labels": ["Rain", "Dog", "Cat"]},
        {"weak_validation_share": 0.3},
        {"train_weak_audio": PATHS["train_weak_audio"] + "/"},
    ],
)
def test_any_option_is_noticed(dataset, caplog, options):
    prepare(dataset)
    with caplog.at_level(logging.INFO):
        prepared = prepare(dataset, **options)
    assert "is up to date" not in caplog.text
    assert prepared.labels == tuple(
        options.get("labels", ("Cat", "Dog", "Rain"))
    )


def test_moved_folders_need_no_preparation(dataset, tmp_path, caplog):
    prepared = prepare(dataset)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.move(dataset, moved / "dataset")
    shutil.move(tmp_path / "out", moved / "out")
    with caplog.at_level(logging.INFO):
        again = prepare(moved / "dataset")
    assert "is up to date" in caplog.text
    assert again.data_root == moved / "dataset"
    assert again.labels == prepared.labels
    rows = read_manifest(again.manifests["test"], again.data_root)
    assert all(Path(row.wav).is_file() for row in rows)


def test_skip_prep_reads_what_is_there(dataset):
    with pytest.raises(FileNotFoundError, match=r"prepared\.json"):
        prepare(dataset, skip_prep=True)
    prepared = prepare(dataset)
    edit_annotation(dataset, prepared)
    assert prepare(dataset, skip_prep=True) == prepared
    record = json.loads((dataset.parent / "out" / "prepared.json").read_text())
    assert record["labels"] == ["Cat", "Dog", "Rain"]


def test_an_interrupted_preparation_does_not_pass_for_one(dataset, monkeypatch):
    prepared = prepare(dataset)
    edit_annotation(dataset, prepared)

    def interrupt(rows, path):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recipe, "write_manifest", interrupt)
        with pytest.raises(KeyboardInterrupt):
            prepare(dataset)
    with pytest.raises(FileNotFoundError, match="not whole"):
        prepare(dataset, skip_prep=True)
    rows = rows_of(prepare(dataset), "test")
    assert rows["test_0"].events[0].offset == 0.03


def test_short_clips_cut_events_and_differ_from_the_table(dataset, caplog):
    clips = [f"test_{i}.wav" for i in range(8)]
    write_table(
        dataset / PATHS["test_durations"],
        ["filename", "duration"],
        *([clip, "0.06" if i else "10.0"] for i, clip in enumerate(clips)),
    )
    write_wav(dataset / PATHS["test_audio"] / "test_1.wav", seconds=0.03)
    write_wav(dataset / PATHS["test_audio"] / "test_2.wav", seconds=0.005)
    rows = rows_of(prepare(dataset), "test")
    assert rows["test_1"].events == (Event(0.01, 0.03, "Dog"),)
    assert rows["test_2"].events == rows["test_2"].tags == ()
    assert "cut at the end of their clip: 1" in caplog.text
    assert "left out since their clip ends before: 1" in caplog.text
    assert "1 of 8 clips are not as long as" in caplog.text
    assert "the first is test_0" in caplog.text


def test_overlapping_events_of_one_class_are_joined(dataset, caplog):
    with open(dataset / PATHS["test_tsv"], "a") as file:
        file.write("test_0.wav\t0.02\t0.05\tCat\n")
    rows = rows_of(prepare(dataset), "test")
    assert rows["test_0"].events == (Event(0.01, 0.05, "Cat"),)
    assert "overlapping event of their class: 1" in caplog.text


def test_labels_given_are_kept_in_order_and_enforced(dataset):
    path = dataset / PATHS["train_strong_tsv"]
    with pytest.raises(ValueError) as error:
        prepare(dataset, labels=["Dog", "Cat"])
    assert str(error.value).startswith(f"{path}, row 4 (")
    assert "'Rain' is not one of Dog, Cat" in str(error.value)
    more = ("Rain", "Dog", "Cat", "Wolf")
    assert prepare(dataset, labels=more).labels == more
    assert prepare(dataset, labels=iter(more)).labels == more


def test_broken_audio_counts_as_missing(dataset, caplog):
    path = dataset / PATHS["train_unlabeled_audio"] / "3.wav"
    path.write_text("not audio")
    coverage = prepare(dataset).coverage["train_unlabeled"]
    assert (coverage.found, coverage.expected) == (7, 8)
    assert "cannot read" in coverage.missing["3"]
    assert "train_unlabeled 7/8 clips found, without 3 (" in caplog.text


def test_set_without_any_audio_says_where_it_looked(dataset):
    folder = dataset / PATHS["test_audio"]
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(FileNotFoundError) as error:
        prepare(dataset)
    message = str(error.value)
    assert "test 0/8 clips found" in message
    assert str(folder) in message
    assert str(dataset / PATHS["test_tsv"]) in message
    assert "give test_audio or test_tsv" in message


def test_all_that_is_not_there_is_named_at_once(dataset):
    (dataset / PATHS["test_tsv"]).unlink()
    shutil.rmtree(dataset / PATHS["train_weak_audio"])
    with pytest.raises(FileNotFoundError) as error:
        prepare(dataset)
    assert f"test_tsv: no file {dataset}" in str(error.value)
    assert f"train_weak_audio: no folder {dataset}" in str(error.value)
    with pytest.raises(FileNotFoundError, match="data_folder .* not a folder"):
        prepare(dataset / "nowhere")


def test_optional_sets(dataset, caplog):
    prepared = prepare(dataset, public_eval=True)
    assert "eval_public" not in prepared.manifests
    assert "public evaluation set is left out: eval_public_tsv" in caplog.text
    with pytest.raises(FileNotFoundError, match="train_strong_real_tsv"):
        prepare(dataset, use_strong_real=True)
    for name in ("eval_public", "train_strong_real"):
        for kind in ("audio", "tsv"):
            target = dataset / PATHS[f"{name}_{kind}"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(dataset / PATHS[f"test_{kind}"])
    prepared = prepare(dataset, public_eval=True, use_strong_real=True)
    extra = {"eval_public", "train_strong_real"}
    assert set(prepared.manifests) == set(prepared.coverage) == CORE | extra
    assert len(rows_of(prepared, "eval_public")) == 8


def test_paths_can_be_given_absolute_or_relative(dataset, tmp_path):
    outside = tmp_path / "outside, with comma"
    shutil.move(dataset / PATHS["test_audio"], outside)
    shutil.move(dataset / "metadata" / "train", dataset / "meta")
    prepared = prepare(
        dataset,
        test_audio=outside,
        train_weak_tsv="meta/weak.tsv",
        train_strong_tsv="meta/synthetic21_train/soundscapes.tsv",
    )
    row = rows_of(prepared, "test")["test_0"]
    assert row.wav == str(outside / "test_0.wav")
    with pytest.raises(ValueError, match="unknown option test_wav: the paths"):
        prepare(dataset, test_wav="x")


def test_resampled_folder(dataset, tmp_path):
    for i in range(8):
        path = dataset / PATHS["test_audio"] / f"test_{i}.wav"
        write_wav(path, rate=44100, subtype="FLOAT", channels=2)
    copies = tmp_path / "copies"
    prepared = prepare(dataset, resampled_folder=copies)
    row = rows_of(prepared, "test")["test_0"]
    expected = copies / (PATHS["test_audio"] + "_16k") / "test_0.wav"
    assert row.wav == str(expected)
    assert soundfile.info(expected).samplerate == 16000
    assert not list(dataset.rglob("*_16k"))


def test_unlabeled_clips_may_be_listed(dataset):
    write_table(dataset / "some.tsv", ["filename"], ["1.wav"], ["x.wav"])
    prepared = prepare(dataset, train_unlabeled_tsv="some.tsv")
    assert list(rows_of(prepared, "train_unlabeled")) == ["1"]
    coverage = prepared.coverage["train_unlabeled"]
    assert coverage.missing == {"x": "no such file"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weak_validation_share": 1.0}, "weak_validation_share is 1.0"),
        ({"weak_validation_share": -0.1}, "at least 0 and below 1"),
        ({"labels": []}, "one or more different names"),
        ({"labels": ["Cat", "Cat"]}, "one or more different names"),
        ({"labels": ["Cat,Dog"]}, "separators"),
        ({"test_tsv": None}, "test_tsv is None: give a path"),
        ({"train_weak_audio": None}, "train_weak_audio is None"),
    ],
)
def test_wrong_options(dataset, options, message):
    with pytest.raises(ValueError, match=message):
        prepare(dataset, **options)
