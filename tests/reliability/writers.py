"""Every writer of the project, on a disk of its own that gets full.

    python tests/reliability/writers.py PLACE RESULT.json

Mounts a small file system at PLACE, in a name space that ends with this
process. Each writer writes there, the disk is filled, and it writes again.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent), str(HERE.parents[1])]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from bad_inputs import make_place  # noqa: E402

from lgc_plugin.cli.main import main  # noqa: E402
from lgc_plugin.data.embedding_files import EmbeddingFiles  # noqa: E402
from lgc_plugin.data.manifest import ClipRow, write_manifest  # noqa: E402
from lgc_plugin.data.packed_file import write_packed  # noqa: E402
from lgc_plugin.data.preparation import Coverage, Preparation  # noqa: E402
from lgc_plugin.evaluation.score_files import write_score_tsvs  # noqa: E402
from lgc_plugin.inference.model.model_folder import write_model  # noqa: E402
from lgc_plugin.inference.model.model_settings import (  # noqa: E402
    write_settings,
)
from lgc_plugin.report.result_files import write_predictions  # noqa: E402
from lgc_plugin.report.style import new_figure  # noqa: E402
from lgc_plugin.training.checkpoints import AtomicCheckpointer  # noqa: E402
from lgc_plugin.training.resume import check_same_run  # noqa: E402
from lgc_plugin.types import LabelKind  # noqa: E402
from lgc_plugin.utils.files import write_json, write_text  # noqa: E402
from lgc_plugin.utils.hparams import save_hparams  # noqa: E402
from model_cases import small_settings, used_network  # noqa: E402
from scoring_files import frame_scores  # noqa: E402
from tiny_encoder import TinyEncoder  # noqa: E402

SIZE = 8 << 20
_NEWNS, _NEWUSER, _PRIVATE = 0x20000, 0x10000000, 1 << 18 | 1 << 14
NO_MOUNT = 77


def mount(place: Path) -> None:
    """An empty file system, seen by this process alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    user = os.getuid()
    if libc.unshare(_NEWNS) != 0:
        if libc.unshare(_NEWNS | _NEWUSER) != 0:
            sys.exit(NO_MOUNT)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    libc.mount(b"none", b"/", None, _PRIVATE, None)
    options = f"size={SIZE}".encode()
    if libc.mount(b"none", bytes(place), b"tmpfs", 0, options) != 0:
        sys.exit(NO_MOUNT)


def fill(place: Path, keep: int) -> Path:
    """Fills a disk up to a few bytes."""
    filler = place.parent / place.name / ".filler"
    with open(filler, "wb", buffering=0) as file:
        free = shutil.disk_usage(place).free
        file.write(bytes(max(free - keep, 0)))
    return filler


def command(place: Path, words: str) -> None:
    """A command, whose line on standard error becomes the exception."""
    stderr = io.StringIO()
    before = Path.cwd()
    os.chdir(place.parents[1] / "good")
    try:
        with redirect_stderr(stderr), redirect_stdout(io.StringIO()):
            status = main(words.split())
    finally:
        os.chdir(before)
    if status:
        raise OSError(stderr.getvalue().strip().splitlines()[-1])


def _manifest(folder: Path, version: int) -> None:
    rows = [
        ClipRow(f"{n}", 10.0, f"{n}.wav", LabelKind.NONE)
        for n in range(300 * (version + 1))
    ]
    write_manifest(rows, folder / "a.csv")


def _prepared(folder: Path, version: int) -> None:
    missing = {f"{n}.wav": "no such file" for n in range(400 * (version + 1))}
    coverage = {"test": Coverage("test", 1, 1 + len(missing), missing)}
    (folder / "test.csv").touch()
    sets = {"test": folder / "test.csv"}
    Preparation(sets, ("Cat",), folder, coverage).save(folder)


def _model(folder: Path, version: int) -> None:
    settings = small_settings()
    networks = {"teacher": used_network(settings, version)}
    write_model(folder / "model", settings, networks)


def _packed(folder: Path, version: int) -> None:
    clips = [np.full(9000, version, np.int16)] * 3
    write_packed(folder / f"{version}-{'0' * 16}-{'0' * 16}.int16", clips)


def _embeddings(folder: Path, version: int) -> None:
    files = EmbeddingFiles(folder, TinyEncoder())
    files.write([f"{version}"], [np.full((6, 9000), version)])


def _checkpoint(folder: Path, version: int) -> None:
    layer = torch.nn.Linear(99, 99)
    checkpointer = AtomicCheckpointer(
        folder / "save", recoverables={"layer": layer}
    )
    checkpointer.save_checkpoint({"epoch": version})


