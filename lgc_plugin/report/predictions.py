"""Detections as the files that DCASE's evaluation tools read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from lgc_plugin.utils.files import atomic_file

_COLUMNS = ["event_label", "onset", "offset", "filename"]


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
            table.to_csv(temporary, sep="\t", index=False, columns=_COLUMNS)
    return files


def _file_name(threshold: float) -> str:
    return f"predictions_th_{threshold:.2f}.tsv"
