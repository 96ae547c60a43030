import numpy as np
import pytest
import soundfile
import torch

from lgc_plugin.data.datasets import (
    make_dataset,
    make_eval_loader,
    make_train_loader,
)
from lgc_plugin.data.labels import EventEncoder
from lgc_plugin.data.manifest import ClipRow, write_manifest
from lgc_plugin.types import Event, LabelKind

ENCODER = EventEncoder(["Cat", "Dog"], clip_seconds=1.0)


def write_clips(folder, name, kind, count, seconds=1.0, rate=16000):
    """A manifest of clips whose samples are their own number / 100."""
    rows = []
    for i in range(count):
        file = folder / f"{name}{i}.wav"
        samples = np.full(round(seconds * rate), (i + 1) / 100)
        soundfile.write(file, samples, rate, subtype="FLOAT")
        events = (Event(0.1, 0.3, "Dog"),) if kind == LabelKind.STRONG else ()
        tags = ("Cat",) if kind == LabelKind.WEAK else ()
        rows.append(
            ClipRow(
                f"{name}{i}",
                seconds,
                f"$data_root/{file.name}",
                kind,
                events,
                tags,
            )
        )
    manifest = folder / f"{name}.csv"
    write_manifest(rows, manifest)
    return manifest


def dataset(
    folder, name="strong", kind=LabelKind.STRONG, count=4, crop=True, **options
):
    manifest = write_clips(folder, name, kind, count, **options)
    return make_dataset(manifest, ENCODER, folder, crop=crop)


def test_items_hold_what_the_manifest_says(tmp_path):
    item = dataset(tmp_path)[1]
    assert item["id"] == "strong1"
    assert item["wav"].shape == (16000,)
    torch.testing.assert_close(item["wav"][0].item(), 0.02)
    assert item["n_samples"] == 16000
    expected = ENCODER.encode([Event(0.1, 0.3, "Dog")])
    assert torch.equal(item["frame_labels"], expected)
    assert item["clip_labels"].tolist() == [0.0, 1.0]
    assert item["label_kind"] == LabelKind.STRONG


def test_short_clips_are_padded_and_long_ones_cut_for_training(tmp_path):
    short = dataset(tmp_path, "short", seconds=0.25)[0]
    assert short["wav"].shape == (16000,) and short["n_samples"] == 4000
    assert (short["wav"][4000:] == 0).all()
    (tmp_path / "b").mkdir()
    long = dataset(tmp_path / "b", "long", seconds=1.5)[0]
    assert long["wav"].shape == (16000,) and long["n_samples"] == 16000
    whole = make_dataset(
        tmp_path / "b" / "long.csv", ENCODER, tmp_path / "b", crop=False
    )[0]
    assert whole["wav"].shape == (24000,)


def test_another_rate_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match=r"slow0\.wav: sampled at 8000 Hz"):
        dataset(tmp_path, "slow", rate=8000)[0]


def train_loader(folder, seed=0, workers=0):
    subsets = {
        "strong": [dataset(folder, "s", LabelKind.STRONG, 6)],
        "weak": [
            dataset(folder, "w", LabelKind.WEAK, 2),
            dataset(folder, "v", LabelKind.WEAK, 3),
        ],
        "unlabelled": [dataset(folder, "u", LabelKind.NONE, 9)],
    }
    return make_train_loader(
        subsets,
        {"strong": 2, "weak": 1, "unlabelled": 3},
        seed,
        num_workers=workers,
    )


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_hold_the_shares_in_order(tmp_path, workers):
    loader = train_loader(tmp_path, workers=workers)
    assert len(loader) == 3  # 6 // 2 strong, 5 // 1 weak, 9 // 3 unlabelled
    batches = list(loader)
    assert len(batches) == 3
    for batch in batches:
        assert batch.label_kind.tolist() == [2, 2, 1, 0, 0, 0]
        assert [name[0] for name in batch.id][:2] == ["s", "s"]
        # Wave and labels belong to the clip of that name.
        for name, wav in zip(batch.id, batch.wav.data, strict=True):
            value = (int(name[1:]) + 1) / 100
            assert wav[0].item() == pytest.approx(value)
    seen = [name for batch in batches for name in batch.id]
    assert len(set(seen)) == len(seen)


def test_epochs_and_seeds_differ_and_repeat(tmp_path):
    loader = train_loader(tmp_path)

    def order(loader, epoch):
        loader.batch_sampler.set_epoch(epoch)
        return [batch.id for batch in loader]

    first = order(loader, 1)
    assert order(loader, 2) != first
    assert order(loader, 1) == first
    (tmp_path / "other").mkdir()
    assert order(train_loader(tmp_path / "other", seed=1), 1) != first


def test_loader_leaves_the_global_random_state_alone(tmp_path):
    loader = train_loader(tmp_path)
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    list(loader)
    assert torch.equal(torch.rand(3), expected)


def test_a_share_of_zero_leaves_a_set_out(tmp_path):
    subsets = {
        "strong": [dataset(tmp_path)],
        "weak": [],
        "unlabelled": [],
    }
    shares = {"strong": 2, "weak": 0, "unlabelled": 0}
    loader = make_train_loader(subsets, shares, seed=0)
    assert [len(batch) for batch in loader] == [2, 2]


def test_a_set_smaller_than_its_share_is_named(tmp_path):
    subsets = {"strong": [dataset(tmp_path)], "weak": [], "unlabelled": []}
    with pytest.raises(ValueError, match="strong training set has 4 clips"):
        make_train_loader(
            subsets, {"strong": 5, "weak": 0, "unlabelled": 0}, seed=0
        )


def test_evaluation_keeps_the_order_and_every_clip(tmp_path):
    loader = make_eval_loader([dataset(tmp_path, count=5)], 2)
    ids = [name for batch in loader for name in batch.id]
    assert ids == [f"strong{i}" for i in range(5)]
