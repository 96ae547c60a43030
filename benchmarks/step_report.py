"""Which pieces each measured training step is made of, and their table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from harness import Runs, failure, ratios
from tables import measured_table, number_cells


@dataclass(frozen=True)
class Variant:
    """A training step: the plain one with some of the tunings."""

    #: What ``--variants`` calls it
    name: str
    #: What the table calls it; "+ ..." adds to the line above
    title: str
    #: Freed memory stays in the process
    allocator: bool = False
    #: Prototypes and contrast of all classes at once
    vectorized_prototypes: bool = False
    #: The teacher and the optimizer move all parameters in one go
    fused_updates: bool = False
    #: The gate's linear layer is a 1x1 convolution
    convolved_gate: bool = False
    #: Feature maps have their channels together in memory
    channels_last: bool = False
    #: ``LGCBrain`` makes the step, of the modules as they are shipped
    recipe: bool = False
    #: Forward passes under autocast to bfloat16
    bf16: bool = False
    #: ``torch.compile`` for student and teacher
    compiled: bool = False


_PLAIN = Variant("plain", "plain")
_ALLOCATOR = replace(
    _PLAIN, name="allocator", title="+ allocator", allocator=True
)
_PROTOTYPES = replace(
    _ALLOCATOR,
    name="prototypes",
    title="+ vectorized prototypes",
    vectorized_prototypes=True,
)
_FUSED = replace(
    _PROTOTYPES,
    name="fused",
    title="+ fused EMA and optimizer",
    fused_updates=True,
)
_GATE = replace(
    _FUSED, name="gate", title="+ gate as 1x1 convolution", convolved_gate=True
)
_LAYOUT = replace(
    _GATE, name="channels_last", title="+ channels_last", channels_last=True
)
_OURS = replace(
    _LAYOUT, name="ours", title="+ shared dropout draws = ours", recipe=True
)

# Each line up to "ours" adds one tuning to the line before it.
VARIANTS: tuple[Variant, ...] = (
    _PLAIN,
    _ALLOCATOR,
    _PROTOTYPES,
    _FUSED,
    _GATE,
    _LAYOUT,
    _OURS,
    replace(_OURS, name="compile", title="ours, compiled", compiled=True),
    replace(_OURS, name="bf16", title="ours, bf16", bf16=True),
    replace(
        _OURS,
        name="bf16_compile",
        title="ours, bf16, compiled",
        bf16=True,
        compiled=True,
    ),
)


def choose_variants(names: Iterable[str] | None = None) -> tuple[Variant, ...]:
    """The variants of these names, in the order of the table."""
    known = [variant.name for variant in VARIANTS]
    wanted = set(known if names is None else names)
    for name in wanted.difference(known):
        raise ValueError(
            f"--variants: {name!r} is unknown; there are {', '.join(known)}"
        )
    return tuple(v for v in VARIANTS if v.name in wanted or v is _PLAIN)


@dataclass(frozen=True)
class Row:
    """One variant, all rounds together."""

    #: Of the variant
    name: str
    title: str
    #: Why there are no numbers
    failed: str | None
    #: Of each round, seconds per step
    step_seconds: list[list[float]]
    #: Over all of them
    min_seconds: float | None = None
    median_seconds: float | None = None
    #: 1 / ``min_seconds``
    steps_per_second: float | None = None
    #: Shortest plain step / shortest step
    ratio: float | None = None
    #: Median over the rounds of (median plain step / median step)
    ratio_of_rounds: float | None = None
    #: Largest memory of any round, in MiB: on a CPU, of the process; on a GPU,
    #: of tensors
    peak_mib: float | None = None
    #: What the first round spent on compiling, beyond the steps themselves
    compile_seconds: float | None = None
    #: Mean number of anchors per step
    anchors: float | None = None
    #: Of the last step
    loss: float | None = None
    #: What made the host wait for the GPU, "nothing" if nothing did; None if
    #: it was not checked
    waits: str | None = None


def summarize(variants: Sequence[Variant], runs: Runs) -> list[Row]:
    """One row per variant, compared with the first."""
    plain = runs[variants[0].name]
    return [_summarize_one(v, runs[v.name], plain) for v in variants]


def _summarize_one(
    variant: Variant,
    runs: Sequence[Mapping[str, Any]],
    plain: Sequence[Mapping[str, Any]],
) -> Row:
    rounds = [list(run.get("step_seconds", [])) for run in runs]
    failed = failure(runs)
    if failed is not None:
        return Row(variant.name, variant.title, failed, rounds)
    seconds = [s for in_round in rounds for s in in_round]
    ratio = ratio_of_rounds = None
    if not failure(plain):
        of_plain = [run["step_seconds"] for run in plain]
        ratio, ratio_of_rounds = ratios(of_plain, rounds)
    last = runs[-1]
    waits = (last["waits"] or "nothing") if "waits" in last else None
    return Row(
        variant.name,
        variant.title,
        None,
        rounds,
        min(seconds),
        median(seconds),
        1.0 / min(seconds),
        ratio,
        ratio_of_rounds,
        max(run["peak_mib"] for run in runs),
        runs[0]["compile_seconds"],
        sum(run["anchors"] for run in runs) / len(runs),
        last["loss"],
        waits,
    )


def format_table(rows: Sequence[Row]) -> str:
    """A Markdown table, one line per variant."""
    checked = any(row.waits for row in rows)
    head = [
        "variant",
        "steps/s",
        "ratio",
        "ratio of rounds",
        "s, min",
        "s, median",
        "peak MiB",
        "compile s",
        "anchors",
    ]
    if checked:
        head.append("waits for")
    return measured_table(
        head,
        rows,
        lambda row: [row.title],
        lambda row: [*_cells(row), row.waits] if checked else _cells(row),
    )


def _cells(row: Row) -> list[str]:
    return number_cells(
        [
            (row.steps_per_second, 3),
            (row.ratio, 2),
            (row.ratio_of_rounds, 2),
            (row.min_seconds, 4),
            (row.median_seconds, 4),
            (row.peak_mib, 0),
            (row.compile_seconds, 1),
            (row.anchors, 0),
        ]
    )
