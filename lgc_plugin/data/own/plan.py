"""Which clips of which recordings make which set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lgc_plugin.data.own.classes import Classes
from lgc_plugin.data.own.clips import SETS, Clip
from lgc_plugin.data.own.cutting import (
    Span,
    gaps,
    scoring_windows,
    training_windows,
    unlabeled_windows,
)
from lgc_plugin.data.own.options import DatasetOptions
from lgc_plugin.data.own.plan_notes import plan_notes
from lgc_plugin.data.own.recordings import Recording, spans_of
from lgc_plugin.data.own.split import Group, split_groups
from lgc_plugin.types import Event

_SET_OF_SPLIT = {"valid": "valid_strong", "test": "test"}


@dataclass
class Plan:
    """All clips, and what is in none."""

    #: By set, recording and start.
    clips: list[Clip]
    #: The split of each group of recordings.
    splits: dict[str, str]
    #: Milliseconds of recordings in no clip, by the reason.
    excluded: Counter[str] = field(default_factory=Counter)
    #: What is worth knowing, in sentences.
    notes: list[str] = field(default_factory=list)


def plan_clips(
    recordings: Sequence[Recording], classes: Classes, options: DatasetOptions
) -> Plan:
    """Splits the recordings by groups, and decides where to cut them."""
    splits = _split(recordings, classes, options)
    plan = Plan([], splits)
    for recording in recordings:
        split = splits.get(recording.group, "train")
        maker = _Maker(recording, classes, options, plan.excluded)
        if split == "train":
            plan.clips += maker.training()
        else:
            plan.clips += maker.scoring(_SET_OF_SPLIT[split])
    names = list(SETS)
    plan.clips.sort(key=lambda x: (names.index(x.set), x.source.name, x.span))
    plan.notes += plan_notes(
        recordings, plan.clips, plan.excluded, classes, options.clip_ms
    )
    return plan


def _split(
    recordings: Sequence[Recording], classes: Classes, options: DatasetOptions
) -> dict[str, str]:
    """The split of all groups with annotated parts that cover every class."""
    by_group: dict[str, list[Recording]] = {}
    for recording in recordings:
        by_group.setdefault(recording.group, []).append(recording)
    given = dict.fromkeys(options.valid_groups, "valid")
    given.update(dict.fromkeys(options.test_groups, "test"))
    for name in given:
        if name not in by_group:
            raise ValueError(
                f"there is no group {name!r} (groups that have copies of one "
                f"recording are one): the groups are "
                f"{', '.join(sorted(by_group)[:10])} ..."
            )
    groups = []
    for name, members in sorted(by_group.items()):
        whole = [
            (member, part)
            for member in members
            for part in member.ranges
            if not classes.unknown(part.covered)
        ]
        if whole:
            annotated = sum(part.stop - part.start for _, part in whole)
            labels = Counter(
                event.label
                for member, part in whole
                for event in member.events_in(
                    part.start / 1000, part.stop / 1000
                )
            )
            groups.append(Group(name, annotated, labels))
    tagged = any(recording.tags is not None for recording in recordings)
    if not groups or (tagged and all(group.name in given for group in groups)):
        return given
    # Groups that are named for a set are all of it.
    valid = 0.0 if options.valid_groups else options.valid_share
    test = 0.0 if options.test_groups else options.test_share
    shares = {"train": 1 - valid - test, "valid": valid, "test": test}
    return {**split_groups(groups, shares, options.seed, given), **given}


class _Maker:
    """Makes the clips of one recording."""

    def __init__(
        self,
        recording: Recording,
        classes: Classes,
        options: DatasetOptions,
        excluded: Counter[str],
    ) -> None:
        self._recording = recording
        self._classes = classes
        self._length = options.clip_ms
        self._partial = options.tags_partial
        self._excluded = excluded
        self._whole = Span(0, recording.source.milliseconds)

    def training(self) -> Iterator[Clip]:
        """Strong clips of the annotated parts, others of the rest."""
        recording = self._recording
        for part in recording.ranges:
            unknown = self._classes.unknown(part.covered)
            spans = self._spans_in(part.span)
            for window in training_windows(part.span, spans, self._length):
                yield self._strong("train_strong", window, unknown)
        if recording.tags is not None and not recording.ranges:
            yield from self._weak(recording.tags)
            return
        for gap in self._gaps():
            windows = unlabeled_windows(gap, self._length)
            for window in windows:
                yield Clip(recording.source, "train_unlabeled", window)
            self._exclude("left over, shorter than half a clip", gap, windows)

    def scoring(self, name: str) -> Iterator[Clip]:
        """Clips of the parts that are annotated for every class."""
        for part in self._recording.ranges:
            if self._classes.unknown(part.covered):
                why = f"annotated for some classes only, but in {name}"
                self._exclude(why, part.span)
                continue
            spans = self._spans_in(part.span)
            for window in scoring_windows(part.span, spans, self._length):
                yield self._strong(name, window, ())
        for gap in self._gaps():
            self._exclude(f"not annotated, of recordings in {name}", gap)

    def _spans_in(self, part: Span) -> list[Span]:
        start, stop = part.start / 1000, part.stop / 1000
        return spans_of(self._recording.events_in(start, stop))

    def _gaps(self) -> list[Span]:
        return gaps([x.span for x in self._recording.ranges], self._whole)

    def _exclude(
        self, why: str, span: Span, windows: Iterable[Span] = ()
    ) -> None:
        used = sum(window.stop - window.start for window in windows)
        if span.stop - span.start > used:
            self._excluded[why] += span.stop - span.start - used

    def _strong(self, name: str, span: Span, unknown: tuple[str, ...]) -> Clip:
        start, stop = span.start / 1000, span.stop / 1000
        events = tuple(
            Event(
                max(0.0, round(onset - start, 6)),
                round(min(stop, offset) - start, 6),
                label,
            )
            for onset, offset, label in self._recording.events_in(start, stop)
            if label not in unknown
        )
        # What is left of an event of which a clip has next to nothing.
        events = tuple(event for event in events if event.onset < event.offset)
        tags = tuple(sorted({event.label for event in events}))
        return Clip(self._recording.source, name, span, events, tags, unknown)

    def _weak(self, tags: tuple[str, ...]) -> Iterator[Clip]:
        """Where a recording is longer than a clip, its tags do not say which
        clip has the class: the tagged classes are unknown there.
        """
        source, names = self._recording.source, self._classes.names
        others = tuple(x for x in names if x not in tags and self._partial)
        if self._whole.stop <= self._length:
            yield Clip(
                source, "train_weak", self._whole, tags=tags, unknown=others
            )
            return
        unknown = tuple(x for x in names if x in {*tags, *others})
        known = len(unknown) < len(names)
        name = "train_weak" if known else "train_unlabeled"
        windows = unlabeled_windows(self._whole, self._length)
        for window in windows:
            yield Clip(source, name, window, unknown=unknown * known)
        why = "left over, shorter than half a clip"
        self._exclude(why, self._whole, windows)
