"""Joins events that are near one another, and drops short ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lgc_plugin.inference.event_runs import Found

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lgc_plugin.inference.event_runs import Span


class SpanJoiner:
    """Joins spans over gaps up to a limit; what stays too short is dropped.

    Times are frames; what is nearer to a limit than ``tolerance`` is equal.

    Example
    -------
    >>> from lgc_plugin.inference.event_runs import Span
    >>> joiner = SpanJoiner(longest_gap=1, shortest=2, tolerance=0)
    >>> joiner.push(Found([Span(0, 1, 0.5, 0.0), Span(2, 3, 0.5, 0.25)], 4))
    Found(spans=[], earliest=0)
    >>> joiner.push(Found([], 5)).spans
    [Span(onset=0, offset=3, total=1.25, gap=0.0, joined=True)]
    """

    def __init__(
        self, longest_gap: float, shortest: float, tolerance: float
    ) -> None:
        self._longest_gap = longest_gap + tolerance
        self._shortest = shortest - tolerance
        self._open: Span | None = None
        # Of spans that were dropped, and the gaps before them.
        self._dropped = 0.0

    def push(self, found: Found) -> Found:
        """Takes the next spans."""
        spans = self._joined(found.spans)
        last = self._open
        if last and found.earliest - last.offset > self._longest_gap:
            spans += self.finish()
        if self._open:
            return Found(spans, self._open.onset)
        return Found(spans, found.earliest)

    def finish(self, last: Iterable[Span] = ()) -> list[Span]:
        """Ends the recording."""
        spans = self._joined(last)
        if self._open:
            spans += self._kept(self._open)
        self._open = None
        return spans

    def _joined(self, found: Iterable[Span]) -> list[Span]:
        """Those that the ones after them did not reach."""
        spans: list[Span] = []
        for span in found:
            before = self._open
            if before and span.onset - before.offset <= self._longest_gap:
                total = before.total + span.gap + span.total
                self._open = before._replace(
                    offset=span.offset, total=total, joined=True
                )
                continue
            if before:
                spans += self._kept(before)
            self._open = span
        return spans

    def _kept(self, span: Span) -> list[Span]:
        if span.offset - span.onset < self._shortest:
            self._dropped += span.gap + span.total
            return []
        gap, self._dropped = span.gap + self._dropped, 0.0
        return [span._replace(gap=gap)]
