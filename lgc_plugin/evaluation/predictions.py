"""What a system predicted, read from files of any supported kind."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lgc_plugin.data.table_files import TableFile
from lgc_plugin.evaluation.annotation_files import read_detected_events
from lgc_plugin.evaluation.event_files import read_event_file
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.notes import counted
from lgc_plugin.evaluation.score_files import (
    is_score_source,
    list_tsvs,
    read_frame_scores,
)

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, eq=False)
class Predictions:
    """Detections, or frame scores, of some clips."""

    #: Where they were read.
    path: Path
    #: Every clip that is named, those without detection too.
    clips: frozenset[str]
    #: Operating points of detections, ascending; none if there is one and
    #: its threshold is unknown.
    thresholds: tuple[float, ...] = ()
    #: Detections: ``filename``, ``onset`` and ``offset`` (s), ``event_label``;
    #: ``threshold`` where there are several; ``confidence`` if it is known.
    events: pd.DataFrame | None = None
    #: Frame scores, where there are no detections.
    frames: FrameScores | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that are named, in alphabetical order."""
        if self.frames is not None:
            return tuple(sorted(self.frames.labels))
        return tuple(sorted(self.detections.event_label.unique()))

    @property
    def form(self) -> str:
        """What kind of predictions these are, for people."""
        if self.frames is not None:
            classes = counted(len(self.frames.labels), "class")
            clips = counted(len(self.frames.clips), "clip")
            return f"frame scores of {classes} in {clips}"
        events = counted(len(self.detections), "event")
        if self.has_confidences:
            found = self.detections.confidence
            return f"{events} with confidences{range_text(found)}"
        if len(self.thresholds) < 2:
            return f"{events} at one operating point"
        low, high = self.thresholds[0], self.thresholds[-1]
        count = counted(len(self.thresholds), "threshold")
        return f"{events} at {count} from {low:g} to {high:g}"

    @property
    def detections(self) -> pd.DataFrame:
        """The events; only where there are no frame scores."""
        assert self.events is not None
        return self.events

    @property
    def has_confidences(self) -> bool:
        """Whether thresholds may accept or drop each event by confidence."""
        several = len(self.thresholds) > 1
        return not several and "confidence" in self.detections

    def nearest(self, threshold: float) -> float:
        """The operating point nearest to a threshold; the lower of two."""
        # 0.51 - 0.5 and 0.5 - 0.49 differ in the last bit.
        return min(
            self.thresholds, key=lambda x: (round(abs(x - threshold), 9), x)
        )

    def at(self, threshold: float | None) -> pd.DataFrame:
        """Detections at one operating point."""
        events = self.detections
        if "threshold" in events:
            events = events[events.threshold == threshold]
        return events[EVENT_COLUMNS]

    def restrict(self, clips: Iterable[str]) -> Predictions:
        """Those of some clips."""
        kept = self.clips.intersection(clips)
        if self.frames is not None:
            frames = self.frames.select(kept)
            return replace(self, clips=kept, frames=frames)
        if kept == self.clips:
            return self
        events = self.detections
        events = events[events.filename.isin(kept)]
        return replace(self, clips=kept, events=events)


