from dataclasses import replace

import pytest
import torch
from speechbrain.utils.run_opts import RunOptions

from lgc_plugin.data import loaders as module
from lgc_plugin.data.loaders import (
    loader_options,
    make_loaders,
    workers_within_cores,
)
from lgc_plugin.data.packed_clips import ClipFiles
from lgc_plugin.data.preparation import Preparation
from lgc_plugin.types import LabelKind
from tiny_clips import ENCODER, write_clips
from tiny_encoder import TinyEncoder

SHARES = {"strong": 2, "weak": 2, "unlabeled": 4}
SETS = {
    "train_strong": (LabelKind.STRONG, 8),
    "train_weak": (LabelKind.WEAK, 6),
    "train_unlabeled": (LabelKind.NONE, 17),
    "valid_strong": (LabelKind.STRONG, 3),
    "valid_weak": (LabelKind.WEAK, 2),
    "test": (LabelKind.STRONG, 4),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    manifests = {
        # From set to set shorter or longer than the 0.1 s of training.
        name: write_clips(folder, name, kind, count, seconds=0.1 + 0.02 * i)
        for i, (name, (kind, count)) in enumerate(SETS.items(), start=-2)
    }
    return Preparation(manifests, ENCODER.labels, folder, {})


def make(data, **options):
    settings = {"batch_sizes": SHARES, "eval_batch_size": 4, "seed": 0}
    return make_loaders(
        data, ENCODER, **{**settings, "progress": False, **options}
    )


def ids(loader):
    return [name for batch in loader for name in batch.ids]


def names(*sets):
    return [f"{name}{i}" for name in sets for i in range(SETS[name][1])]


def test_each_loader_reads_its_sets(data):
    loaders = make(data)
    assert set(loaders) == {"train", "prototypes", "valid", "test"}
    assert len(loaders["train"]) == 3
    assert ids(loaders["valid"]) == names("valid_strong", "valid_weak")
    assert ids(loaders["test"]) == names("test", "valid_weak")
    training = names("train_strong", "train_unlabeled", "train_weak")
    assert ids(loaders["prototypes"]) == training
    assert set(ids(loaders["train"])) <= set(training)


@pytest.mark.parametrize("workers", [0, 2])
def test_caches_make_no_difference(data, tmp_path, workers):
    def everything(cache):
        loaders = make(
            data,
            data_cache=cache,
            cache_folder=tmp_path,
            num_workers=workers,
        )
        return [batch for name in sorted(loaders) for batch in loaders[name]]

    plain = everything("none")
    assert any((b.n_samples < b.wavs.shape[1]).any() for b in plain)
    assert any(b.wavs.shape[1] > ENCODER.n_samples for b in plain)
    for cache in ("disk", "memory"):
        for expected, batch in zip(plain, everything(cache), strict=True):
            assert batch.ids == expected.ids
            assert batch.wavs.dtype == torch.int16
            for key, value in expected._tensors().items():
                assert torch.equal(getattr(batch, key), value), key


def test_what_is_read_again_is_decoded_once(data, monkeypatch):
    decoded = []
    read = ClipFiles.__getitem__
    monkeypatch.setattr(
        ClipFiles,
        "__getitem__",
        lambda self, i: decoded.append(self.paths[i]) or read(self, i),
    )
    shares = {**SHARES, "unlabeled": 0}
    loaders = make(data, data_cache="memory", batch_sizes=shares)
    assert len(decoded) == 8 + 6 + 3 + 2
    decoded.clear()
    for name in ("train", "valid"):
        list(loaders[name])
    assert decoded == []
    list(loaders["test"])  # its own four clips; the two weak ones are there
    assert len(decoded) == 4
    list(loaders["prototypes"])  # the training set in use
    assert len(decoded) == 4


@pytest.mark.parametrize(
    ("unused", "left_out"),
    [
        (["unlabeled"], ["train_unlabeled"]),
        (["weak"], ["train_weak", "valid_weak"]),
        (
            ["weak", "unlabeled"],
            ["train_weak", "valid_weak", "train_unlabeled"],
        ),
    ],
)
def test_a_share_of_0_leaves_a_set_out_everywhere(data, unused, left_out):
    rest = {k: v for k, v in data.manifests.items() if k not in left_out}
    shares = {**SHARES, **dict.fromkeys(unused, 0)}
    loaders = make(data, batch_sizes=shares)
    clips = {clip for loader in loaders.values() for clip in ids(loader)}
    assert not clips & set(names(*left_out))
    alone = make(replace(data, manifests=rest), batch_sizes=shares)
    for name, loader in loaders.items():
        assert ids(alone[name]) == ids(loader)


def test_tags_that_choose_the_epoch_are_not_tested(data):
    """Nor left out with the weak clips to train on."""
    rest = {k: v for k, v in data.manifests.items() if k != "valid_strong"}
    shares = {**SHARES, "weak": 0}
    loaders = make(replace(data, manifests=rest), batch_sizes=shares)
    assert ids(loaders["valid"]) == names("valid_weak")
    assert ids(loaders["test"]) == names("test")
    del rest["valid_weak"]
    assert "valid" not in make(replace(data, manifests=rest))


def test_processes_share_every_loader(data):
    alone = make(data)
    shared = [make(data, rank=rank, world_size=2) for rank in range(2)]
    for name in ("train", "prototypes", "valid", "test"):
        together = [clip for part in shared for clip in ids(part[name])]
        assert sorted(together) == sorted(ids(alone[name]))
    for name in ("prototypes", "valid", "test"):
        expected = dict(enumerate(batch.ids for batch in alone[name]))
        for part in shared:
            numbers = part[name].batch_sampler.batch_numbers
            for number, batch in zip(numbers, part[name], strict=True):
                assert batch.ids == expected[number]


def test_a_wrong_share_is_told_before_anything_is_decoded(data, monkeypatch):
    monkeypatch.setattr(module, "cache_clips", lambda *_, **__: pytest.fail())
    with pytest.raises(ValueError, match="2 strong clips .* by 4 processes"):
        make(data, world_size=4)
    with pytest.raises(ValueError, match="weak training set has 6 clips"):
        make(data, batch_sizes={**SHARES, "weak": 7})


@pytest.mark.parametrize(("local", "copies"), [(None, 2), ("1", 1)])
def test_memory_counts_for_each_process_of_the_machine(
    data, monkeypatch, local, copies
):
    asked = []
    monkeypatch.setattr(
        module,
        "cache_clips",
        lambda files, *_, copies, **__: asked.append(copies) or files,
    )
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    if local is not None:
        monkeypatch.setenv("LOCAL_WORLD_SIZE", local)
    make(data, world_size=2)
    assert asked == [copies]


def test_only_the_workers_of_every_epoch_stay(data):
    loaders = make(data, num_workers=1)
    staying = {name for name, one in loaders.items() if one.persistent_workers}
    assert staying == {"train", "valid"}
    loaders = make(data, num_workers=1, persistent_workers=False)
    assert not any(loader.persistent_workers for loader in loaders.values())


def test_a_run_decides_the_rest() -> None:
    options = loader_options(RunOptions(device="cpu", test_only=True))
    assert (options["rank"], options["world_size"]) == (0, 1)
    assert not options["pin_memory"]
    assert options["data_cache"] == "none"
    assert "data_cache" not in loader_options(RunOptions(device="cpu"))
    assert workers_within_cores(0) == 0


def test_embeddings_are_kept_of_what_is_read_again_and_again(data, tmp_path):
    encoder = TinyEncoder(frame_seconds=0.02)
    options = {"cache_folder": tmp_path, "frame_encoder": encoder}
    loaders = make(data, data_cache="memory", **options)
    for batch in (b for x in ("train", "valid") for b in loaders[x]):
        for clip, wav in enumerate(batch.wavs):
            n_samples = min(int(batch.n_samples[clip]), ENCODER.n_samples)
            expected = encoder.embed(wav[:n_samples].unsqueeze(0))[0]
            found = batch.embeddings[clip]
            assert torch.equal(found[:, : expected.shape[1]], expected)
            assert not found[:, expected.shape[1] :].any()
    assert all(b.embeddings is not None for b in loaders["prototypes"])
    named = {b.ids[0]: b.embeddings for b in loaders["test"]}
    assert all(named[name] is None for name in names("test"))


@pytest.mark.parametrize(
    "changes", [{"data_cache": "none"}, {"encoder_in_loop": True}]
)
def test_embeddings_are_not_kept_where_they_would_not_be_read(
    data, tmp_path, changes
):
    options = {"data_cache": "memory", "frame_encoder": TinyEncoder()}
    options |= {"cache_folder": tmp_path, **changes}
    loaders = make(data, **options)
    assert all(b.embeddings is None for b in loaders["train"])
    assert not list(tmp_path.iterdir())
