"""Silences the warnings of other people's metrics."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def quiet() -> Iterator[None]:
    """Within it, warnings and numpy's complaints about NaN are not shown.

    psds_eval warns about pandas and equal operating points, sed_eval and its
    dependency dcase_util about ``pkg_resources``.

    Example
    -------
    >>> import warnings
    >>> with quiet():
    ...     warnings.warn("old")
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
