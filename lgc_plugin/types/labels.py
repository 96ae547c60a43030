"""Events, and how much is known of a clip."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Event(NamedTuple):
    """One sound event.

    Arguments
    ---------
    onset : float
        Seconds from the start of the clip.
    offset : float
        Seconds from the start of the clip, at or after ``onset``.
    label : str
        Name of the class.

    Example
    -------
    >>> Event(0.5, 2.0, "Dog").offset
    2.0
    """

    onset: float
    offset: float
    label: str


class LabelKind(IntEnum):
    """What is known of a clip; it travels with the clip, in the batch.

    ``NONE``: nothing; ``WEAK``: which classes are in it, not when;
    ``STRONG``: events with onset and offset.

    Example
    -------
    >>> LabelKind.parse("weak") is LabelKind.WEAK
    True
    >>> str(LabelKind.STRONG)
    'strong'
    """

    NONE = 0
    WEAK = 1
    STRONG = 2

    @classmethod
    def parse(cls, text: str) -> LabelKind:
        """The kind named ``none``, ``weak`` or ``strong``; else ValueError."""
        try:
            return cls[text.upper()]
        except KeyError:
            known = ", ".join(str(kind) for kind in cls)
            raise ValueError(
                f"label kind {text!r} is unknown: use one of {known}"
            ) from None

    def __str__(self) -> str:
        return self.name.lower()
