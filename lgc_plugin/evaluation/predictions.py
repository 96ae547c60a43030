"""What a system predicted, read from files of any supported kind."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.event_files import (
    has_event_columns,
    list_tsvs,
    read_event_file,
)
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.notes import counted
from lgc_plugin.evaluation.score_files import is_score_source, read_frame_scores

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, eq=False)
class Predictions:
    """Detections, or frame scores, of some clips.

    >>> rows = [["a.wav", 0.0, 1.0, "Cat"]]
    >>> table = pd.DataFrame(rows, columns=EVENT_COLUMNS)
    >>> found = Predictions(Path("a.tsv"), frozenset({"a.wav"}), events=table)
    >>> found.form, found.labels
    ('1 event at one operating point', ('Cat',))
    """

    #: Where they were read.
    path: Path
    #: Every clip that is named, those without detection too.
    clips: frozenset[str]
    #: Operating points of detections, ascending; none if there is one and
    #: its threshold is unknown.
    thresholds: tuple[float, ...] = ()
    #: Detections: ``filename``, ``onset`` and ``offset`` (s), ``event_label``,
    #: and ``threshold`` where there are several.
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

    def nearest(self, threshold: float) -> float:
        """The operating point nearest to a threshold.

        >>> table = pd.DataFrame(columns=[*EVENT_COLUMNS, "threshold"])
        >>> found = Predictions(Path("."), frozenset(), (0.49, 0.51), table)
        >>> found.nearest(0.5)
        0.49
        """
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


def read_predictions(path: str | Path) -> Predictions:
    r"""Reads predictions, and finds out of which kind they are.

    Arguments
    ---------
    path : str or Path
        A folder with a TSV of detections for each threshold (the last number
        in its name); one TSV of detections, perhaps with a column
        ``threshold``; or frame scores, see
        :func:`~lgc_plugin.evaluation.score_files.read_frame_scores`.

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
        raise ValueError(f"{path}: no TSV file in it{_hint(path)}")
    if path.suffix != ".npz" and has_event_columns(files[0]):
        if len(files) == 1:
            return _read_one(path, files[0])
        return _read_folder(path, files)
    if is_score_source(path):
        frames = read_frame_scores(path)
        return Predictions(path, frozenset(frames.clips), frames=frames)
    raise ValueError(
        f"{files[0]}: neither detections (columns {', '.join(EVENT_COLUMNS)}) "
        "nor frame scores (a folder with one file per clip: onset, offset, "
        "then one column per class), separated by tabs"
    )


def _read_one(path: Path, file: Path) -> Predictions:
    """One file: one operating point, or as many as its column has."""
    table = read_event_file(file)
    events, clips = _split(table)
    if "threshold" not in events:
        return Predictions(path, clips, events=events)
    points = _points(table.threshold.dropna())
    if len(points) < 2:
        events = events[EVENT_COLUMNS]
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


def _points(thresholds: pd.Series) -> tuple[float, ...]:
    return tuple(float(each) for each in np.unique(thresholds))


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
