import pickle
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from lgc_plugin.data.batch_loaders import collate_clips
from lgc_plugin.data.datasets import clip_files, make_dataset
from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.data.manifest import read_manifest, write_manifest
from lgc_plugin.types import Event, LabelKind
from tiny_clips import ENCODER, write_clips


def dataset(folder, name="a", crop=True, encoder=ENCODER, **options):
    manifest = write_clips(folder, name, **options)
    return make_dataset(manifest, encoder, folder, crop=crop)


def test_items_hold_what_the_manifest_says(tmp_path):
    item = dataset(tmp_path, kind=LabelKind.STRONG)[1]
    assert item["id"] == "a1"
    assert item["wav"].dtype == torch.int16
    assert item["wav"].tolist() == [2] * 1600
    assert item["n_samples"] == 1600
    expected = ENCODER.encode([Event(0.01, 0.03, "Dog")])
    assert torch.equal(item["frame_labels"], expected)
    assert item["frame_labels"].dtype == torch.float32
    assert item["clip_labels"].tolist() == [0.0, 1.0]
    assert item["label_kind"] == LabelKind.STRONG


@pytest.mark.parametrize(
    ("kind", "clip_labels"),
    [(LabelKind.WEAK, [1.0, 0.0]), (LabelKind.NONE, [0.0, 0.0])],
)
def test_what_is_not_known_is_zero(tmp_path, kind, clip_labels):
    item = dataset(tmp_path, kind=kind)[0]
    assert item["clip_labels"].tolist() == clip_labels
    assert not item["frame_labels"].any()
    assert item["label_kind"] == kind


def test_labels_of_unknown_classes_are_nan(tmp_path):
    manifest = write_clips(tmp_path, "a", LabelKind.STRONG)
    rows = read_manifest(manifest)
    rows[1] = replace(rows[1], unknown=("Cat",))
    rows[2] = replace(rows[2], events=(), tags=(), unknown=("Cat", "Dog"))
    write_manifest(rows, manifest)
    items = make_dataset(manifest, ENCODER, tmp_path, crop=True)
    dog = ENCODER.encode(rows[0].events)[1]
    for number, n_unknown in enumerate([0, 1, 2, 0]):
        frames = items[number]["frame_labels"]
        tags = items[number]["clip_labels"]
        assert frames[:n_unknown].isnan().all()
        assert tags.tolist()[n_unknown:] == [0.0, 1.0][n_unknown:]
        if n_unknown < 2:
            assert torch.equal(frames[1], dog)
            assert tags.isnan().sum() == n_unknown
    with pytest.raises(ValueError, match="'a1': Cat may sound in it or not"):
        make_dataset(manifest, ENCODER, tmp_path, crop=False)


def test_short_clips_are_padded_and_long_ones_cut_for_training(tmp_path):
    short = dataset(tmp_path, "short", seconds=0.025)[0]
    assert short["wav"].tolist() == [1] * 400 + [0] * 1200
    assert short["n_samples"] == 400
    long = dataset(tmp_path, "long", seconds=0.15)[0]
    assert long["wav"].shape == (1600,) and long["n_samples"] == 1600
    whole = dataset(tmp_path, "whole", seconds=0.15, crop=False)[0]
    assert whole["wav"].shape == (2400,) and whole["n_samples"] == 2400


def test_another_rate_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match=r"slow0\.wav: sampled at 8000 Hz"):
        dataset(tmp_path, "slow", rate=8000)[0]


def test_an_unknown_label_is_named_with_its_clip(tmp_path):
    encoder = EventEncoder(["Cat"], clip_seconds=0.1)
    with pytest.raises(ValueError, match=r"a\.csv, clip 'a0': label 'Dog'"):
        dataset(tmp_path, encoder=encoder, kind=LabelKind.STRONG)


