"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: Training would fail, or its scores would be wrong.
ERROR = "error"
#: Look at it: it may be as it should be.
WARNING = "warning"

_NAMES_SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """Something odd."""

    #: The check, in a word or two.
    check: str
    #: ``ERROR`` or ``WARNING``.
    level: str
    #: What it is, and what to do.
    text: str
    #: Every clip, class or file of which it holds.
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = ", ".join(self.names[:_NAMES_SHOWN])
        more = len(self.names) - _NAMES_SHOWN
        also = f" and {more} more" if more > 0 else ""
        return f"{self.text}: {shown}{also}" if self.names else self.text


def finding(
    check: str, level: str, text: str, names: Iterable[str]
) -> list[Finding]:
    """A finding, unless it holds of nothing."""
    names = tuple(names)
    return [Finding(check, level, text, names)] if names else []
