"""What counts as the right time of an event."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Criteria:
    """By which event F1 and the frame error rate are counted.

    The defaults are those of DCASE, for events of seconds. Events of 50 ms want
    a collar of 10 or 20 ms: within 200 ms there are several of them.

    Arguments
    ---------
    collar : float
        Seconds by which an onset or offset may be off, in event F1.
    offset_share : float
        Share of the true event's length by which the offset may be off, where
        that is more than the collar.
    error_frame : float
        Length of a frame of the frame error rate, in seconds.

    Raises
    ------
    ValueError
        If the collar or the frame is not above 0 s, or the share not between 0
        and 1.

    Example
    -------
    >>> Criteria(collar=0.02)
    Criteria(collar=0.02, offset_share=0.2, error_frame=0.01)
    """

    collar: float = 0.2
    offset_share: float = 0.2
    error_frame: float = 0.01

    def __post_init__(self) -> None:
        for name in ("collar", "error_frame"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f"{name} is {value}: give seconds above 0")
        if not 0 <= self.offset_share <= 1:
            raise ValueError(
                f"offset_share is {self.offset_share}: give 0 to 1"
            )

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Criteria:
        """Those of a mapping that has them among others; defaults else."""
        return cls(**{k: values[k] for k in asdict(cls()) if k in values})

    @property
    def text(self) -> str:
        """For people.

        >>> Criteria().text
        'collar 200 ms, offsets 20 % of the length, error frames of 10 ms'
        """
        return (
            f"collar {1000 * self.collar:g} ms, offsets "
            f"{100 * self.offset_share:g} % of the length, error frames of "
            f"{1000 * self.error_frame:g} ms"
        )
