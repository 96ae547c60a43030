#!/usr/bin/env python3
"""Measures pretrained encoders: how fast embeddings are computed, their size.

    python benchmarks/encoder_speed.py [--weights yamnet=FILE ...] [--write]

Each encoder fills an empty cache with the embeddings of clips of noise, as a
training does before it begins, in a fresh process. Weights that are not given
are random: speed does not depend on them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from encoder_variants import VARIANTS, Variant
from harness import (
    Runs,
    add_options,
    clean_up_when_stopped,
    describe_run,
    failure,
    finish_options,
    in_fresh_process,
    make_parser,
    peak_mib,
    pick,
    take_turns,
    versions,
    write_results,
)
from tables import measured_table, number_cells

RATE = 16000


@dataclass(frozen=True)
class Row:
    """One line of the table, all rounds together."""

    title: str
    failed: str | None
    #: ``given`` or ``random``
    weights: str = ""
    size: int | None = None
    frames_per_second: float | None = None
    #: Shortest of all rounds
    seconds: float | None = None
    #: How many seconds of audio are embedded in a second
    speed: float | None = None
    #: And in a second of a core's time, which other programs hardly change
    core_speed: float | None = None
    mb_per_hour: float | None = None
    load_seconds: float | None = None
    peak_mib: float | None = None


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser(__doc__)
    _add_options(parser.add_argument)
    options = parser.parse_args(words)
    if options.quick:
        options.clips, options.seconds = 2, 1.0
    try:
        names = pick(options.encoders, [v.name for v in VARIANTS], "encoder")
        options.variants = [v for v in VARIANTS if v.name in names]
        options.weights = dict(_weights(each) for each in options.weights)
        finish_options(options, f"encoder_speed_{options.device[:4]}")
        if options.clips < 1 or not options.seconds > 0:
            raise ValueError("--clips and --seconds must be above 0")
    except ValueError as error:
        parser.error(str(error))
    return options


def _add_options(add: Callable[..., Any]) -> None:
    names = "\n".join(f"  {v.name:16}{v.title}" for v in VARIANTS)
    add("--encoders", help=f"commas between them (default: all)\n{names}")
    add(
        "--weights",
        action="append",
        default=[],
        metavar="ENCODER=PATH",
        help="what it reads; may be given several times",
    )
    add("--clips", type=int, default=24)
    add("--seconds", type=float, default=10.0, help="of each clip")
    add("--device", default="cpu", help="cpu, cuda, cuda:1 ...")
    add_options(add, rounds=1, per="encoder")


def _weights(text: str) -> tuple[str, Path]:
    """``yamnet=FILE`` as a pair."""
    name, _, path = text.partition("=")
    pick(name, [v.name for v in VARIANTS], "encoder")
    if not Path(path).exists() or not path:
        raise ValueError(f"--weights {text}: no such file or folder")
    return name, Path(path).absolute()


def measure(variant: Variant, options: argparse.Namespace) -> dict[str, Any]:
    """What one round finds; why it ``failed``, if it does."""
    weights = options.weights.get(variant.name)
    given = (options.clips, options.seconds, options.device, options.seed)
    try:
        return in_fresh_process(embed_noise, variant.name, weights, *given)
    except Exception as error:  # such as a package that is not installed
        reason = " ".join(str(error).split())
        return {"failed": f"{type(error).__name__}: {reason}"}


def embed_noise(
    name: str,
    weights: Path | None,
    n_clips: int,
    seconds: float,
    device: str,
    seed: int,
) -> dict[str, Any]:
    """Fills an empty cache, in this process."""
    import numpy as np

    from lgc_plugin.data.embedding_cache import EmbeddingCache

    rng = np.random.default_rng(seed)
    shape = (n_clips, round(seconds * RATE))
    noise = rng.integers(-3000, 3000, shape, np.int16)
    (variant,) = (each for each in VARIANTS if each.name == name)
    with TemporaryDirectory(prefix="encoder_speed_") as folder:
        (place := Path(folder) / "weights").mkdir()
        start = time.perf_counter()
        encoder = variant.make(weights, place)
        loaded = time.perf_counter()
        warm = EmbeddingCache(
            {"a": noise[:1] // 2}, encoder, place, device=device
        )
        warm.compute(warm.plan(progress=False).shards, progress=False)
        cache = EmbeddingCache({"a": noise}, encoder, folder, device=device)
        began, cpu_began = time.perf_counter(), time.process_time()
        plan = cache.plan(progress=False)
        cache.compute(plan.shards, progress=False)
        ended, cpu_ended = time.perf_counter(), time.process_time()
        files = Path(folder, "embeddings").rglob("*.*")
        n_bytes = sum(path.stat().st_size for path in files)
    return {
        "size": encoder.size,
        "frames_per_second": 1 / encoder.frame_seconds,
        "seconds": ended - began,
        "cpu_seconds": cpu_ended - cpu_began,
        "load_seconds": loaded - start,
        "n_bytes": n_bytes,
        "peak_mib": peak_mib(),
    }


def summarize(options: argparse.Namespace, runs: Runs) -> list[Row]:
    """A row for each encoder."""
    return [_row(each, runs[each.name], options) for each in options.variants]


def _row(
    variant: Variant,
    runs: Sequence[Mapping[str, Any]],
    options: argparse.Namespace,
) -> Row:
    failed = failure(runs)
    if failed is not None:
        return Row(variant.title, failed)
    audio = options.clips * options.seconds
    seconds = min(run["seconds"] for run in runs)
    return Row(
        variant.title,
        None,
        "given" if variant.name in options.weights else "random",
        runs[0]["size"],
        runs[0]["frames_per_second"],
        seconds,
        audio / seconds,
        audio / min(run["cpu_seconds"] for run in runs),
        runs[0]["n_bytes"] / audio * 3600 / 1e6,
        min(run["load_seconds"] for run in runs),
        max(run["peak_mib"] for run in runs),
    )


def format_table(rows: Sequence[Row]) -> str:
    """A Markdown table, one line per encoder."""
    head = "encoder|weights|size|frames/s|s|times real time|per core|MB/h"
    return measured_table(
        [*head.split("|"), "peak MiB"],
        rows,
        lambda row: [row.title, row.weights],
        _cells,
    )


def _cells(row: Row) -> list[str]:
    return number_cells(
        [
            (row.size, 0),
            (row.frames_per_second, 2),
            (row.seconds, 1),
            (row.speed, 1),
            (row.core_speed, 1),
            (row.mb_per_hour, 1),
            (row.peak_mib, 0),
        ]
    )


def main(words: Sequence[str]) -> int:
    """Measures, prints the table, writes the results."""
    options = parse(words)
    # The measured processes inherit it.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    runs = take_turns(
        options.variants, options.rounds, partial(measure, options=options)
    )
    rows = summarize(options, runs)
    print(format_table(rows))
    if options.output is not None:
        names = ("clips", "seconds", "device", "rounds", "threads", "seed")
        content = {
            **describe_run(
                "encoder_speed",
                {name: getattr(options, name) for name in names},
                **versions("torch", "torchaudio", "speechbrain", "numpy"),
            ),
            "rows": [asdict(row) for row in rows],
        }
        write_results(options.output, content)
    return int(any(row.failed for row in rows))


if __name__ == "__main__":
    clean_up_when_stopped()
    sys.exit(main(sys.argv[1:]))