def _figure(folder: Path, version: int) -> None:
    with new_figure(folder / "a.png", 3, 2) as figure:
        figure.add_subplot().plot([version, 1])


def _detections(folder: Path, version: int) -> None:
    events = frame_scores(version).scores[0].shape[1] * 40
    import pandas as pd

    rows = [("a.wav", n, n + 1, "Cat", 0.5) for n in range(events)]
    columns = "filename onset offset event_label threshold".split()
    write_predictions(pd.DataFrame(rows, columns=columns), folder)


def _once(write: Callable[[Path], Any]) -> Callable[[Path, int], None]:
    """Of what is made in a new folder alone."""
    return lambda folder, version: write(folder) if version else None


SCORED = "--ground-truth truth.txt --durations lengths.txt --n-bootstrap 2"
Writer = Callable[[Path, int], None]
WRITERS: dict[str, Writer] = {
    "text": lambda f, v: write_text(f / "a.txt", "x" * 9000 * (v + 1)),
    "json": lambda f, v: write_json(f / "a.json", ["x" * 9000] * (v + 1)),
    "manifest": _manifest,
    "preparation": _prepared,
    "scores": lambda f, v: frame_scores(v).save(f / "a.npz"),
    "score TSVs": _once(lambda f: write_score_tsvs(frame_scores(1), f / "new")),
    "predictions": _detections,
    "model settings": lambda f, v: write_settings(
        f / "model.yaml", small_settings(notes={"v": ["x" * 90] * 200})
    ),
    "model folder": _model,
    "clip cache": _packed,
    "embedding cache": _embeddings,
    "checkpoint": _checkpoint,
    "hyperparameters": lambda f, v: save_hparams(f, "a: 1\n"),
    "run record": _once(lambda f: check_same_run(f, {"a": "x" * 9000})),
    "figure": _figure,
    "soundscapes": _once(
        lambda f: command(
            f,
            f"soundscapes --bank sounds --output {f}/data --quiet "
            "--strong 2 --strong-validation 1 --weak 1 --unlabeled 1 "
            "--validation 1 --clip-seconds 2 --n-jobs 1",
        )
    ),
    "detect": lambda f, v: command(
        f, f"detect good.wav --model model --device cpu --output {f}/a.tsv"
    ),
    "detect, label tracks": lambda f, v: command(
        f,
        "detect good.wav --model model --device cpu --format audacity "
        f"--output {f}/tracks",
    ),
    "evaluate": lambda f, v: command(
        f,
        f"evaluate --predictions points {SCORED} --output {f}/out --no-figures",
    ),
    "compare": lambda f, v: command(
        f, f"compare points events.tsv {SCORED} --output {f}/a.json"
    ),
    "tune": lambda f, v: command(
        f,
        f"tune --scores scores.npz {SCORED} --output {f}/a.yaml --windows 1 3 "
        "--quiet --metric event_f1",
    ),
    "export": lambda f, v: command(f, f"export model --output {f}/exported"),
}


SLOW = ("soundscapes", "evaluate", "compare", "tune")


def tree(folder: Path) -> dict[str, bytes]:
    """The files of a folder, the filler aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".filler"
    }


def try_writer(write: Writer, disk: Path, keep: int) -> dict[str, Any]:
    """Writes, fills the disk, writes again; what came of it."""
    folder = disk / "out"
    folder.mkdir()
    try:
        write(folder, 0)
        before = tree(folder)
        filler = fill(disk, keep)
        error: BaseException | None = None
        try:
            write(folder, 1)
        except Exception as caught:
            error = caught
        after = tree(folder)
        filler.unlink()
        changed = sorted(
            name
            for name in before.keys() | after.keys()
            if before.get(name) != after.get(name) and ".partial." not in name
        )
        write(folder, 1)  # with room it ends right
        return {
            "kind": type(error).__name__,
            "file": isinstance(error, (OSError, ValueError)),
            "message": str(error),
            "changed": changed,
        }
    finally:
        shutil.rmtree(folder)


def run(place: Path, result: Path) -> None:
    """Tries all writers."""
    make_place(place / "good")
    disk = place / "disk"
    disk.mkdir()
    mount(disk)
    found = {
        name: [
            try_writer(write, disk, keep)
            for keep in ((0,) if name in SLOW else (0, 4096))
        ]
        for name, write in WRITERS.items()
    }
    result.write_text(json.dumps(found))


if __name__ == "__main__":
    run(*map(Path, sys.argv[1:]))
