"""What a subpackage offers, loaded on first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from lgc_plugin.utils.loading import explained


def lazy_exports(
    package: str, names: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """The ``__getattr__``, ``__dir__`` and ``__all__`` of a package.

    Commands that need no network, and the worker processes of data generation,
    start without PyTorch, so nothing is imported before it is used.

    >>> find, _, names = lazy_exports("lgc_plugin", {"CRNN": "models.crnn"})
    >>> names, find("CRNN").__name__
    (['CRNN'], 'CRNN')
    """
    public = sorted(names)

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(
                f"module {package!r} has no attribute {name!r}"
            )
        try:
            return getattr(import_module(f"{package}.{names[name]}"), name)
        except ModuleNotFoundError as error:
            raise explained(error) from None

    return find, lambda: public, public
