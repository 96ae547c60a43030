"""Ground truth and detections in any format of annotations."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from lgc_plugin.data.annotations import (
    ReadOptions,
    StrongAnnotations,
    read_annotation_files,
    read_durations,
)
from lgc_plugin.evaluation.clip_names import match_clips
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.notes import Notes, counted

_LOGGER = logging.getLogger(__name__)


def read_truth_events(
    path: Path,
    durations: str | Path | None,
    options: ReadOptions,
    notes: Notes,
) -> StrongAnnotations:
    """Annotated events; clips are called as the durations call them."""
    read = read_annotation_files([path], options)
    if read.format == "tsv":  # names clips as they are called
        return read
    for note in read.notes:
        notes.note(f"{path}: {note}")
    if durations is None:
        return read
    return _as_called(read, read_durations(durations), path)


def read_detected_events(
    path: Path, clips: Collection[str], problem: str
) -> tuple[pd.DataFrame, frozenset[str]]:
    """Detections that are no table of this project, and their clips.

    Clips are called as they are annotated. ``problem`` is why it is no such
    table.
    """
    try:
        read = read_annotation_files([path])
    except FileNotFoundError:
        raise ValueError(f"{path}: {problem}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {problem}; {error}") from None
    for note in read.notes:
        _LOGGER.warning("%s: %s", path, note)
    read = _as_called(read, clips, path)
    columns = [*EVENT_COLUMNS]
    if "confidence" in read.events:
        without = int(read.events.confidence.isna().sum())
        if without:
            _LOGGER.warning(
                "%s: %d of %s without confidence: confidences are not used",
                path,
                without,
                counted(len(read.events), "event"),
            )
        else:
            columns.append("confidence")
    return read.events[columns], frozenset(read.filenames)


def _as_called(
    read: StrongAnnotations, clips: Collection[str], path: Path
) -> StrongAnnotations:
    found = match_clips(read.filenames, clips, path)
    return read.renamed(dict(zip(read.filenames, found, strict=True)))
