"""What all benchmarks share: arguments, rounds, machine, JSON.

What is compared is measured by turns, round after round, each in a process of
its own, so that whatever else the machine does affects all alike.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timezone
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Protocol, TypeVar

from lgc_plugin.utils.files import write_json
from lgc_plugin.utils.parallel import available_cores

HERE = Path(__file__).resolve().parent
RESULTS, ABLATION = HERE / "results", HERE / "ablation"

Runs = Mapping[str, Sequence[Mapping[str, Any]]]
"""By name, what was measured in each round, or why it ``failed``."""

Result = TypeVar("Result")


class Named(Protocol):
    """A case or a variant that is measured."""

    @property
    def name(self) -> str:
        """Of the command line and of the results."""


Case = TypeVar("Case", bound=Named)


def make_parser(text: str | None) -> argparse.ArgumentParser:
    """A parser whose help keeps the line breaks of a script's docstring."""
    return argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawTextHelpFormatter
    )


def pick(text: str | None, known: Iterable[str], kind: str) -> list[str]:
    """Names that are listed with commas; all if there is no list.

    >>> pick("ours", ["plain", "ours"], "variant"), pick(None, "ab", "variant")
    (['ours'], ['a', 'b'])
    """
    known = list(known)
    names = [name for name in text.split(",") if name] if text else known
    for name in names:
        if name not in known:
            raise ValueError(
                f"{kind} {name!r} is unknown; there are {', '.join(known)}"
            )
    return names


def add_options(add: Callable[..., Any], rounds: int, per: str) -> None:
    """The options of a benchmark that writes ``results/<name>.json``."""
    add("--rounds", type=int, default=rounds, help=f"processes per {per}")
    add("--threads", type=int, default=available_cores())
    add("--seed", type=int, default=0, help="of whatever is random")
    add(
        "--quick",
        action="store_true",
        help="one round, little data: only to see that it runs",
    )
    add("--write", action="store_true", help="write benchmarks/results/")
    add("--output", type=Path, help="JSON file of the results")


def finish_options(options: argparse.Namespace, name: str) -> None:
    """Checks the options of :func:`add_options`, and sets ``output``.

    Without ``--write`` and ``--output`` it stays None: nothing is written.
    """
    if options.quick:
        if options.write:
            raise ValueError(
                "--quick measures nothing worth --write: use --output"
            )
        options.rounds = 1
    if min(options.rounds, options.threads) < 1:
        raise ValueError("--rounds and --threads must be at least 1")
    if options.write and options.output is None:
        options.output = RESULTS / f"{name}.json"


def take_turns(
    cases: Sequence[Case],
    rounds: int,
    measure: Callable[[Case], dict[str, Any]],
    describe: Callable[[Mapping[str, Any]], str] = (
        lambda run: f"{run['seconds']:.2f} s"
    ),
) -> dict[str, list[dict[str, Any]]]:
    """Measures all cases by turns; one that ``failed`` is not tried again."""
    runs: dict[str, list[dict[str, Any]]] = {case.name: [] for case in cases}
    for number in range(1, rounds + 1):
        for case in cases:
            done = runs[case.name]
            if failure(done):
                continue
            done.append(measure(case))
            result = done[-1].get("failed") or describe(done[-1])
            place = f"round {number}/{rounds}"
            print(
                f"{place}  {case.name}: {result}", file=sys.stderr, flush=True
            )
    return runs


def failure(runs: Sequence[Mapping[str, Any]]) -> str | None:
    """Why one of the rounds failed; None if none did."""
    return next((run["failed"] for run in runs if "failed" in run), None)


def in_fresh_process(
    function: Callable[..., Result], *arguments: Any
) -> Result:
    """The result of an importable function, from a new Python."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def ratios(
    plain: Sequence[Sequence[float]], mine: Sequence[Sequence[float]]
) -> tuple[float, float]:
    """Shortest plain time / shortest time, and the median of the rounds'.

    Both have the seconds of each round; within one, medians are compared.

    >>> ratios([[4.0, 5.0], [6.0]], [[2.0, 2.0], [1.0]])
    (4.0, 4.125)
    """
    shortest = (min(min(times) for times in each) for each in (plain, mine))
    of_rounds = (
        median(theirs) / median(ours)
        for theirs, ours in zip(plain, mine, strict=True)
    )
    return next(shortest) / next(shortest), median(of_rounds)


def peak_mib() -> float:
    """Largest size of this process so far."""
    status = Path("/proc/self/status")
    if status.is_file():
        # What the system calls ru_maxrss is at least the parent's size.
        found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
        if found:
            return int(found[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if platform.system() == "Darwin" else 2**10)


def describe_run(
    name: str, options: Mapping[str, Any] | None = None, **machine: Any
) -> dict[str, Any]:
    """How the file of a benchmark begins, its options and machine included.

    >>> list(describe_run("anchors", {"seeds": [1]}))
    ['benchmark', 'date', 'seeds', 'machine']
    """
    return {
        "benchmark": name,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **(options or {}),
        "machine": {**describe_machine(), **machine},
    }


def describe_machine() -> dict[str, Any]:
    """What the numbers are measured on; None where the system has no answer."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": available_cores(),
        "memory_gib": _memory_gib(),
        "python": platform.python_version(),
    }


def versions(*packages: str) -> dict[str, str]:
    """Versions of installed packages."""
    return {name: version(name) for name in packages}


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None
    return round(pages / 2**30, 1)


def write_results(path: Path, content: Mapping[str, Any]) -> None:
    """Writes the JSON file of a benchmark, and prints where it is."""
    write_json(path, content)
    print(f"written: {path}")


def clean_up_when_stopped() -> None:
    """Lets SIGTERM remove temporary folders, which may be gigabytes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def report_error(error: object, status: int = 1) -> int:
    """Prints one line with the script's name; returns the exit status."""
    script = Path(sys.argv[0]).name
    print(f"{script}: error: {error}", file=sys.stderr)
    return status
