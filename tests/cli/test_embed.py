"""``lgc-sed embed``."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from forked import fork_context
from lgc_plugin.cli import embed
from lgc_plugin.cli.main import main
from lgc_plugin.data.clip_cache import cache_clips
from lgc_plugin.data.embedding_cache import EmbeddingCache, cache_embeddings
from lgc_plugin.data.loaders import files_to_cache
from lgc_plugin.data.preparation import Preparation
from lgc_plugin.types import LabelKind
from lgc_plugin.utils import parallel
from tiny_clips import ENCODER, write_clips
from tiny_encoder import TinyEncoder

SHARES = {"strong": 2, "weak": 2, "unlabeled": 2}
SETS = {
    "train_strong": LabelKind.STRONG,
    "train_weak": LabelKind.WEAK,
    "train_unlabeled": LabelKind.NONE,
    "valid_strong": LabelKind.STRONG,
    "test": LabelKind.STRONG,
}
HPARAMS = str(Path(__file__).resolve().parents[2] / "hparams" / "lgc.yaml")
OVERRIDES = """\
output_folder: {folder}/run
cache_folder: {folder}/cache
clip_seconds: 0.1
encoder_size: 3
frame_encoder: !new:tiny_encoder.TinyEncoder
    size: !ref <encoder_size>
    sample_rate: !ref <sample_rate>
"""


@pytest.fixture(autouse=True)
def fresh():
    embed._open_cache.cache_clear()


@pytest.fixture
def words(tmp_path):
    """The words of a recipe whose preparation is done."""
    folder = tmp_path / "run/manifests"
    manifests = {
        name: write_clips(
            folder,
            name,
            kind,
            count=2 + number,
            seconds=0.08 + 0.01 * number,
        )
        for number, (name, kind) in enumerate(SETS.items())
    }
    Preparation(manifests, ENCODER.labels, folder, {}).save(folder)
    overrides = tmp_path / "tiny.yaml"
    overrides.write_text(OVERRIDES.format(folder=tmp_path))
    return [HPARAMS, f"--overrides={overrides}"]


def of_training(folder, **changed):
    """What a training would still have to compute."""
    data = Preparation.load(folder / "run/manifests")
    files = files_to_cache(data, ENCODER, SHARES)
    clips = cache_clips(files, "memory", progress=False)
    cache = EmbeddingCache(
        clips, TinyEncoder(size=3), folder / "cache", ENCODER.n_samples
    )
    return cache.plan(progress=False)


def test_a_training_finds_what_was_computed(words, tmp_path, capsys):
    assert len(of_training(tmp_path).shards) == 1
    assert main(["embed", *words, "--device=cpu"]) == 0
    out = capsys.readouterr().out
    # Of 14 clips, 4 of the validation begin like unlabeled ones.
    assert re.search(r"cache/embeddings/\w{16}: 0 of 10 embeddings are", out)
    assert re.search(r"done in \S+ s, \S+ times real time\n$", out)
    plan = of_training(tmp_path)
    assert len(plan.clips) == 10 and plan.shards == []
    # Once more: nothing to do.
    embed._open_cache.cache_clear()
    assert main(["embed", *words, "--device=cpu"]) == 0
    out = capsys.readouterr().out
    assert "10 of 10 embeddings are there; 0, of" in out and "done" not in out


def test_several_processes_write_the_same(words, tmp_path, monkeypatch, capsys):
    """They have imported PyTorch."""
    monkeypatch.setattr(parallel, "get_context", lambda _: fork_context())
    from lgc_plugin.data import embedding_cache

    monkeypatch.setattr(embedding_cache, "_SHARD_CLIPS", 3)
    cache = f"--cache_folder={tmp_path / 'other'}"
    assert main(["embed", *words, "--device=cpu", "--n_jobs=2", cache]) == 0
    embed._open_cache.cache_clear()
    assert main(["embed", *words, "--device=cpu", "--n_jobs=1"]) == 0

    def contents(folder):
        return {
            path.name: path.read_bytes()
            for path in (tmp_path / folder).rglob("*.*")
        }

    assert contents("other") == contents("cache")
    assert len(contents("cache")) == 2 * 4


def test_folders_of_audio_need_no_preparation(words, tmp_path, capsys):
    folder = tmp_path / "audio"
    folder.mkdir()
    rng = np.random.default_rng(0)
    samples = rng.integers(-9999, 9999, (3, 4000)).astype(np.int16)
    for number, clip in enumerate(samples):
        soundfile.write(folder / f"{number}.wav", clip, 16000)
    data = ["--data", str(folder)]
    assert main(["embed", *data, *data, *words, "--device=cpu"]) == 0
    assert "0 of 3 embeddings are there; 3, of" in capsys.readouterr().out
    found = cache_embeddings(
        {"train": [clip[: ENCODER.n_samples] for clip in samples]},
        TinyEncoder(size=3),
        tmp_path / "cache",
        progress=False,
    )
    assert len(found["train"]) == 3


def test_a_full_disk_is_refused_before(words, tmp_path, capsys, monkeypatch):
    from lgc_plugin.data import embedding_cache

    monkeypatch.setattr(embedding_cache, "free_disk", lambda _: 5)
    assert main(["embed", *words, "--device=cpu"]) == 2
    error = capsys.readouterr().err
    assert "error: embeddings need 0.00 GB in" in error
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--frame_encoder=null"], "there is no frame_encoder: choose one"),
        (["--encoder_in_loop=true"], "such a training computes embeddings at"),
        (["--cache_folder=null"], "there is no cache_folder: name one"),
        (["--n_jobs=0"], "n_jobs is 0: give 1 or more"),
        (["--n_jobs=two"], "n_jobs is two: give 1 or more"),
        (["--output_folder=no"], "no/manifests: no prepared data: the recipe"),
        (["--device=cuda:99"], "give another one, or 'cpu'"),
        (["--n-jobs=2"], "--n-jobs: unknown option; did you mean --n_jobs?"),
        (["--sample_rate=8000"], "sampled at 16000 Hz, expected 8000 Hz"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words, capsys, changed, message):
    assert main(["embed", *words, *changed]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_wrong_folders_are_one_sentence(words, tmp_path, capsys):
    for folder in (tmp_path / "run", tmp_path / "none"):
        assert main(["embed", "--data", str(folder), *words]) == 2
        error = capsys.readouterr().err
        assert str(folder) in error and error.count("\n") == 1
    assert main(["embed"]) == 2
    assert "the first argument must be a YAML file" in capsys.readouterr().err


def test_damaged_files_are_named(words, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    assert main(["embed", *words, "--device=cpu"]) == 0
    (index,) = (tmp_path / "cache").rglob("*.json")
    index.write_text(json.dumps({}))
    embed._open_cache.cache_clear()
    assert main(["embed", *words, "--device=cpu"]) == 0
    assert f"{index.stem}.float16 is damaged" in caplog.text
    assert of_training(tmp_path).shards == []
