#!/usr/bin/env python3
"""Measures a training step: plain PyTorch against ours, tuning by tuning.

    python benchmarks/train_step.py [--device cpu] [--profile paper]

Every variant runs in processes of its own, in turn with the others and
several times, so that whatever else the machine does hits all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness import (
    HERE,
    RESULTS,
    describe_run,
    make_parser,
    take_turns,
    write_results,
)
from step_report import (
    VARIANTS,
    Variant,
    choose_variants,
    format_table,
    summarize,
)

from lgc_plugin.utils.parallel import available_cores

_WARM_UP = 2
_WARM_UP_COMPILED = 4
_QUICK_SHRINK = 6  # of the paper's batch, 2, 2 and 4 clips are left


def measure_rounds(
    options: argparse.Namespace, variants: Sequence[Variant]
) -> dict[str, list[dict[str, Any]]]:
    """What ``step_worker.py`` measures of each variant, in each round."""
    with tempfile.TemporaryDirectory() as folder:
        return take_turns(
            variants,
            options.rounds,
            lambda variant: _run_worker(variant, options, Path(folder)),
            lambda run: ", ".join(f"{x:.3f} s" for x in run["step_seconds"]),
        )


def _run_worker(
    variant: Variant, options: argparse.Namespace, folder: Path
) -> dict[str, Any]:
    """One variant in a fresh process; the reason if it fails."""
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    warm_up = _WARM_UP_COMPILED if variant.compiled else _WARM_UP
    words = {
        "profile": options.profile,
        "device": options.device,
        "threads": options.threads,
        "steps": options.steps,
        "warm-up": 1 if options.quick else warm_up,
        "shrink": _QUICK_SHRINK if options.quick else 1,
    }
    command = [sys.executable, str(HERE / "step_worker.py"), variant.name]
    command += [str(result), *(f"--{k}={v}" for k, v in words.items())]
    if options.sync_check:
        command.append("--sync-check")
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(options.threads),
        # Empty at the start: the first round has the cost of compiling.
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "compiled"),
    }
    status = subprocess.run(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=options.log
    ).returncode
    if not result.exists():
        return {"failed": f"the process ended with status {status}"}
    return json.loads(result.read_text(encoding="utf-8"))


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line.

    Returns with ``variants`` as such, and ``out`` None if nothing is written.
    """
    parser = make_parser(__doc__)
    add = parser.add_argument
    add("--device", default="cpu", help="cpu, cuda, cuda:1 ...")
    add(
        "--profile",
        choices=("paper", "mini"),
        default="paper",
        help="hparams/lgc.yaml, or with hparams/mini.yaml on top",
    )
    names = "\n".join(f"  {v.name:14}{v.title}" for v in VARIANTS)
    add(
        "--variants",
        help=f"commas between them; plain is always one\n{names}",
    )
    add("--rounds", type=int, default=2, help="processes per variant")
    add(
        "--steps",
        type=int,
        default=3,
        help="timed steps per process; on a GPU, per block of them",
    )
    add("--threads", type=int, default=available_cores())
    add(
        "--quick",
        action="store_true",
        help="one round, one step, few clips: only to see that it runs;\n"
        "writes nothing without --output",
    )
    add(
        "--sync-check",
        action="store_true",
        help="on a GPU, report what in a step makes the host wait for it",
    )
    add("--output", type=Path, help="JSON file of the results")
    add("--log", help="file for what the measured processes print")
    options = parser.parse_args(words)
    try:
        chosen = options.variants and options.variants.split(",")
        options.variants = choose_variants(chosen)
    except ValueError as error:
        parser.error(str(error))
    if min(options.rounds, options.steps, options.threads) < 1:
        parser.error("--rounds, --steps and --threads must be at least 1")
    kind = options.device.partition(":")[0]
    if options.sync_check and kind != "cuda":
        parser.error("--sync-check: needs a GPU, as in --device=cuda")
    if options.quick:
        options.rounds = options.steps = 1
    elif options.output is None:
        name = f"train_step_{options.profile}_{kind}.json"
        options.output = RESULTS / name
    return options


def main(words: Sequence[str]) -> int:
    """Measures, prints the table, writes the results."""
    options = parse(words)
    log_file = options.log or os.devnull
    with open(log_file, "w", encoding="utf-8") as options.log:
        runs = measure_rounds(options, options.variants)
    rows = summarize(options.variants, runs)
    print(format_table(rows))
    if options.output is not None:
        names = ("profile", "device", "quick", "rounds", "steps", "threads")
        done = [run for of_name in runs.values() for run in of_name]
        described = next((run for run in done if "torch" in run), {})
        content = {
            **describe_run(
                "train_step",
                {name: getattr(options, name) for name in names},
                torch=described.get("torch"),
                clips=described.get("batch"),
            ),
            "variants": [asdict(row) for row in rows],
        }
        write_results(options.output, content)
    return int(any(row.failed for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