def test_a_manifest_without_clips_is_refused(tmp_path):
    write_manifest([], tmp_path / "empty.csv")
    with pytest.raises(ValueError, match=r"empty\.csv: no clips"):
        make_dataset(tmp_path / "empty.csv", ENCODER, tmp_path, crop=True)
    with pytest.raises(ValueError, match=r"empty\.csv: no clips"):
        clip_files(tmp_path / "empty.csv", ENCODER, tmp_path, crop=True)


def test_the_files_to_cache_are_those_of_the_manifest(tmp_path):
    manifest = write_clips(tmp_path, "a", seconds=0.15)
    cut = clip_files(manifest, ENCODER, tmp_path, crop=True)
    whole = clip_files(manifest, ENCODER, tmp_path, crop=False)
    assert [len(cut[i]) for i in range(len(cut))] == [1600] * 4
    assert len(whole[3]) == 2400 and whole[3][0] == 4
    assert cut.paths[2] == f"{tmp_path}/a2.wav"


def test_given_clips_are_used_and_never_written_to(tmp_path):
    manifest = write_clips(tmp_path, "a")
    clips = [np.full(1600, 10 * i, np.int16) for i in range(4)]
    items = make_dataset(manifest, ENCODER, tmp_path, crop=True, clips=clips)
    items[3]["wav"][:] = 0
    assert items[3]["wav"].tolist() == [30] * 1600


def test_an_augmented_label_does_not_stay(tmp_path):
    items = dataset(tmp_path, kind=LabelKind.STRONG)
    items[0]["frame_labels"][:] = 0
    items[0]["clip_labels"][:] = 0
    assert items[0]["frame_labels"].any() and items[0]["clip_labels"].any()


def test_workers_that_are_not_forked_can_have_it(tmp_path):
    items = dataset(tmp_path, kind=LabelKind.STRONG)
    copied = pickle.loads(pickle.dumps(items))
    assert torch.equal(copied[2]["wav"], items[2]["wav"])
    assert torch.equal(copied[2]["frame_labels"], items[2]["frame_labels"])


def test_speechbrains_tools_work_on_it(tmp_path):
    items = dataset(tmp_path)
    soundfile.write(tmp_path / "a1.wav", np.zeros(8), 16000)
    chosen = items.filtered_sorted(
        key_test={"n_samples": lambda n: n > 8}, sort_key="id", reverse=True
    )
    assert [item["id"] for item in chosen] == ["a3", "a2", "a0"]
    items.set_output_keys(["duration", "clip_labels"])
    assert items[0]["duration"] == 0.1


def test_embeddings_travel_with_their_clip(tmp_path):
    manifest = write_clips(tmp_path, "a")
    stored = [np.full((3, i + 1), i, np.float16) for i in range(4)]
    for each in stored:
        each.flags.writeable = False
    options = {"crop": True, "embeddings": stored}
    items = make_dataset(manifest, ENCODER, tmp_path, **options)
    items = pickle.loads(pickle.dumps(items))
    batch = collate_clips([items[2], items[1]])
    assert batch.embeddings.dtype == torch.float16
    expected = torch.tensor([[2.0] * 3, [1.0, 1.0, 0.0]])
    assert torch.equal(batch.embeddings[:, 1], expected.half())
    # Test sets have none, and held-out clips of the validation behind them.
    plain = make_dataset(manifest, ENCODER, tmp_path, crop=True)
    assert collate_clips([items[2], plain[1]]).embeddings is None
    items[2]["embeddings"][:] = 7  # what is stored stays as it is
    assert items[2]["embeddings"].amax() == 2


def test_embeddings_of_other_clips_are_refused(tmp_path):
    manifest = write_clips(tmp_path, "a")
    stored = [np.zeros((3, 1), np.float16)] * 3
    options = {"crop": True, "embeddings": stored}
    with pytest.raises(ValueError, match=r"a\.csv: 4 clips, but .* of 3: "):
        make_dataset(manifest, ENCODER, tmp_path, **options)
