"""The few shapes that every room agrees on."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor


class Event(NamedTuple):
    """One sound event: where it begins, where it ends, what it is.

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

    ``NONE``: nothing; ``WEAK``: which classes sound, not when; ``STRONG``:
    events with onset and offset.

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
        """The kind named ``none``, ``weak`` or ``strong``.

        Arguments
        ---------
        text : str
            The name as manifests write it.

        Returns
        -------
        LabelKind

        Raises
        ------
        ValueError
            If the name is none of the three.
        """
        try:
            return cls[text.upper()]
        except KeyError:
            known = ", ".join(str(kind) for kind in cls)
            raise ValueError(
                f"label kind {text!r} is unknown: use one of {known}"
            ) from None

    def __str__(self) -> str:
        return self.name.lower()


class SEDOutput(NamedTuple):
    """What a sound event detection network says of a batch of B clips.

    Arguments
    ---------
    frame : Tensor
        (B, C, T') probability of each class in each output frame.
    clip : Tensor
        (B, C) probability of each class anywhere in the clip.
    embedding : Tensor
        (B, T', D) one unit vector for each output frame.
    """

    frame: Tensor
    clip: Tensor
    embedding: Tensor