def read_predictions(
    path: str | Path, clips: Collection[str] = ()
) -> Predictions:
    r"""Reads predictions, and finds out of which kind they are.

    Arguments
    ---------
    path : str or Path
        A folder with a TSV of detections for each threshold (the last number
        in its name); one TSV of detections, perhaps with a column
        ``threshold`` or ``confidence``; frame scores, see
        :func:`~lgc_plugin.evaluation.score_files.read_frame_scores`; or
        detections in any format of :mod:`lgc_plugin.data.annotations`.
    clips : Collection[str]
        The annotated clips, by which frame scores find theirs.

    Returns
    -------
    Predictions

    Raises
    ------
    FileNotFoundError
        If nothing is there.
    ValueError
        If it is none of these, or a row cannot be right.

    Example
    -------
    >>> folder = getfixture("tmp_path")
    >>> text = "event_label\tonset\toffset\tfilename\n"
    >>> _ = (folder / "th_0.3.tsv").write_text(text + "Cat\t0\t1\ta.wav\n")
    >>> _ = (folder / "th_0.5.tsv").write_text(text)
    >>> predictions = read_predictions(folder)
    >>> predictions.thresholds, len(predictions.at(0.5))
    ((0.3, 0.5), 0)
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    files = [path] if path.is_file() else list_tsvs(path)
    if path.suffix != ".npz" and not files:
        if hint := _hint(path):
            raise ValueError(f"{path}: no TSV file in it{hint}")
        return _read_other(path, clips, "no TSV file in it")
    header = TableFile.read(files[0]).header if path.suffix != ".npz" else []
    if set(EVENT_COLUMNS) <= set(header):
        one = len(files) == 1
        return _read_one(path, files[0]) if one else _read_folder(path, files)
    if is_score_source(path):
        frames = read_frame_scores(path, clips)
        return Predictions(path, frozenset(frames.clips), frames=frames)
    return _read_other(
        path,
        clips,
        f"neither detections (columns {', '.join(EVENT_COLUMNS)}) "
        "nor frame scores (a folder with one file per clip: onset, offset, "
        "then one column per class), separated by tabs",
    )


def _read_other(
    path: Path, clips: Collection[str], problem: str
) -> Predictions:
    """Detections in another format of annotations."""
    events, found = read_detected_events(path, clips, problem)
    return Predictions(path, found, events=events)


def _read_one(path: Path, file: Path) -> Predictions:
    """One file: one operating point, or as many as its column has."""
    table = read_event_file(file)
    events, clips = _split(table)
    if "threshold" not in events:
        return Predictions(path, clips, events=events)
    points = tuple(np.unique(table.threshold.dropna()).tolist())
    if len(points) < 2:
        events = events.drop(columns="threshold")
    return Predictions(path, clips, points, events)


def _read_folder(path: Path, files: Collection[Path]) -> Predictions:
    by_threshold: dict[float, Path] = {}
    tables = []
    for file in files:
        limit = _threshold_of(file)
        if limit in by_threshold:
            raise ValueError(
                f"{file} and {by_threshold[limit].name} have the same "
                f"threshold {limit:g} in their names: remove one"
            )
        by_threshold[limit] = file
        table = read_event_file(file)[EVENT_COLUMNS]
        tables.append(table.assign(threshold=limit))
    events, clips = _split(pd.concat(tables, ignore_index=True))
    return Predictions(path, clips, tuple(sorted(by_threshold)), events)


def _split(table: pd.DataFrame) -> tuple[pd.DataFrame, frozenset[str]]:
    """Events, and every clip that is named."""
    silent = table.event_label.to_numpy() == ""
    events = table[~silent].reset_index(drop=True) if silent.any() else table
    return events, frozenset(table.filename.unique())


def _threshold_of(file: Path) -> float:
    numbers = _NUMBER.findall(file.stem)
    if not numbers:
        raise ValueError(
            f"{file}: no number in its name: in a folder, each file is named "
            "for its threshold (predictions_th_0.49.tsv). Move other files "
            "away, or give one file"
        )
    return float(numbers[-1])


def _hint(folder: Path) -> str:
    """The subfolders that one may have meant."""
    found = sorted(each.parent.name for each in folder.glob("*/*.tsv"))
    names = ", ".join(dict.fromkeys(found))
    return f": did you mean one of its folders, {names}?" if names else ""


def range_text(numbers: pd.Series) -> str:
    """From where to where numbers reach; nothing, if there are none.

    >>> range_text(pd.Series([0.75, 0.5])), range_text(pd.Series([]))
    (' from 0.5 to 0.75', '')
    """
    if numbers.empty:
        return ""
    return f" from {numbers.min():g} to {numbers.max():g}"
