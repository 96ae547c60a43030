"""The stages that are killed: their commands, and what has to be the same."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import HERE

ROOT = HERE.parent
TORCHRUN = "-m torch.distributed.run --standalone --nproc_per_node=2".split()
SED = (sys.executable, "-m", "lgc_plugin.cli.main")
WORKER = (sys.executable, str(HERE / "reliability_worker.py"))
SETS = "--strong 8 --strong-validation 4 --weak 8 --unlabeled 8 --validation 8"
SMALL = f"{SETS} --clip-seconds 2 --sounds-per-class 6 --n-jobs 2 --quiet"
PROFILE = """
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
number_of_epochs: 8
rampup_epochs: 1
contrast_start_epoch: 3
lr: 0.01
pos_threshold: 0.4
neg_threshold: 0.7
median_windows: 3
n_thresholds: 5
n_bootstrap: 200
measure_energy: false
write_report: false
"""

EMBEDDING = """
n_jobs: 2
labels: null
cache_folder: null
encoder: !new:lgc_plugin.data.encoder.EventEncoder
    labels: !ref <labels>
    clip_seconds: 1.0
frame_encoder: !new:random_encoder.RandomEncoder
"""

# Times and what depends on them: ``copies`` are the times of resampled audio,
# ``digest`` is that of the record they are in.
_TIMES = {"wall_seconds", "date", "energy_kwh", "processes", "copies", "digest"}
# Of a log's line, losses of an epoch that was begun twice are of its rest.
_LOG_LINE = re.compile(r" - train loss.*(?= - valid)")
_LEFT_OUT = re.compile(
    r"^(save|tensorboard|env\.log|log\.txt|hyperparams\.yaml|train\.py)|"
    r"/decoded_files\.json$"  # file times
)


@dataclass(frozen=True)
class Stage:
    """A command that may be killed at any moment."""

    name: str
    title: str
    #: The command, from the folder of inputs and the one to write
    command: Callable[[Path, Path], Sequence[str]]


def training(*launcher: str) -> Callable[[Path, Path], Sequence[str]]:
    """The recipe, on the small data set, with checkpoints at every step."""
    return lambda place, out: (
        *(sys.executable, *launcher, "recipes/DESED/train.py"),
        "hparams/lgc.yaml",
        f"--overrides={place / 'profile.yaml'}",
        f"--data_folder={place / 'data'}",
        f"--output_folder={out / 'run'}",
        f"--cache_folder={out / 'cache'}",
        *("--device=cpu", "--ckpt_interval_steps=1"),
        *(["--distributed_backend=gloo"] if launcher else []),
    )


def _detect(place: Path, out: Path) -> Sequence[str]:
    words = ("detect", str(place / "recordings"), "--device=cpu", "--quiet")
    model = f"--model={place / 'model'}"
    return (*SED, *words, model, f"--output={out / 'events.tsv'}")


def _evaluate(place: Path, out: Path) -> Sequence[str]:
    return (
        *(*SED, "evaluate", f"--predictions={place / 'scores.npz'}"),
        f"--ground-truth={place / 'truth.tsv'}",
        f"--durations={place / 'durations.tsv'}",
        *(f"--output={out / 'scored'}", "--n-bootstrap=2000"),
    )


STAGES = (
    Stage(
        "soundscapes",
        "making soundscapes",
        lambda place, out: (
            *(*SED, "soundscapes", f"--bank={place / 'bank'}"),
            *(f"--output={out / 'data'}", *SMALL.split()),
        ),
    ),
    Stage(
        "prepare",
        "preparation, with resampling",
        lambda place, out: (*WORKER, "prepare", str(place), str(out)),
    ),
    Stage(
        "cache",
        "writing the cache of clips",
        lambda place, out: (*WORKER, "cache", str(place), str(out)),
    ),
    Stage(
        "embedding",
        "computing embeddings",
        lambda place, out: (*WORKER, "embedding", str(place), str(out)),
    ),
    Stage("train", "training, one process", training()),
    Stage("train_2", "training, two processes", training(*TORCHRUN)),
    Stage("detect", "detection of 60 files", _detect),
    Stage("evaluate", "evaluation, with figures", _evaluate),
)


def snapshot(folder: Path) -> dict[str, str]:
    """Digests of what has to be the same, by name."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        inner = name.removeprefix("run/")
        if path.is_dir() or path.name.startswith(".") or ".lock" in name:
            continue
        if _LEFT_OUT.search(inner):
            continue
        if path.suffix == ".json":
            data = _without_times(path.read_bytes())
        elif path.name == "train_log.txt":
            data = _LOG_LINE.sub("", path.read_text()).encode()
        else:
            data = path.read_bytes()
        found[name] = hashlib.sha256(data).hexdigest()
    return found


def _without_times(data: bytes) -> bytes:
    """JSON without the times in its objects; damaged JSON as it is."""

    def kept(pairs: list[tuple[str, object]]) -> dict[str, object]:
        return {key: value for key, value in pairs if key not in _TIMES}

    try:
        content = json.loads(data, object_pairs_hook=kept)
    except ValueError:
        return data
    return json.dumps(content, sort_keys=True).encode()
