"""The clips that a data set has, and its sets."""

from __future__ import annotations

from dataclasses import dataclass

from lgc_plugin.data.own.cutting import Span
from lgc_plugin.data.own.sources import Source
from lgc_plugin.types import Event, LabelKind

#: The sets, in their order.
SETS = (
    "train_strong",
    "train_weak",
    "train_unlabeled",
    "valid_strong",
    "valid_weak",
    "test",
)


@dataclass(frozen=True)
class Clip:
    """A clip that is to be cut."""

    source: Source
    #: The set.
    set: str
    kind: LabelKind
    #: Milliseconds of the recording.
    span: Span
    #: In seconds of the clip.
    events: tuple[Event, ...] = ()
    tags: tuple[str, ...] = ()
    #: Classes that the annotation does not cover.
    unknown: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its recording, and where it begins in ms."""
        return f"{self.source.stem}_{self.span.start}"
