"""Where one recording is cut into clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from lgc_plugin.data.own.classes import Classes
from lgc_plugin.data.own.clips import Clip
from lgc_plugin.data.own.cutting import (
    Span,
    gaps,
    scoring_windows,
    training_windows,
    unlabeled_windows,
)
from lgc_plugin.data.own.options import DatasetOptions
from lgc_plugin.data.own.recordings import Recording, spans_of
from lgc_plugin.types import Event, LabelKind


class ClipMaker:
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
        self._length, self._step = options.clip_ms, options.step_ms
        self._partial = options.tags_partial
        self._excluded = excluded
        self._whole = Span(0, recording.source.milliseconds)

    def training(self) -> Iterator[Clip]:
        """Strong clips of the annotated parts, others of the rest."""
        recording = self._recording
        for part in recording.ranges:
            unknown = self._classes.unknown(part.covered)
            spans = self._spans_in(part.span)
            windows = training_windows(
                part.span, spans, self._length, self._step
            )
            for window in windows:
                yield self._strong("train_strong", window, unknown)
        if recording.tags is not None and not recording.ranges:
            yield from self._weak(recording.tags)
            return
        for gap in self._gaps():
            windows = unlabeled_windows(gap, self._length)
            for window in windows:
                yield self._unlabeled(window)
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

    def scoring_tags(self, name: str) -> Iterator[Clip]:
        """The whole recording, whatever its length: so its tags are known."""
        tags, parts = self._recording.tags, self._recording.ranges
        if tags is None or parts or self._partial:
            self._exclude(f"without events or tags, but in {name}", self._whole)
            return
        yield Clip(
            self._recording.source, name, LabelKind.WEAK, self._whole, tags=tags
        )

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
        source, kind = self._recording.source, LabelKind.STRONG
        return Clip(source, name, kind, span, events, tags, unknown)

    def _unlabeled(self, span: Span) -> Clip:
        source = self._recording.source
        return Clip(source, "train_unlabeled", LabelKind.NONE, span)

    def _weak(self, tags: tuple[str, ...]) -> Iterator[Clip]:
        """Where a recording is longer than a clip, its tags do not say which
        clip has the class: the tagged classes are unknown there.
        """
        source, names = self._recording.source, self._classes.names
        others = tuple(x for x in names if x not in tags and self._partial)
        if self._whole.stop <= self._length:
            yield Clip(
                *(source, "train_weak", LabelKind.WEAK, self._whole),
                tags=tags,
                unknown=others,
            )
            return
        unknown = tuple(x for x in names if x in {*tags, *others})
        windows = unlabeled_windows(self._whole, self._length)
        for window in windows:
            if len(unknown) == len(names):
                yield self._unlabeled(window)
            else:
                place = source, "train_weak", LabelKind.WEAK, window
                yield Clip(*place, unknown=unknown)
        why = "left over, shorter than half a clip"
        self._exclude(why, self._whole, windows)
