"""``lgc-sed info``: what is installed, what it runs on, and what is wrong."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from lgc_plugin.cli.detect_options import add_encoder_weights
from lgc_plugin.utils.loading import WATCHED, LoadError, explained
from lgc_plugin.utils.versions import (
    find_problems,
    installed_problems,
    installed_version,
    package_versions,
    requirements,
)

_DESCRIPTION = """\
Prints versions, devices, threads and extras, of a model also its encoder and
where the weights of that are, and what is wrong with them. Paste it into a bug
report. Exit status 1 if something needed does not work.
"""

_EXTRAS = {
    "onnx": "lgc-sed export --onnx",
    "encoders": "pretrained frame encoders",
    "scores": "PSDS over all thresholds",
    "verify": "lgc-sed evaluate --verify",
    "energy": "energy of a run",
}


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "info",
        help="versions, devices and what is wrong with them",
        description=_DESCRIPTION,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "--model",
        metavar="DIR",
        help="also describe a model: folder of a run that has ended, or a "
        "model folder",
    )
    add_encoder_weights(parser)


def run(args: argparse.Namespace) -> int:
    """Runs the command; the status is 1 if a requirement does not work."""
    from lgc_plugin.report.text import aligned

    unloadable = _load_problems()
    problems = [*installed_problems(), *unloadable]
    model: list[list[str]] = []
    if args.model and not unloadable:
        model, more = _model(args.model, args.encoder_weights)
        problems += more
    rows = [
        *_systems(),
        *_packages(),
        *([] if unloadable else _devices()),
        *_extras(),
        *model,
        *(["problem", problem] for problem in problems),
    ]
    if not problems:
        rows.append(["problems", "none"])
    print(aligned(rows, left=True))
    return 1 if problems else 0


def _load_problems() -> list[str]:
    """Why torch, torchaudio or SpeechBrain cannot be loaded."""
    for name in WATCHED:
        try:
            import_module(name)
        except LoadError as error:
            return [str(error)]
        except ModuleNotFoundError as error:
            return [str(explained(error))]
    return []


def _model(
    folder: str, weights: str | None
) -> tuple[list[list[str]], list[str]]:
    """What a model is, where its encoder's weights are, what is wrong."""
    from lgc_plugin.inference.model.model_encoder import make_encoder
    from lgc_plugin.inference.model.model_files import (
        SETTINGS,
        find_model,
        network_names,
    )
    from lgc_plugin.inference.model.model_settings import read_settings

    place = find_model(folder)
    where = place / SETTINGS
    settings = read_settings(where)
    names = ", ".join(network_names(place)) or "no network"
    rows = [
        ["model", str(place)],
        ["networks", names],
        ["labels", ", ".join(settings.labels)],
        [
            "windows",
            f"{settings.clip_seconds:g} s at {settings.sample_rate} Hz",
        ],
        ["scores to events", json.dumps(settings.post_processing.settings())],
    ]
    entry = settings.frame_encoder
    if entry is None:
        return [*rows, ["encoder", "none"]], []
    arguments = dict(entry["arguments"])
    path = weights or arguments.pop("weights", "none")
    options = ", ".join(f"{k}={v}" for k, v in arguments.items())
    rows += [
        ["encoder", f"{entry['class']} ({options})"],
        ["encoder weights", f"{path}, fingerprint {entry['fingerprint']}"],
    ]
    try:
        make_encoder(entry, where, weights)
    except (OSError, ValueError) as error:
        return rows, [str(error)]
    return rows, []


def _systems() -> Iterator[list[str]]:
    yield ["system", f"{platform.platform()}, {platform.machine()}"]
    yield ["python", platform.python_version()]


def _packages() -> Iterator[list[str]]:
    names = [each.name for each in requirements()] or WATCHED
    versions = package_versions(sorted(names, key=str.lower))
    versions.pop("python")
    for name, version in versions.items():
        yield [name, version or "not installed"]


def _devices() -> Iterator[list[str]]:
    """Where PyTorch can compute."""
    import torch

    from lgc_plugin.utils.parallel import available_cores

    capability = torch.backends.cpu.get_cpu_capability()
    text = _cpuinfo()
    name = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    has_bf16 = re.search(r"\b(avx512_bf16|amx_bf16|bf16)\b", text)
    facts = [name[1]] if name else []
    facts += [capability, "bf16" if has_bf16 else "bf16 emulated (slow)"]
    yield ["device", f"cpu: {', '.join(facts)}"]
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    yield [
        "threads",
        f"{torch.get_num_threads()} of PyTorch, {available_cores()} cores, "
        f"OMP_NUM_THREADS {threads}",
    ]
    built = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPUs only"
    if torch.version.hip:
        built = f"ROCm {torch.version.hip}"
    yield ["built for", built]
    for index in range(torch.cuda.device_count()):
        gpu = torch.cuda.get_device_properties(index)
        size = gpu.total_memory / 2**30
        yield ["device", f"cuda:{index}: {gpu.name}, {size:.0f} GiB"]
    if torch.backends.mps.is_available():
        yield ["device", "mps"]
    if shutil.which("nvidia-smi") and not torch.cuda.is_available():
        yield [
            "note",
            "there is an NVIDIA driver, but this PyTorch cannot use it: it is "
            f"built for {built}; compare with what nvidia-smi prints",
        ]


def _cpuinfo() -> str:
    """What Linux reports about the processor; "" elsewhere."""
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _extras() -> Iterator[list[str]]:
    """Each extra: installed, or what it lacks."""
    for extra, purpose in _EXTRAS.items():
        needed = requirements(extra)
        found = {each.name: installed_version(each.name) for each in needed}
        missing = [name for name, version in found.items() if version is None]
        problems = find_problems(needed, found)
        if not needed:
            state = "unknown: lgc_plugin is not installed"
        elif missing:
            state = f"not installed ({', '.join(missing)})"
        elif problems:
            state = "; ".join(problems)
        else:
            state = ", ".join(f"{k} {v}" for k, v in found.items())
        yield [f"extra {extra}", f"{state}; for {purpose}"]
