"""Which pieces each measured variant of a training step is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Variant:
    """A training step: the plain one with some of the tunings.

    Arguments
    ---------
    name : str
        What ``--variants`` calls it.
    title : str
        What the table calls it; "+ ..." adds to the line above.
    allocator : bool
        Freed memory stays in the process.
    vectorised_prototypes : bool
        Prototypes and contrast of all classes at once.
    fused_updates : bool
        The teacher and the optimizer move all parameters in one go.
    convolved_gate : bool
        The gate's linear layer is a 1x1 convolution.
    channels_last : bool
        Feature maps have their channels together in memory.
    recipe : bool
        ``LGCBrain`` makes the step, of the modules as they are shipped.
    bf16 : bool
        Forward passes under autocast to bfloat16.
    compiled : bool
        ``torch.compile`` for student and teacher.
    """

    name: str
    title: str
    allocator: bool = False
    vectorised_prototypes: bool = False
    fused_updates: bool = False
    convolved_gate: bool = False
    channels_last: bool = False
    recipe: bool = False
    bf16: bool = False
    compiled: bool = False


_PLAIN = Variant("plain", "plain")
_ALLOCATOR = replace(
    _PLAIN, name="allocator", title="+ allocator", allocator=True
)
_PROTOTYPES = replace(
    _ALLOCATOR,
    name="prototypes",
    title="+ vectorised prototypes",
    vectorised_prototypes=True,
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
    """The variants of these names, in the order of the table.

    Arguments
    ---------
    names : Iterable[str], optional
        None means all. The plain step, which all others are compared with,
        is always among them.

    Returns
    -------
    tuple[Variant, ...]

    Raises
    ------
    ValueError
        If a name is unknown.
    """
    known = [variant.name for variant in VARIANTS]
    wanted = set(known if names is None else names)
    for name in wanted.difference(known):
        raise ValueError(
            f"--variants: {name!r} is unknown; there are {', '.join(known)}"
        )
    return tuple(v for v in VARIANTS if v.name in wanted or v is _PLAIN)
