"""Runs of the recipe through its real command line, on a few tiny clips."""

import os
import subprocess
import sys

import pytest

from forked import QUICK, ROOT, Script
from lgc_plugin.data.soundscapes.generate import write_soundscapes
from lgc_plugin.data.soundscapes.options import SoundscapeOptions

LAUNCHER = "-m torch.distributed.run --standalone --nproc_per_node".split()
TINY = """
clip_seconds: 2.0
hop_length: 512
n_mels: 16
batch_sizes: {strong: 2, weak: 2, unlabeled: 2}
eval_batch_size: 8
num_workers: 0
filters: [4, 8]
pooling: [[2, 4], [2, 4]]
rnn_size: 8
rnn_layers: 1
embedding_dim: 8
number_of_epochs: 4
rampup_epochs: 1
contrast_start_epoch: 2
lr: 0.01
pos_threshold: 0.4
neg_threshold: 0.7
median_windows: 3
n_thresholds: 5
n_bootstrap: 20
measure_energy: false
write_report: false
"""


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    options = SoundscapeOptions(
        strong=6,
        strong_validation=4,
        weak=8,
        unlabeled=8,
        validation=6,
        clip_seconds=2.0,
        sounds_per_class=6,
    )
    folder = tmp_path_factory.mktemp("data") / "dataset"
    return write_soundscapes(None, folder, options, n_jobs=1, progress=False)


@pytest.fixture(scope="session")
def train(dataset, tmp_path_factory):
    """Calls the recipe; returns the finished process.

    ``real``: the command as a user gives it; else in a fork, which is faster,
    and without pictures (``QUICK``).
    """
    tiny = tmp_path_factory.mktemp("hparams") / "tiny.yaml"
    tiny.write_text(TINY)

    def run(
        output_folder,
        *words,
        data=dataset,
        check=True,
        processes=1,
        real=False,
        start_only=False,
        before="",
    ):
        command = [
            "recipes/DESED/train.py",
            "hparams/lgc.yaml",
            f"--overrides={tiny}",
            f"--output_folder={output_folder}",
            f"--cache_folder={tiny.parent / 'cache'}",
            "--device=cpu",
            *words,
        ]
        if data is not None:
            command.append(f"--data_folder={data}")
        if real:
            launcher = [*LAUNCHER, str(processes)] if processes > 1 else []
            done = subprocess.run(
                [sys.executable, *launcher, *command],
                cwd=ROOT,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                text=True,
                capture_output=True,
            )
        else:
            script = Script(command, processes=processes, before=QUICK + before)
            if start_only:
                return script
            done = script.wait()
        assert not check or done.returncode == 0, done.stderr[-4000:]
        return done

    return run


@pytest.fixture(scope="session")
def finished(train, tmp_path_factory):
    """An uninterrupted run, and its process."""
    folder = tmp_path_factory.mktemp("run") / "whole"
    return folder, train(folder, "--write_report=true", real=True)
