"""The preparation of DESED, on real annotations and small audio."""

import logging
import shutil
from pathlib import Path

import pytest
import soundfile

from damaged_audio import claim_flac_length, cut, write_noise
from desed_sets import (
    CORE,
    PATHS,
    prepare,
    rows_of,
    write_desed,
    write_table,
    write_wav,
)
from lgc_plugin.types import Event


@pytest.fixture
def dataset(tmp_path):
    return write_desed(tmp_path / "dataset")


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


def test_a_share_of_0_leaves_a_set_out(dataset, caplog):
    shutil.rmtree(dataset / PATHS["train_unlabeled_audio"])
    (dataset / PATHS["train_weak_tsv"]).unlink()
    shares = {"strong": 3, "weak": 0, "unlabeled": 0}
    with pytest.raises(FileNotFoundError, match="a share of 0 in batch_sizes"):
        prepare(dataset)
    with caplog.at_level(logging.INFO):
        prepared = prepare(dataset, batch_sizes=shares)
    sets = {"train_strong", "valid_strong", "test"}
    assert set(prepared.manifests) == set(prepared.coverage) == sets
    said = "a share of 0 in batch_sizes: train_weak, train_unlabeled"
    assert caplog.text.count(said) == 1


def test_damaged_and_foreign_audio_is_left_out_with_the_reason(dataset):
    folder = dataset / PATHS["train_unlabeled_audio"]
    for i in range(3):
        (folder / f"{i}.wav").unlink()
        write_noise(folder / f"{i}.flac")
    cut(folder / "0.flac", 0.5)
    claim_flac_length(folder / "1.flac", 2**36 - 1)
    claim_flac_length(folder / "2.flac", 0)
    (folder / "._3.wav").write_bytes(b"junk")
    (folder / "memo.m4a").write_bytes(b"junk")
    write_noise(folder / "phone.mp3", rate=44100)
    prepared = prepare(dataset)
    coverage = prepared.coverage["train_unlabeled"]
    assert (coverage.found, coverage.expected) == (7, 10)
    assert set(coverage.missing) == {"0", "1", "memo"}
    assert "libsndfile does not read .m4a" in coverage.missing["memo"]
    rows = rows_of(prepared, "train_unlabeled")
    assert rows["2"].duration == 1.0
    assert rows["phone"].duration == pytest.approx(1.0, abs=0.1)


def test_without_held_out_clips(dataset):
    prepared = prepare(dataset, weak_validation_share=0)
    assert set(prepared.manifests) == CORE - {"valid_weak"}
    assert len(rows_of(prepared, "train_weak")) == 8


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
    assert "cannot be decoded" in coverage.missing["3"]
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


def test_labels_with_commas_are_given_where_weak_lists_have_some(dataset):
    label = "Speech, male"
    for path in (PATHS["train_weak_tsv"], PATHS["test_tsv"]):
        file = dataset / path
        file.write_text(file.read_text().replace("Cat", label))
    with pytest.raises(ValueError, match="'Speech, male' has a comma"):
        prepare(dataset)
    prepared = prepare(dataset, labels=["Cat", "Dog", "Rain", label])
    for row in rows_of(prepared, "train_weak").values():
        assert set(row.tags) == {"Dog", label}
    events = [y for x in rows_of(prepared, "test").values() for y in x.events]
    assert {event.label for event in events} == {"Dog", "Rain", label}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weak_validation_share": 1.0}, "weak_validation_share is 1.0"),
        ({"weak_validation_share": -0.1}, "at least 0 and below 1"),
        ({"labels": []}, "one or more different names"),
        ({"labels": ["Cat", "Cat"]}, "one or more different names"),
        ({"labels": ["Cat "]}, "nor begin or end"),
        ({"test_tsv": None}, "test_tsv is None: give a path"),
        ({"train_weak_audio": None}, "train_weak_audio is None"),
    ],
)
def test_wrong_options(dataset, options, message):
    with pytest.raises(ValueError, match=message):
        prepare(dataset, **options)
