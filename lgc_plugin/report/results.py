"""The numbers of a run, with what is needed to tell where they come from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lgc_plugin.utils.files import write_json
from lgc_plugin.utils.versions import package_versions


def write_results(
    path: str | Path,
    *,
    scores: Mapping[str, Any],
    seed: int,
    coverage: str,
    wall_seconds: float,
    versions: Mapping[str, str | None] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Writes ``results.json``.

    Arguments
    ---------
    path : str or Path
        The file.
    scores : Mapping[str, Any]
        Numbers by network, as nested as wanted (``SEDResult.as_dict``).
    seed : int
        Seed of the run.
    coverage : str
        Clips scored of clips annotated, say ``962/1168``.
    wall_seconds : float
        How long the run took, in seconds.
    versions : Mapping[str, str], optional
        None takes those of
        :func:`~lgc_plugin.utils.versions.package_versions`.
    **more : Any
        Further entries.

    Returns
    -------
    dict[str, Any]
        What was written. NaN and infinity became None (``null``), since JSON
        has no name for them; numpy's numbers became Python's.

    Example
    -------
    >>> file = getfixture("tmp_path") / "results.json"
    >>> content = write_results(
    ...     file,
    ...     scores={"student": {"psds1": float("nan")}},
    ...     seed=1,
    ...     coverage="0/10",
    ...     wall_seconds=2.5,
    ... )
    >>> content["scores"], file.is_file()
    ({'student': {'psds1': None}}, True)
    """
    content = plain(
        {
            "scores": scores,
            "coverage": coverage,
            "seed": seed,
            "wall_seconds": wall_seconds,
            **more,
            "versions": package_versions() if versions is None else versions,
        }
    )
    write_json(path, content)
    return content


def plain(value: Any) -> Any:
    """A value that JSON can hold.

    Arguments
    ---------
    value : Any
        Mappings, lists, tuples, numpy arrays and numbers, strings.

    Returns
    -------
    Any
        The same in plain Python; what is not finite is None.

    Example
    -------
    >>> plain({"a": (1, float("inf"))})
    {'a': [1, None]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
