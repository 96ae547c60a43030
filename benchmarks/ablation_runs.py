"""Data sets and runs of an ablation; what is finished is not done again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from ablation_methods import Method

ROOT = Path(__file__).resolve().parents[1]
_STEPS = "benchmarks/ablation/steps.yaml"


def usual_bank() -> str:
    """The real recordings that the tests read as well; else made sounds.

    Example
    -------
    >>> Path(usual_bank()).name in ("sounds", "synthetic")
    True
    """
    recordings = ROOT.parent / "shared" / "data" / "sounds"
    return str(recordings) if recordings.is_dir() else "synthetic"


class Run(NamedTuple):
    """One training.

    Arguments
    ---------
    method : Method
        What is trained.
    seed : int
        Of the data set and of the training.
    folder : Path
        Of its results.
    data : Path
        Its data set.
    """

    method: Method
    seed: int
    folder: Path
    data: Path

    @property
    def finished(self) -> bool:
        """Whether the results are there."""
        return (self.folder / "results.json").is_file()


def plan_runs(
    folder: Path, methods: Sequence[Method], seeds: Sequence[int]
) -> list[Run]:
    """All runs, seed by seed, so that an ablation cut short has whole seeds.

    Arguments
    ---------
    folder : Path
        Of the ablation.
    methods : Sequence[Method]
        What to train.
    seeds : Sequence[int]
        Each has a data set of its own, the same for all methods.

    Returns
    -------
    list[Run]

    Example
    -------
    >>> from ablation_methods import METHODS
    >>> runs = plan_runs(Path("a"), [METHODS["lgc"]], [1, 2])
    >>> [run.folder.as_posix() for run in runs]
    ['a/runs/lgc/1', 'a/runs/lgc/2']
    """
    return [
        Run(
            method,
            seed,
            folder / "runs" / method.name / str(seed),
            folder / "data" / str(seed),
        )
        for seed in seeds
        for method in methods
    ]


def make_data(run: Run, bank: str, words: Sequence[str]) -> None:
    """Soundscapes of a bank, unless they are there.

    Arguments
    ---------
    run : Run
        Tells where and with which seed.
    bank : str
        Folder of sounds, or ``synthetic``.
    words : Sequence[str]
        Further options of ``lgc-sed soundscapes``.

    Raises
    ------
    ValueError
        If those that are there were made of another bank.
    """
    about = run.data / "soundscapes.json"
    if about.is_file():
        made_of = json.loads(about.read_text())["bank"]["name"]
        if made_of != Path(bank).name:
            raise ValueError(
                f"{run.data}: made of the sounds in {made_of!r}, wanted are "
                f"{Path(bank).name!r}: give another --folder, or that bank"
            )
        return
    command = [sys.executable, "-m", "lgc_plugin.cli.main", "soundscapes"]
    options = ["--bank", bank, "--output", str(run.data), "--quiet"]
    seed = ["--seed", str(run.seed)]
    subprocess.run([*command, *options, *seed, *words], check=True, cwd=ROOT)


def train_all(
    runs: Sequence[Run],
    words: Sequence[str],
    n_jobs: int,
    tell: Callable[[str], None],
) -> list[Run]:
    """Trains what is not finished, several at a time, each on its cores.

    Arguments
    ---------
    runs : Sequence[Run]
        In the order in which they begin.
    words : Sequence[str]
        Further options of the recipe, for all runs.
    n_jobs : int
        Runs at a time.
    tell : Callable
        Gets a line when a run ends.

    Returns
    -------
    list[Run]
        Those that failed; each left ``log.txt`` in its folder.
    """
    threads = max(1, (os.cpu_count() or 1) // n_jobs)

    def train(run: Run) -> bool:
        if run.finished:
            return True
        run.folder.mkdir(parents=True, exist_ok=True)
        with open(run.folder / "log.txt", "w") as log:
            done = subprocess.run(
                train_command(run, words),
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**os.environ, "OMP_NUM_THREADS": str(threads)},
            )
        end = "done" if done.returncode == 0 else f"FAILED ({log.name})"
        tell(f"seed {run.seed}  {run.method.title}: {end}")
        return done.returncode == 0

    with ThreadPoolExecutor(n_jobs) as pool:
        good = list(pool.map(train, runs))
    return [run for run, done in zip(runs, good, strict=True) if not done]


def train_command(run: Run, words: Sequence[str]) -> list[str]:
    """The recipe's command line for a run.

    Arguments
    ---------
    run : Run
        What to train.
    words : Sequence[str]
        Further options, for all runs. Those of the method come later, and win:
        what is varied is varied around them.

    Returns
    -------
    list[str]
    """
    return [
        sys.executable,
        "recipes/DESED/train.py",
        "hparams/lgc.yaml",
        "--overrides=hparams/mini.yaml",
        f"--overrides={_STEPS}",
        *words,
        *run.method.words,
        f"--seed={run.seed}",
        f"--data_folder={run.data}",
        f"--output_folder={run.folder}",
        "--noprogressbar",
    ]
