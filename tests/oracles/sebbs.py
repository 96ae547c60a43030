"""Sound event bounding boxes of one clip and class, box by box."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Box = tuple[float, float, float]


def boxes(
    scores: Sequence[float],
    edges: Sequence[int],
    length: int,
    threshold_abs: float,
    threshold_rel: float,
) -> list[Box]:
    """(onset, offset, confidence) in seconds; edges and filter length in ms."""
    half = Fraction(length, 2)
    begin, end = edges[0], edges[-1]
    frames = list(zip(scores, edges[:-1], edges[1:], strict=True))
    times = sorted({e + x for e in edges for x in (-half, 0, half)})

    def area(start: Fraction, stop: Fraction) -> Fraction:
        return sum(
            Fraction(score) * max(0, min(stop, last) - max(start, first))
            for score, first, last in frames
        )

    def inside(start: Fraction, stop: Fraction) -> list[float]:
        return [
            score
            for score, first, last in frames
            if min(stop, last) > max(start, first)
        ]

    steps = [(area(t, t + half) - area(t - half, t)) / half for t in times]
    # Far away from the clip all is 0.
    steps = [Fraction(0), *steps, Fraction(0)]
    found: list[list[Fraction]] = []
    is_open = False
    for t, before, step, after in zip(
        times, steps, steps[1:], steps[2:], strict=False
    ):
        if not is_open and before < step >= after:
            found.append([t, Fraction(end)])
            is_open = True
        elif is_open and before >= step < after:
            found[-1][1] = t
            is_open = False
    cut = [(max(on, begin), min(off, end)) for on, off in found]
    cut = [(on, off) for on, off in cut if on < off]
    merged = [[box] for box in cut[:1]]
    for last, box in zip(cut, cut[1:], strict=False):
        high = max(*inside(*last), *inside(*box)) + 0.001
        low = min(inside(last[1], box[0])) + 0.001
        if high - low < threshold_abs and high < threshold_rel * low:
            merged[-1].append(box)
        else:
            merged.append([box])
    result = []
    for group in merged:
        onset, offset = group[0][0], group[-1][1]
        # The authors' package adds a microsecond to the length.
        mean = area(onset, offset) / (offset - onset + Fraction(1, 1000))
        result.append((float(onset / 1000), float(offset / 1000), float(mean)))
    return result
