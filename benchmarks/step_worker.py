"""Measures one variant of the training step, in a process of its own.

Started by ``train_step.py``: what a variant does to its process (memory
settings, compiled code) must not reach the others.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import torch
from harness import peak_mib
from measured_step import make_step
from step_report import choose_variants
from step_setup import load_hparams, random_batch
from torch import Tensor

from lgc_plugin.types import LabelKind

_BLOCKS = 3  # on a GPU, each of --steps steps


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Times the steps of a variant."""
    torch.set_num_threads(options.threads)
    variant = choose_variants([options.variant])[-1]
    hparams = load_hparams(options.profile)
    batch = random_batch(hparams, options.device, options.shrink)
    step = make_step(variant, hparams, options.device)
    on_gpu = torch.device(options.device).type == "cuda"
    finish = torch.cuda.synchronize if on_gpu else (lambda: None)
    results = []

    def run() -> None:
        # Numbers stay on the device, and no graph is kept.
        loss, terms = step(batch)
        results.append((loss, terms.n_anchors.detach()))

    warm_up = [_seconds(run, 1, finish) for _ in range(options.warm_up)]
    if on_gpu:
        times = [_seconds(run, options.steps, finish) for _ in range(_BLOCKS)]
    else:
        times = [_seconds(run, 1, finish) for _ in range(options.steps)]
    losses, anchors = zip(*results, strict=True)
    loss = float(losses[-1])
    if not math.isfinite(loss):
        raise ValueError(f"the loss is {loss}: the times mean nothing")
    measured = {
        "step_seconds": times,
        "warm_up_seconds": warm_up,
        "compile_seconds": None,
        "peak_mib": _peak_mib(on_gpu),
        "anchors": float(torch.stack(anchors).float().mean()),
        "loss": loss,
        "batch": _clips_by_kind(batch.label_kind),
        "torch": _describe_torch(options.device),
    }
    if variant.compiled:
        usual = statistics.median(times) * len(warm_up)
        measured["compile_seconds"] = max(0.0, sum(warm_up) - usual)
    if options.sync_check:
        measured["waits"] = _why_it_waits(run)
    return measured


def _seconds(
    run: Callable[[], None], n_steps: int, finish: Callable[[], None]
) -> float:
    """Seconds per step of a block of steps."""
    finish()
    start = time.perf_counter()
    for _ in range(n_steps):
        run()
    finish()
    return (time.perf_counter() - start) / n_steps


def _why_it_waits(run: Callable[[], None]) -> str | None:
    """What in a step makes the host wait for the GPU; None if nothing does."""
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        run()
    except RuntimeError as error:
        return _first_line(error)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return None


def _peak_mib(on_gpu: bool) -> float:
    """Of PyTorch's tensors on a GPU, of the whole process on a CPU."""
    if on_gpu:
        return torch.cuda.max_memory_allocated() / 2**20
    return peak_mib()


def _clips_by_kind(label_kind: Tensor) -> dict[str, int]:
    return {
        str(kind): int((label_kind == kind).sum())
        for kind in sorted(LabelKind, reverse=True)
    }


def _describe_torch(device: str) -> dict[str, Any]:
    """Versions and settings that the speed depends on."""
    described = {
        "version": torch.__version__,
        "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }
    if torch.device(device).type == "cuda":
        described["gpu"] = torch.cuda.get_device_name(device)
        described["cuda"] = torch.version.cuda
        described["tf32"] = torch.backends.cuda.matmul.allow_tf32
    return described


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("variant")
    parser.add_argument("result", help="JSON file to write")
    parser.add_argument("--profile", default="paper")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--shrink", type=int, default=1)
    parser.add_argument("--sync-check", action="store_true")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Writes the measurement, or the reason why there is none."""
    options = parse(words)
    try:
        measured = measure(options)
    except Exception as error:  # one variant less; the others go on
        traceback.print_exc()
        measured = {"failed": _first_line(error)}
    with open(options.result, "w", encoding="utf-8") as file:
        json.dump(measured, file)
    return int("failed" in measured)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
