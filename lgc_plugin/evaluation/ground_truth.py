"""The annotated events of a set of clips, checked once for every metric."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.data.manifest import ClipRow
from lgc_plugin.evaluation.criteria import Criteria
from lgc_plugin.evaluation.events import (
    EVENT_COLUMNS,
    CodedEvents,
    clean_events,
    refuse_rows,
    require_columns,
)
from lgc_plugin.types import LabelKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROFILES = ("dcase", "strict")


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """Annotated events and durations of a set of clips.

    Build it with :meth:`from_tables`, which checks and cleans.

    Arguments
    ---------
    labels : tuple[str, ...]
        All classes, in order.
    events : pandas.DataFrame
        ``filename``, ``onset`` and ``offset`` (s), ``event_label``: one row
        per event of the clips that count.
    durations : pandas.DataFrame
        ``filename``, ``duration`` (s): one row per clip, sorted by name.
    profile : str
        ``strict``: what is detected in clips without events is a false alarm.
        ``dcase``: it does not count, since the challenge's code loads no such
        clip; their time counts, since its table of durations has them.
    left_out : frozenset[str]
        The clips in which the profile lets no detection count.
    criteria : Criteria
        What counts as the right time of an event.

    Example
    -------
    >>> events = pd.DataFrame(
    ...     [["a.wav", 0.0, 1.0, "Cat"], ["b.wav", None, None, None]],
    ...     columns=EVENT_COLUMNS,
    ... )
    >>> durations = pd.DataFrame(
    ...     {"filename": ["a.wav", "b.wav"], "duration": 10.0}
    ... )
    >>> truth = GroundTruth.from_tables(events, durations, ["Cat", "Dog"])
    >>> truth.durations.filename.tolist(), sorted(truth.left_out)
    (['a.wav', 'b.wav'], ['b.wav'])
    >>> truth.present
    ('Cat',)
    """

    labels: tuple[str, ...]
    events: pd.DataFrame
    durations: pd.DataFrame
    profile: str
    left_out: frozenset[str]
    criteria: Criteria = Criteria()

    @classmethod
    def from_tables(
        cls,
        events: pd.DataFrame,
        durations: pd.DataFrame,
        labels: Sequence[str],
        *,
        profile: str = "dcase",
        criteria: Criteria | None = None,
    ) -> GroundTruth:
        """Checks annotation tables and applies a profile.

        Events of one class that overlap in a clip are merged, and events of
        no length are dropped, with a log message.

        Arguments
        ---------
        events : pandas.DataFrame
            ``filename``, ``onset``, ``offset``, ``event_label``, seconds. A
            clip without events may appear with three empty fields.
        durations : pandas.DataFrame
            ``filename``, ``duration`` in seconds. It names the set of clips:
            one that has no row in ``events`` is a clip without events.
        labels : Sequence[str]
            All classes, in order.
        profile : str
            ``dcase`` or ``strict``, see the class.
        criteria : Criteria, optional
            See the class; None: those of DCASE.

        Returns
        -------
        GroundTruth

        Raises
        ------
        ValueError
            If a column is missing, a row cannot be right (the message shows
            it), a clip has no duration, a label is given twice, or the profile
            is unknown.
        """
        if profile not in PROFILES:
            raise ValueError(
                f"profile {profile!r} is unknown: use {' or '.join(PROFILES)}"
            )
        labels = distinct_labels(labels)
        lengths = _clean_durations(durations)
        require_columns(events, EVENT_COLUMNS, "annotations")
        empty = events[EVENT_COLUMNS[1:]].isna().all(axis=1)
        sounding = clean_events(
            events.loc[~empty, EVENT_COLUMNS], labels, "annotations"
        )
        _require_known(events.filename, lengths.filename, "durations")
        left_out: frozenset[str] = frozenset()
        if profile == "dcase":
            silent = ~lengths.filename.isin(sounding.filename)
            left_out = frozenset(lengths.filename[silent])
        return cls(
            labels, sounding, lengths, profile, left_out, criteria or Criteria()
        )

    @property
    def clips(self) -> frozenset[str]:
        """Every annotated clip, those that the profile leaves out too."""
        return frozenset(self.durations.filename)

    @property
    def counted_hours(self) -> float:
        """Length of the clips in which detections count."""
        counted = ~self.durations.filename.isin(self.left_out)
        return float(self.durations.duration[counted].sum()) / 3600

    def seconds_of(self, clips: Iterable[str]) -> NDArray[np.float64]:
        """How long each of some clips is; NaN if it is not annotated."""
        lengths = self.durations.set_index("filename").duration
        return lengths.reindex(list(clips)).to_numpy()

    @cached_property
    def coded(self) -> CodedEvents:
        """The events; clips are numbered as in ``durations``."""
        return CodedEvents.from_table(
            self.events, self.durations.filename, self.labels
        )

    @property
    def present(self) -> tuple[str, ...]:
        """The classes that have at least one event, in order."""
        found = set(self.events.event_label)
        return tuple(label for label in self.labels if label in found)

    def code(
        self, detections: pd.DataFrame, *, thresholds: bool = False
    ) -> CodedEvents:
        """Detections that count, clips numbered as in ``durations``."""
        table = self.select(detections, thresholds=thresholds)
        points = np.unique(table.threshold).tolist() if thresholds else None
        return CodedEvents.from_table(
            table, self.durations.filename, self.labels, points
        )

    def recode(
        self, events: CodedEvents, clips: Sequence[str], labels: Sequence[str]
    ) -> CodedEvents:
        """Events that count, of other lists of clips and classes.

        They do not overlap; clips are then numbered as in ``durations``.
        """
        names = self.durations.filename
        named = np.array(clips, dtype=object)[np.unique(events.clip)]
        _require_known(pd.Series(named, dtype=object), names, "annotations")
        clip = pd.Index(names).get_indexer(clips)[events.clip]
        label = pd.Index(self.labels).get_indexer(labels)[events.label]
        counted = ~names.isin(self.left_out).to_numpy()
        kept = np.flatnonzero(counted[clip] & (events.onset < events.offset))
        keys = (events.onset, label, events.point, clip)
        order = kept[np.lexsort([key[kept] for key in keys])]
        shape = (len(names), len(self.labels), events.shape[2])
        return replace(
            events.take(order),
            clip=clip[order],
            label=label[order],
            shape=shape,
        )

    def restrict(self, clips: Iterable[str]) -> GroundTruth:
        """The truth of some of the clips."""
        kept = set(clips)
        events = self.events[self.events.filename.isin(kept)]
        durations = self.durations[self.durations.filename.isin(kept)]
        return replace(
            self,
            events=events.reset_index(drop=True),
            durations=durations.reset_index(drop=True),
            left_out=self.left_out & kept,
        )

    def with_labels(self, labels: Iterable[str]) -> GroundTruth:
        """The truth of these classes; events of others are left out.

        What counts in a clip is decided by all its events: ``left_out`` stays.
        """
        known = distinct_labels(labels)
        events = self.events[self.events.event_label.isin(known)]
        return replace(self, labels=known, events=events.reset_index(drop=True))

    def select(
        self, detections: pd.DataFrame, *, thresholds: bool = False
    ) -> pd.DataFrame:
        """Checks detections and keeps those in clips that count."""
        columns = [*EVENT_COLUMNS, *(["threshold"] if thresholds else [])]
        require_columns(detections, columns, "detections")
        if not thresholds and "threshold" in detections:
            found = detections.threshold.unique()
            if len(found) > 1:
                raise ValueError(
                    f"detections at {len(found)} thresholds ({found.min()} "
                    f"to {found.max()}): choose those of one threshold"
                )
        _require_known(detections.filename, self.clips, "annotations")
        cleaned = clean_events(detections[columns], self.labels, "detections")
        if not self.left_out:
            return cleaned
        kept = ~cleaned.filename.isin(self.left_out)
        return cleaned[kept].reset_index(drop=True)


def _clean_durations(durations: pd.DataFrame) -> pd.DataFrame:
    require_columns(durations, ["filename", "duration"], "durations")
    table = durations[["filename", "duration"]].drop_duplicates()
    table = table.astype({"duration": float}).sort_values("filename")
    wrong = ~(np.isfinite(table.duration) & (table.duration > 0))
    refuse_rows(table, wrong, "durations", "duration must be above 0 s")
    repeated = table.filename.duplicated(keep=False)
    refuse_rows(table, repeated, "durations", "clip has several durations")
    return table.reset_index(drop=True)


def distinct_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels, if they are different names."""
    known = tuple(labels)
    if len(set(known)) < len(known) or "" in known:
        raise ValueError(
            f"labels must be different names, got {', '.join(map(repr, known))}"
        )
    return known


def _require_known(clips: pd.Series, known: Iterable[str], where: str) -> None:
    unknown = sorted(set(clips) - set(known), key=str)
    if unknown:
        raise ValueError(
            f"clip {unknown[0]!r} is not in the {where} "
            f"({len(unknown)} such clips): names must match exactly"
        )


def truth_of_rows(
    rows: Sequence[ClipRow],
    labels: Sequence[str],
    profile: str = "dcase",
    criteria: Criteria | None = None,
) -> GroundTruth:
    """The ground truth of the strongly labeled clips of a manifest."""
    strong = [row for row in rows if row.label_kind == LabelKind.STRONG]
    events = [
        (clip_name(row.id), *event) for row in strong for event in row.events
    ]
    lengths = [(clip_name(row.id), row.duration) for row in strong]
    return GroundTruth.from_tables(
        pd.DataFrame(events, columns=EVENT_COLUMNS),
        pd.DataFrame(lengths, columns=["filename", "duration"]),
        labels,
        profile=profile,
        criteria=criteria,
    )


def clip_name(clip_id: str) -> str:
    """The file name of a clip in DESED's tables."""
    return f"{clip_id}.wav"
