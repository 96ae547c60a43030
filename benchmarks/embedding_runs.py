"""Distances of pairs of runs: what to compare, on the same frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ablation_methods import METHODS
from ablation_runs import Run, plan_runs
from embedding_distances import Distances, measure_distances
from embedding_frames import Frames, read_frames

REPRESENTATIONS = {
    "hidden": "what the classifier of frames reads (GRU output)",
    "projected": "projected embeddings; without the global term nothing "
    "trained the projection",
}
"""What is measured, by the names of :class:`Frames`; the fair one first."""


class Measured(NamedTuple):
    """All that was found on the runs of two methods.

    Arguments
    ---------
    labels : tuple[str, ...]
        The classes.
    distances : dict[str, dict[str, list[Distances]]]
        By representation and method, one per seed.
    shown : dict[str, Frames]
        Frames of the first seed, by the method's title.
    """

    labels: tuple[str, ...]
    distances: dict[str, dict[str, list[Distances]]]
    shown: dict[str, Frames]


def finished_seeds(folder: Path, method: str) -> list[int]:
    """The seeds on which a method has been trained and tested.

    Arguments
    ---------
    folder : Path
        Of the ablation.
    method : str
        Its name.

    Returns
    -------
    list[int]

    Example
    -------
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
    """Hears the test clips of every run, and measures.

    Arguments
    ---------
    folder : Path
        Of the ablation.
    methods : Sequence[str]
        Names; on each seed all are to have heard the same clips.
    seeds : Sequence[int]
        On which all of them are finished.
    network : str
        ``teacher`` or ``student``.

    Returns
    -------
    Measured

    Raises
    ------
    OSError
        If something of a run is missing.
    ValueError
        If something of it is damaged, or two runs heard different clips.
    """
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
