"""The types that all subpackages share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lgc_plugin.types.labels import Event, LabelKind

if TYPE_CHECKING:
    from lgc_plugin.types.batch import SEDBatch, SEDOutput

__all__ = ["Event", "LabelKind", "SEDBatch", "SEDOutput"]


def __getattr__(name: str) -> Any:
    """Batches load PyTorch: only for those who use them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lgc_plugin.types import batch

    return getattr(batch, name)
