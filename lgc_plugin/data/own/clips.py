"""The clips that a data set has, and its sets."""

from __future__ import annotations

from dataclasses import dataclass

from lgc_plugin.data.own.cutting import Span
from lgc_plugin.data.own.sources import Source
from lgc_plugin.types import Event, LabelKind

#: The sets, and what is known of their clips.
SETS = {
    "train_strong": LabelKind.STRONG,
    "train_weak": LabelKind.WEAK,
    "train_unlabeled": LabelKind.NONE,
    "valid_strong": LabelKind.STRONG,
    "test": LabelKind.STRONG,
}


@dataclass(frozen=True)
class Clip:
    """A clip that is to be cut."""

    source: Source
    #: The set.
    set: str
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
