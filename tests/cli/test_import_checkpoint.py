"""The command ``lgc-sed import-checkpoint``, and the recipe on its folder."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from forked import QUICK, Script
from lgc_plugin.cli import main as cli
from lgc_plugin.data.soundscapes.generate import write_soundscapes
from lgc_plugin.data.soundscapes.options import SoundscapeOptions
from published_crnn import lightning_checkpoint, published_module

ROOT = Path(__file__).resolve().parents[2]
LABELS = ["Dog", "Bell", "Cat"]  # the data would have them in another order
SMALL = {
    "n_classes": 3,
    "n_mels": 16,
    "filters": (4, 6),
    "pooling": ((2, 4), (2, 2)),
    "rnn_size": 5,
    "rnn_layers": 1,
    "embedding_dim": 7,
}
POOLING = ["--pooling", "2,4", "2,2"]
TINY = """
clip_seconds: 1.0
hop_length: 512
batch_sizes: {strong: 2, weak: 2, unlabeled: 2}
num_workers: 0
median_windows: 3
n_thresholds: 3
measure_energy: false
write_report: false
"""


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    file = tmp_path / "epoch=187-step=22184.ckpt"
    torch.save(lightning_checkpoint(published_module(**SMALL)), file)
    return file


def test_the_published_network_needs_no_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "last.ckpt", tmp_path / "runs" / "imported"
    module = published_module(embedding_dim=None)
    torch.save(lightning_checkpoint(module), file)
    assert cli.main(["import-checkpoint", str(file), f"--output={out}"]) == 0
    assert {path.name for path in out.iterdir()} == {
        "save",
        "imported.json",
        "network.yaml",
    }
    printed = capsys.readouterr().out
    assert "left out: mel_spec.mel_scale, mel_spec.spectrogram\n" in printed
    assert "no projection; it is untrained, drawn with seed 42" in printed
    assert "front end" not in printed
    assert f"--overrides={out / 'network.yaml'} --output_folder={out}" in (
        printed
    )


def test_another_front_end_is_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module, file = published_module(**SMALL), tmp_path / "last.ckpt"
    module.mel_spec.spectrogram.window.fill_(1.0)
    torch.save(lightning_checkpoint(module), file)
    command = ["import-checkpoint", str(file), f"--output={tmp_path / 'run'}"]
    assert cli.main([*command, *POOLING]) == 0
    assert "set its front end to match" in capsys.readouterr().out


def assert_refused(words: list[str], message: str, capsys) -> None:
    assert cli.main(["import-checkpoint", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("lgc-sed: error: ")
    assert error.count("\n") == 1
    assert message in error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "2 blocks and the pooling is of 7"),
        (["--pooling", "2,2", "2,2"], "give the number of mel bins"),
        ([*POOLING, "--n-mels=0"], "n-mels is 0: give 1 or more"),
        ([*POOLING, "--labels", "Cat"], "give 3 different ones"),
    ],
)
def test_wrong_options_are_one_line_and_status_2(
    checkpoint: Path, capsys, options, message
) -> None:
    out = checkpoint.with_name("run")
    words = [str(checkpoint), f"--output={out}", *options]
    assert_refused(words, message, capsys)
    assert [path.name for path in out.parent.iterdir()] == [checkpoint.name]


def test_wrong_files_are_one_line_and_status_2(
    checkpoint: Path, tmp_path: Path, capsys
) -> None:
    words = [str(checkpoint), f"--output={tmp_path / 'run'}", *POOLING]
    content = torch.load(checkpoint)
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[: len(whole) // 2])
    assert_refused(words, "not a whole checkpoint of PyTorch", capsys)
    torch.save({**content, "args": Namespace(a=1)}, checkpoint)
    assert_refused(words, "would load argparse.Namespace", capsys)
    del content["state_dict"]["sed_teacher.dense.bias"]
    torch.save(content, checkpoint)
    assert_refused(words, "missing in sed_teacher: dense.bias", capsys)
    checkpoint.unlink()
    assert_refused(words, checkpoint.name, capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_left_alone(
    checkpoint: Path, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "results.json").write_text("{}")
    words = [str(checkpoint), f"--output={out}", *POOLING]
    assert_refused(words, "exists and is not an empty folder", capsys)
    assert [path.name for path in out.iterdir()] == ["results.json"]


def test_pooling_must_be_pairs(checkpoint: Path, capsys) -> None:
    words = [str(checkpoint), "--output=run", "--pooling", "2,2", "2"]
    with pytest.raises(SystemExit) as stop:
        cli.main(["import-checkpoint", *words])
    assert stop.value.code == 2
    assert "'2' is no pair TIME,MEL" in capsys.readouterr().err


def test_the_command_line_starts_without_pytorch() -> None:
    code = (
        "import sys; from lgc_plugin.cli import main as cli; cli._parser(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for name in (*(f"foreground/{label}" for label in LABELS), "background"):
        (folder / "bank" / name).mkdir(parents=True)
        for take in range(3):
            file = folder / "bank" / name / f"{name[-3:]}{take}.wav"
            soundfile.write(file, rng.uniform(-0.5, 0.5, 4000), 16000)
    options = SoundscapeOptions(
        strong=2,
        strong_validation=2,
        weak=4,
        unlabeled=2,
        validation=3,
        clip_seconds=1.0,
        non_target=(),
    )
    return write_soundscapes(
        folder / "bank", folder / "set", options, n_jobs=1, progress=False
    )


def run_recipe(folder: Path, data: Path, *words: str):
    tiny = folder.with_name("tiny.yaml")
    tiny.write_text(TINY)
    return Script(
        [
            "recipes/DESED/train.py",
            "hparams/lgc.yaml",
            f"--overrides={folder / 'network.yaml'}",
            f"--overrides={tiny}",
            f"--output_folder={folder}",
            f"--data_folder={data}",
            "--device=cpu",
            "--noprogressbar",
            *words,
        ],
        before=QUICK,
    ).wait()


def test_the_recipe_tests_the_imported_weights(
    dataset: Path, tmp_path: Path
) -> None:
    """The student detects nothing but cats, the teacher nothing but dogs."""
    module = published_module(**SMALL)
    with torch.no_grad():
        for network, label in (
            (module.sed_student, "Cat"),
            (module.sed_teacher, "Dog"),
        ):
            network.dense.bias.fill_(-50.0)
            network.dense.bias[LABELS.index(label)] = 50.0
    file, folder = tmp_path / "last.ckpt", tmp_path / "run"
    torch.save(lightning_checkpoint(module), file)
    words = [str(file), f"--output={folder}", *POOLING, "--labels", *LABELS]
    assert cli.main(["import-checkpoint", *words]) == 0
    wrong = run_recipe(folder, dataset, "--test_only", "--embedding_dim=5")
    assert wrong.returncode == 2
    assert "embedding_dim" in wrong.stderr.strip().splitlines()[-1]
    # The mistake was not recorded as what the run began with.
    done = run_recipe(folder, dataset, "--test_only")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Testing the checkpoint of epoch 0" in done.stdout + done.stderr
    for network, label in (("student", "Cat"), ("teacher", "Dog")):
        tables = folder / "predictions" / network
        table = pd.read_csv(tables / "predictions_th_0.50.tsv", sep="\t")
        assert set(table["event_label"]) == {label}
        assert len(table) == 3  # one event as long as each clip
    assert json.loads((folder / "results.json").read_text())["epoch"] == 0
