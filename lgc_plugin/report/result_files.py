"""Files of a run: numbers as JSON, detections as DCASE's tools read them."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lgc_plugin.utils.files import atomic_file, write_json
from lgc_plugin.utils.versions import package_versions

#: Columns of a table of events with confidences.
EVENT_TABLE = ("filename", "onset", "offset", "event_label", "confidence")
_COLUMNS = ["event_label", "onset", "offset", "filename"]


def write_results(
    path: str | Path,
    *,
    scores: Mapping[str, Any],
    seed: int,
    coverage: str | Mapping[str, Sequence[int]],
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
    coverage : str or Mapping[str, Sequence[int]]
        Clips scored of clips annotated, say ``962/1168``; or by set of clips,
        how many were found and how many are expected.
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


def event_table_text(events: pd.DataFrame, clips: Iterable[str]) -> str:
    """Events with confidences as text, by clip; one without has empty fields.

    ``events``: ``filename``, ``onset`` and ``offset`` (s), ``event_label``,
    ``confidence``.
    """
    lines = ["\t".join(EVENT_TABLE)]
    rows: dict[str, list[str]] = {clip: [] for clip in clips}
    columns = (events[name].tolist() for name in EVENT_TABLE)
    for clip, onset, offset, label, confidence in zip(*columns, strict=True):
        times = f"{onset:.6f}", f"{offset:.6f}"
        rows[clip].append("\t".join((clip, *times, label, f"{confidence:.9g}")))
    for clip, own in rows.items():
        lines += own or ["\t".join((clip, *[""] * (len(EVENT_TABLE) - 1)))]
    return "\n".join(lines) + "\n"


def write_predictions(
    detections: pd.DataFrame,
    folder: str | Path,
    thresholds: Iterable[float] | None = None,
) -> list[Path]:
    """Writes one tab-separated file per threshold.

    Arguments
    ---------
    detections : pandas.DataFrame
        ``filename``, ``onset`` and ``offset`` (s), ``event_label``,
        ``threshold``.
    folder : str or Path
        Where ``predictions_th_0.49.tsv`` and the others go; made if missing.
        Files of the same name are replaced, each whole.
    thresholds : Iterable[float], optional
        The thresholds to write: one at which nothing was detected gets a
        file that holds the header only. None takes those of the detections.

    Returns
    -------
    list[Path]
        The files, by threshold.

    Raises
    ------
    ValueError
        If two thresholds would get the same file name.

    Example
    -------
    >>> table = pd.DataFrame([["a.wav", 0.0, 0.64, "Cat", 0.5]], columns=[
    ...     "filename", "onset", "offset", "event_label", "threshold"])
    >>> files = write_predictions(table, getfixture("tmp_path"), [0.5, 0.9])
    >>> [file.name for file in files]
    ['predictions_th_0.50.tsv', 'predictions_th_0.90.tsv']
    >>> files[0].read_text().split()[-4:]
    ['Cat', '0.0', '0.64', 'a.wav']
    """
    if thresholds is None:
        thresholds = detections.threshold.unique()
    limits = sorted(set(map(float, thresholds)))
    files = [Path(folder) / _file_name(limit) for limit in limits]
    if len(set(files)) < len(files):
        raise ValueError(
            "two thresholds have the same two decimals and would share a "
            f"file: {', '.join(map(str, limits))}"
        )
    by_threshold = dict(list(detections.groupby("threshold")))
    for limit, file in zip(limits, files, strict=True):
        table = by_threshold.get(limit, detections[:0])
        with atomic_file(file) as temporary:
            table.to_csv(
                temporary,
                sep="\t",
                index=False,
                columns=_COLUMNS,
                quoting=csv.QUOTE_NONE,
            )
    return files


def _file_name(threshold: float) -> str:
    return f"predictions_th_{threshold:.2f}.tsv"
