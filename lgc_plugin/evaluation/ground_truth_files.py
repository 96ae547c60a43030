"""Reads what is annotated, and how long the clips are, from a user's files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from lgc_plugin.data.annotations import ReadOptions
from lgc_plugin.data.manifest import check_known, is_manifest, read_manifest
from lgc_plugin.evaluation.annotation_files import read_truth_events
from lgc_plugin.evaluation.clip_lengths import clip_lengths
from lgc_plugin.evaluation.criteria import Criteria
from lgc_plugin.evaluation.ground_truth import GroundTruth, truth_of_rows
from lgc_plugin.evaluation.late_events import (
    warn_late_events,
    warn_long_clips,
    warn_long_events,
)
from lgc_plugin.evaluation.notes import Notes, counted, how_often


@dataclass(frozen=True, eq=False)
class Annotations:
    r"""A set of clips to score.

    Arguments
    ---------
    path : Path
        Where the events were read.
    truth : GroundTruth
        The clips that can be scored.
    durations_known : bool
        False if the lengths of the clips are unknown. Then those of the truth
        have no end, which is as good for all scores but PSDS: it counts by
        the hour and must be left out.
    without_audio : frozenset[str]
        Annotated clips that are left out, because their audio is missing.
    other_labels : frozenset[str]
        Annotated classes that are left out, because they are not asked for.

    Example
    -------
    >>> path = getfixture("tmp_path") / "truth.tsv"
    >>> _ = path.write_text(
    ...     "filename\tonset\toffset\tevent_label\na.wav\t1\t3\tCat\n"
    ... )
    >>> annotations = read_annotations(path)
    >>> annotations.n_annotated, annotations.durations_known
    (1, False)
    """

    path: Path
    truth: GroundTruth
    durations_known: bool
    without_audio: frozenset[str] = frozenset()
    other_labels: frozenset[str] = frozenset()

    def timed(self) -> GroundTruth:
        """The truth, where the lengths of the clips must be known."""
        if not self.durations_known:
            raise ValueError(
                f"{self.path}: the lengths of the clips are unknown: add "
                "--durations or --audio"
            )
        return self.truth

    def of_classes(self, labels: Iterable[str]) -> Annotations:
        """The same; classes are these, where none are known."""
        if self.truth.labels:
            return self
        known = tuple(sorted(set(labels)))
        return replace(self, truth=replace(self.truth, labels=known))

    def with_labels(self, labels: Sequence[str], notes: Notes) -> Annotations:
        """Only these classes, of which the truth need not have any."""
        others = self.truth.events.event_label
        others = others[~others.isin(labels)]
        if len(others):
            notes.note(
                f"--labels leaves out {counted(len(others), 'annotated event')}"
                f" of other classes: {how_often(others)}"
            )
        truth = self.truth.with_labels(labels)
        absent = [label for label in truth.labels if label not in truth.present]
        if len(others) and absent:
            notes.warn(
                f"{self.path}: no event of {', '.join(map(repr, absent))}: "
                "what is detected of them is false alarms, if the names are "
                "right"
            )
        return replace(self, truth=truth, other_labels=frozenset(others))

    @property
    def known_labels(self) -> frozenset[str]:
        """Every annotated class, and those that are asked for."""
        return self.other_labels.union(self.truth.labels)

    @property
    def clips(self) -> frozenset[str]:
        """Every clip in the annotation, those without audio too."""
        return self.truth.clips | self.without_audio

    @property
    def n_annotated(self) -> int:
        """Clips in the annotation, those without audio too."""
        return len(self.truth.durations) + len(self.without_audio)


def read_annotations(
    ground_truth: str | Path,
    durations: str | Path | None = None,
    *,
    audio: str | Path | None = None,
    labels: Sequence[str] | None = None,
    profile: str = "strict",
    criteria: Criteria | None = None,
    notes: Notes | None = None,
    options: ReadOptions | None = None,
) -> Annotations:
    """Reads events, and the clip lengths if they are given.

    Arguments
    ---------
    ground_truth : str or Path
        Events: strong annotations as DESED has them (TSV), or a file or
        folder of any format of :mod:`lgc_plugin.data.annotations`; or a
        manifest of this project (CSV), which holds durations too.
    durations : str or Path, optional
        TSV with ``filename`` and ``duration``. It names the clips: those
        without a row in ``ground_truth`` are clips without events.
    audio : str or Path, optional
        Folder with the audio, at any depth; where a clip is there twice, the
        first path in alphabetical order counts. Clips whose audio is missing
        are left out.
    labels : Sequence[str], optional
        The classes that count; None takes all that occur, in alphabetical
        order. Events of other classes are left out.
    profile : str
        ``strict`` or ``dcase``, see
        :class:`~lgc_plugin.evaluation.ground_truth.GroundTruth`.
    criteria : Criteria, optional
        What counts as the right time of an event; None: as in DCASE.
    notes : Notes, optional
        Gets what a user should know.
    options : ReadOptions, optional
        How to read what the annotations do not state.

    Returns
    -------
    Annotations

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a row cannot be right, a clip has no duration, or no clip has
        audio.
    """
    path, notes = Path(ground_truth), notes or Notes()
    if durations is not None and audio is not None:
        raise ValueError("durations and audio are both given: give one")
    if is_manifest(path):
        if durations is not None or audio is not None:
            raise ValueError(
                f"{path}: a manifest has the lengths of its clips: leave out "
                "--durations and --audio"
            )
        with notes.from_log():
            truth = _of_manifest(path, profile, criteria)
        annotations = Annotations(path, truth, True)
        return _of_interest(annotations, labels, notes)
    options = replace(
        options or ReadOptions(), audio=Path(audio) if audio else None
    )
    read = read_truth_events(path, durations, options, notes)
    if not read.filenames and durations is None:
        raise ValueError(f"{path}: no clip in it")
    lengths, missing = clip_lengths(read.filenames, durations, audio, notes)
    if not lengths:
        raise ValueError(f"{path}: no clip in it, nor in {durations}")
    events = read.events[~read.events.filename.isin(missing)]
    with notes.from_log():
        truth = GroundTruth.from_tables(
            events,
            pd.DataFrame(lengths.items(), columns=["filename", "duration"]),
            sorted(read.events.event_label.unique()),
            profile=profile,
            criteria=criteria,
        )
    if durations is not None:
        warn_long_clips(truth, durations, notes)
    known = durations is not None or audio is not None
    annotations = Annotations(path, truth, known, missing)
    return _of_interest(annotations, labels, notes)


def _of_interest(
    annotations: Annotations, labels: Sequence[str] | None, notes: Notes
) -> Annotations:
    """The classes that count; warns of times that are hardly seconds."""
    if labels:
        annotations = annotations.with_labels(labels, notes)
    path, truth = annotations.path, annotations.truth
    warned = annotations.durations_known and warn_late_events(
        truth.events, truth, path, "annotated event", notes
    )
    if not warned:
        warn_long_events(truth, path, notes)
    return annotations


def _of_manifest(
    path: Path, profile: str, criteria: Criteria | None
) -> GroundTruth:
    rows = read_manifest(path)
    check_known(rows, path)
    found = sorted({event.label for row in rows for event in row.events})
    truth = truth_of_rows(rows, found, profile, criteria)
    if truth.durations.empty:
        raise ValueError(f"{path}: no strongly labeled clip in it")
    return truth
