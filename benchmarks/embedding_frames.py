"""Frames of the test clips of finished runs, and their distances."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from ablation_runs import METHODS, Run, plan_runs
from embedding_report import Distances, measure_distances

from lgc_plugin.data.manifest import ClipRow, read_manifest
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.inference.audio_blocks import read_blocks
from lgc_plugin.inference.model.model_folder import LoadedModel, read_model
from lgc_plugin.inference.prediction import run_on_windows, stack_windows
from lgc_plugin.inference.samples import round_to_16_bits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lgc_plugin.data.encoder import EventEncoder

_BATCH = 20
_EDGE_TOLERANCE = 1e-6  # seconds, as EventEncoder's
_SCORE_TOLERANCE = 1e-3  # other machines add in another order
_UNCLEAR = -1


class Frames(NamedTuple):
    """Frames of test clips in which at most one class sounds."""

    #: The C classes
    labels: tuple[str, ...]
    #: (N, D) what the classifier of frames reads
    hidden: NDArray[np.float32]
    #: (N, E) unit vectors, what the prototypes are compared with
    projected: NDArray[np.float32]
    #: (N,) class of each frame; C where nothing sounds
    groups: NDArray[np.int64]
    #: (N,) number of the clip in the manifest
    clips: NDArray[np.int64]


def read_frames(run: Run, network: str = "teacher") -> Frames:
    """Frames of the test clips of a run, computed as its recipe did."""
    model = read_model(run.folder, network)
    rows = read_manifest(run.folder / "manifests" / "test.csv", run.data)
    hidden, projected, scores = _forward(model, rows)
    _check_scores(run, network, rows, scores)
    groups = sole_classes(rows, model.settings.encoder())
    clip, frame = np.nonzero(groups != _UNCLEAR)
    return Frames(
        model.settings.labels,
        hidden[clip, frame],
        projected[clip, frame],
        groups[clip, frame],
        clip,
    )


def sole_classes(
    rows: Iterable[ClipRow], encoder: EventEncoder
) -> NDArray[np.int64]:
    """The one class that sounds in a frame, from its begin to its end.

    Returns (K, T') the class; C where nothing sounds; -1 where several
    classes do, where an event begins or ends, and beyond the clip's end.

    >>> from lgc_plugin.data.encoder import EventEncoder
    >>> from lgc_plugin.types import Event, LabelKind
    >>> encoder = EventEncoder(["Cat", "Dog"], 0.5, 1000, 25, 4)
    >>> events = (Event(0.0, 0.3, "Dog"), Event(0.15, 0.2, "Cat"))
    >>> row = ClipRow("a", 0.5, "a.wav", LabelKind.STRONG, events)
    >>> sole_classes([row], encoder).tolist()
    [[1, -1, 1, 2, 2]]
    """
    seconds, n_classes = encoder.frame_seconds, len(encoder.labels)
    found = []
    for row in rows:
        touched = encoder.encode(row.events).numpy() > 0
        full = np.zeros_like(touched)
        for onset, offset, label in row.events:
            first = math.ceil((onset - _EDGE_TOLERANCE) / seconds)
            end = math.floor((offset + _EDGE_TOLERANCE) / seconds)
            full[encoder.index(label), first:end] = True
        number = touched.sum(axis=0)
        sole = (number == 1) & (touched & full).any(axis=0)
        groups = np.where(sole, touched.argmax(axis=0), _UNCLEAR)
        groups[number == 0] = n_classes
        end = math.floor((row.duration + _EDGE_TOLERANCE) / seconds)
        groups[end:] = _UNCLEAR
        found.append(groups)
    return np.array(found, dtype=np.int64).reshape(-1, encoder.n_frames)


def clip_samples(row: ClipRow, sample_rate: int) -> NDArray[np.float32]:
    """The samples of a clip as a run's test reads them.

    Returns (N,) rounded to 16 bits.
    """
    blocks = read_blocks(row.wav, sample_rate)
    return round_to_16_bits(np.concatenate(list(blocks)))


def _forward(
    model: LoadedModel, rows: Sequence[ClipRow]
) -> tuple[NDArray[np.float32], ...]:
    """(K, T', D) hidden, (K, T', E) projected, (K, C, T') scores."""
    settings = model.settings
    window = settings.encoder().n_samples
    parts: list[tuple[torch.Tensor, ...]] = []
    inputs: list[torch.Tensor] = []
    # The heads share their input; reading it there changes nothing in CRNN.
    hook = model.network.frame_head.register_forward_pre_hook(
        lambda _, arguments: inputs.append(arguments[0])
    )
    try:
        for first in range(0, len(rows), _BATCH):
            clips = [
                clip_samples(row, settings.sample_rate)[:window]
                for row in rows[first : first + _BATCH]
            ]
            with torch.inference_mode():
                output = run_on_windows(
                    model.front_end,
                    model.network,
                    *stack_windows(clips, window),
                    settings.pooling,
                )
            parts.append((inputs.pop(), output.embedding, output.frame))
    finally:
        hook.remove()
    return tuple(torch.cat(each).numpy() for each in zip(*parts, strict=True))


def _check_scores(
    run: Run,
    network: str,
    rows: Sequence[ClipRow],
    scores: NDArray[np.float32],
) -> None:
    """Whether it is the network that was tested, on the clips of the test."""
    path = run.folder / "scores" / f"test_{network}.npz"
    tested = FrameScores.load(path)
    for number, row in enumerate(rows):
        expected = tested.of(row.wav.rpartition("/")[2])
        gap = abs(scores[number, :, : expected.shape[1]] - expected).max()
        if not gap <= _SCORE_TOLERANCE:
            raise ValueError(
                f"{path}: clip {row.id!r} has other scores than the model in "
                f"{run.folder} gives now (by up to {gap:.3g}): model or data "
                "changed after the test, train this run again"
            )


REPRESENTATIONS = {
    "hidden": "what the classifier of frames reads (GRU output)",
    "projected": "projected embeddings; without the global term nothing "
    "trained the projection",
}
"""What is measured, by the names of :class:`Frames`; the fair one first."""


class Measured(NamedTuple):
    """All that was found on the runs of two methods."""

    #: The classes
    labels: tuple[str, ...]
    #: By representation and method, one per seed
    distances: dict[str, dict[str, list[Distances]]]
    #: Frames of the first seed, by the method's title
    shown: dict[str, Frames]


def finished_seeds(folder: Path, method: str) -> list[int]:
    """The seeds on which a method has been trained and tested.

    >>> finished_seeds(getfixture("tmp_path"), "lgc")
    []
    """
    names = [path.name for path in (folder / "runs" / method).glob("*")]
    seeds = sorted(int(name) for name in names if name.isdecimal())
    runs = plan_runs(folder, [METHODS[method]], seeds)
    return [run.seed for run in runs if run.finished]


def measure_runs(
    folder: Path, methods: Sequence[str], seeds: Sequence[int], network: str
) -> Measured:
    """Distances on the test clips of every run."""
    distances = {key: {m: [] for m in methods} for key in REPRESENTATIONS}
    shown: dict[str, Frames] = {}
    labels: tuple[str, ...] = ()
    for seed in seeds:
        first: Frames | None = None
        for run in plan_runs(folder, [METHODS[m] for m in methods], [seed]):
            frames = read_frames(run, network)
            first, labels = first or frames, labels or frames.labels
            _check_same(run, frames, first, labels)
            for key, of_method in distances.items():
                found = measure_distances(
                    getattr(frames, key),
                    frames.groups,
                    frames.clips,
                    len(labels),
                )
                of_method[run.method.name].append(found)
            if seed == seeds[0]:
                shown[run.method.title] = frames
    return Measured(labels, distances, shown)


def _check_same(
    run: Run, mine: Frames, other: Frames, labels: Sequence[str]
) -> None:
    if mine.labels != labels:
        raise ValueError(
            f"{run.folder}: its classes are {', '.join(mine.labels)}, other "
            f"runs have {', '.join(labels)}: compare runs of one bank"
        )
    same = np.array_equal(mine.groups, other.groups)
    if not same or not np.array_equal(mine.clips, other.clips):
        raise ValueError(
            f"{run.folder}: its test set is not that of the other method on "
            f"seed {run.seed}: train both on the same data"
        )
