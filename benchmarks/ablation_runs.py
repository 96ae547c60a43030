"""The methods that an ablation compares, their data sets and their runs.

What is finished is not done again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


@dataclass(frozen=True)
class Method:
    """One column of the ablation.

    >>> Method("cutmix", "+ CutMix", ("--contrast_weight=0",), "mean_teacher")
    ... # doctest: +ELLIPSIS
    Method(name='cutmix', ...)
    """

    #: Of folders and options
    name: str
    #: For people
    title: str
    #: What the recipe's command line gets
    words: tuple[str, ...] = ()
    #: The method that it adds one thing to
    against: str | None = None
    #: Methods that are looked at together
    group: str = "LGC"


def _file(name: str) -> str:
    return f"--overrides=hparams/{name}.yaml"


LADDER = (
    # Not by supervised.yaml, which leaves the unlabeled clips out: here they
    # are part of the batch statistics, as in all other methods.
    Method(
        "supervised",
        "supervised",
        (
            "--experiment=supervised",
            "--consistency_weight=0",
            "--cutmix_weight=0",
            "--contrast_weight=0",
        ),
    ),
    Method(
        "mean_teacher",
        "mean teacher",
        ("--overrides=hparams/mean_teacher.yaml",),
        "supervised",
    ),
    Method("cutmix", "+ CutMix", ("--contrast_weight=0",), "mean_teacher"),
    Method("lgc", "+ prototypes = LGC", (), "cutmix"),
)
"""Each adds one part of the method to the one before."""

_OTHERS = {
    "ict": "ICT",
    "sct": "SCT",
    "rct": "RCT",
    "filter_aug": "FilterAugment",
    "strong_aug": "strong augmentation",
}


def _combine(name: str, title: str) -> tuple[Method, Method]:
    """Another method beside a mean teacher, and beside LGC."""
    file = _file(f"lgc_{name}")
    baseline = (_file("mean_teacher"), file)
    beside = f"mean teacher + {title}"
    return (
        Method(name, beside, baseline, "mean_teacher", title),
        Method(f"lgc_{name}", f"LGC + {title}", (file,), "lgc", title),
    )


COMBINATIONS = tuple(
    method
    for name, title in _OTHERS.items()
    for method in _combine(name, title)
)
"""What LGC is combined with, without it and with it."""

METHODS = {method.name: method for method in (*LADDER, *COMBINATIONS)}

HEADLINE = ("lgc", "supervised")
"""What clips without onsets bring: LGC, and the same labels without it."""

# The paper's claims: LGC adds to a mean teacher, and to other methods.
_CLAIMS = (
    ("lgc", "mean_teacher"),
    HEADLINE,
    *((f"lgc_{name}", name) for name in _OTHERS),
)


def pairs(names: list[str]) -> list[tuple[str, str]]:
    """Who is compared with whom: with what it builds on, and the claims.

    >>> pairs(["mean_teacher", "lgc"])
    [('lgc', 'mean_teacher')]
    """
    found = [
        (name, METHODS[name].against)
        for name in names
        if METHODS[name].against in names
    ]
    found += [pair for pair in _CLAIMS if set(pair) <= set(names)]
    return list(dict.fromkeys(found))


ROOT = Path(__file__).resolve().parents[1]
_STEPS = "benchmarks/ablation/steps.yaml"


def usual_bank() -> str:
    """The real recordings that the tests read as well; else made sounds.

    >>> Path(usual_bank()).name in ("sounds", "synthetic")
    True
    """
    recordings = ROOT.parent / "shared" / "data" / "sounds"
    return str(recordings) if recordings.is_dir() else "synthetic"


class Run(NamedTuple):
    """One training."""

    #: What is trained
    method: Method
    #: Of the data set and of the training
    seed: int
    #: Of its results
    folder: Path
    #: Its data set
    data: Path

    @property
    def finished(self) -> bool:
        """Whether the results are there."""
        return (self.folder / "results.json").is_file()


def plan_runs(
    folder: Path, methods: Sequence[Method], seeds: Sequence[int]
) -> list[Run]:
    """All runs, seed by seed, so that an ablation cut short has whole seeds.

    >>> from ablation_runs import METHODS
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
    """Soundscapes of a bank, unless they are there."""
    about = run.data / "soundscapes.json"
    if about.is_file():
        made_of = json.loads(about.read_text())["bank"]["name"]
        if made_of != Path(bank).name:
            raise ValueError(
                f"{run.data}: made of the sounds in {made_of!r}, expected are "
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
    report: Callable[[str], None],
    command: Callable[[Run, Sequence[str]], list[str]] | None = None,
) -> list[Run]:
    """Trains what is not finished, several at a time, each on its cores."""
    command = command or train_command
    threads = max(1, (os.cpu_count() or 1) // n_jobs)

    def train(run: Run) -> bool:
        if run.finished:
            return True
        run.folder.mkdir(parents=True, exist_ok=True)
        with open(run.folder / "log.txt", "w") as log:
            done = subprocess.run(
                command(run, words),
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**os.environ, "OMP_NUM_THREADS": str(threads)},
            )
        end = "done" if done.returncode == 0 else f"FAILED ({log.name})"
        report(f"seed {run.seed}  {run.method.title}: {end}")
        return done.returncode == 0

    with ThreadPoolExecutor(n_jobs) as pool:
        good = list(pool.map(train, runs))
    return [run for run, done in zip(runs, good, strict=True) if not done]


def train_command(run: Run, words: Sequence[str]) -> list[str]:
    """The recipe's command line for a run."""
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
