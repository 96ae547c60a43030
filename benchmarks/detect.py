#!/usr/bin/env python3
"""Measures the detector: seconds and memory, by length, format and options.

    python benchmarks/detect.py [--write]

Everything is measured through the command line, lgc-sed detect, in a fresh
process: imports and loading count.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir, mkdtemp
from typing import Any

from detect_report import format_table, goals, run_case, summarize
from detect_variants import (
    LENGTHS,
    VARIANTS,
    Case,
    check_space,
    make_cases,
    write_audio,
)
from harness import (
    add_options,
    clean_up_when_stopped,
    describe_run,
    finish_options,
    in_fresh_process,
    make_parser,
    pick,
    take_turns,
    versions,
    write_results,
)
from tables import print_goals

_LONGEST = 86400.0  # a WAV file that is much longer is none
# Seconds, and one variant of each kind.
_QUICK_LENGTHS = (10.0,)
_QUICK_VARIANTS = ("stereo", "mp3", "stream", "bf16")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line.

    Returns with ``cases`` to measure, and ``output`` None if nothing is
    written.
    """
    parser = make_parser(__doc__)
    _add_options(parser.add_argument)
    options = parser.parse_args(words)
    fail = parser.error
    if options.lengths is None:
        options.lengths = _QUICK_LENGTHS if options.quick else LENGTHS
    if not all(1 <= each <= _LONGEST for each in options.lengths):
        fail(f"--lengths must be from 1 to {_LONGEST:g} seconds")
    kind = options.device.partition(":")[0]
    try:
        finish_options(options, f"detect_{kind}")
        options.cases = _choose_cases(options)
        check_space(options.folder, [each.audio for each in options.cases])
    except (ValueError, OSError) as error:
        fail(str(error))
    return options


def _add_options(add: Callable[..., Any]) -> None:
    add(
        "--lengths",
        type=float,
        nargs="+",
        metavar="SECONDS",
        help="of the recordings (default: "
        f"{' '.join(f'{each:g}' for each in LENGTHS)});\nvariants have none "
        "that is longer",
    )
    names = "\n".join(f"  {v.name:10}{v.title}" for v in VARIANTS)
    add(
        "--variants",
        help=f"commas between them, or none (default: all)\n{names}",
    )
    add("--device", default="cpu", help="cpu, cuda, cuda:1 ...")
    add(
        "--folder",
        type=Path,
        default=Path(gettempdir()),
        help="where audio is written: 1.6 GB, removed at the end",
    )
    add("--keep", action="store_true", help="do not remove it")
    add_options(add, rounds=1, per="line")


def _choose_cases(options: argparse.Namespace) -> list[Case]:
    known = {each.name: each for each in VARIANTS}
    if options.variants is not None:
        none = options.variants in ("", "none")
        wanted = [] if none else pick(options.variants, known, "variant")
    else:
        wanted = list(_QUICK_VARIANTS if options.quick else known)
    chosen = [each for name, each in known.items() if name in wanted]
    cases = make_cases(options.lengths, chosen)
    for each in cases:
        if not each.audio.writable:
            print(f"{each.name}: left out, libsndfile here cannot write it")
    return [each for each in cases if each.audio.writable]


def main(words: Sequence[str]) -> int:
    """Measures, prints the table, writes the results."""
    options = parse(words)
    # The measured processes inherit it.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    with _work_folder(options.folder, options.keep) as folder:
        facts = in_fresh_process(_make_model, folder / "model", options.seed)
        for audio in dict.fromkeys(each.audio for each in options.cases):
            write_audio(folder / "audio", audio, options.seed)
        measure = partial(run_case, folder=folder, device=options.device)
        if not options.quick:
            measure(options.cases[0])  # reads the libraries from the disk
        runs = take_turns(options.cases, options.rounds, measure)
    rows = summarize(options.cases, runs)
    print(format_table(rows))
    for hop, seconds in facts["latency_seconds"].items():
        print(f"latency of a stream with a hop of {hop}: {seconds:.1f} s")
    # The goals are of hours of audio, on a CPU.
    checked = [] if options.quick or options.device != "cpu" else goals(rows)
    print_goals(checked)
    if options.output is not None:
        names = ("device", "quick", "rounds", "seed", "threads")
        content = {
            **describe_run(
                "detect",
                {name: getattr(options, name) for name in names},
                **{name: facts[name] for name in ("torch", "speechbrain")},
                **versions("numpy", "scipy", "soundfile"),
            ),
            "latency_seconds": facts["latency_seconds"],
            "goals": checked,
            "rows": {name: asdict(row) for name, row in rows.items()},
        }
        write_results(options.output, content)
    return int(any(row.failed for row in rows.values()))


@contextmanager
def _work_folder(parent: Path, keep: bool) -> Iterator[Path]:
    """A folder, removed afterwards if it is not to be kept."""
    parent.mkdir(parents=True, exist_ok=True)
    if not keep:
        with TemporaryDirectory(prefix="detect_", dir=parent) as folder:
            yield Path(folder)
        return
    folder = Path(mkdtemp(prefix="detect_", dir=parent))
    print(f"kept: {folder}", file=sys.stderr)
    yield folder


def _make_model(folder: Path, seed: int) -> dict[str, Any]:
    from detect_model import make_model  # imports PyTorch

    return make_model(folder, seed)


if __name__ == "__main__":
    clean_up_when_stopped()
    sys.exit(main(sys.argv[1:]))
