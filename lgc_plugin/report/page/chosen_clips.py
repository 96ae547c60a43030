"""Which clips a report shows: those with the worst and the best results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from lgc_plugin.evaluation.f1 import intersection_counts
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.notes import counted

#: Of each kind.
N_CLIPS = 4


class ClipResult(NamedTuple):
    """Counts of one clip, by intersection."""

    tp: int
    fn: int
    fp: int

    @property
    def f1(self) -> float:
        """1 where nothing sounds and nothing is detected."""
        total = 2 * self.tp + self.fn + self.fp
        return 2 * self.tp / total if total else 1.0

    @property
    def text(self) -> str:
        """The same for people.

        >>> ClipResult(1, 2, 1).text
        'intersection F1 0.400: 1 of 3 events found, 1 false alarm'
        """
        return (
            f"intersection F1 {self.f1:.3f}: {self.tp} of "
            f"{counted(self.tp + self.fn, 'event')} found, "
            f"{counted(self.fp, 'false alarm')}"
        )


class ChosenClip(NamedTuple):
    """A clip to show, and why."""

    name: str
    #: Say "worst" or "best".
    kind: str
    why: str


def clip_results(
    events: pd.DataFrame, truth: GroundTruth
) -> dict[str, ClipResult]:
    """The result of each clip that counts, of events at one threshold."""
    coded = truth.code(events.drop(columns="threshold", errors="ignore"))
    counts = intersection_counts(coded, truth).at(0, truth.labels)
    sums = [x.sum(axis=1).tolist() for x in (counts.tp, counts.fn, counts.fp)]
    return {
        clip: ClipResult(*numbers)
        for clip, *numbers in zip(truth.durations.filename, *sums, strict=True)
        if clip not in truth.left_out
    }


def worst_and_best(
    results: Mapping[str, ClipResult], each: int = N_CLIPS
) -> list[ChosenClip]:
    """The clips with the lowest and the highest F1.

    Of equal ones those with more errors, and with more events found, come
    first, then the order of names decides. Clips in which nothing sounds and
    nothing is detected are not chosen.

    >>> results = {"a": ClipResult(1, 0, 0), "b": ClipResult(0, 1, 0)}
    >>> [(clip.name, clip.kind) for clip in worst_and_best(results, each=1)]
    [('b', 'worst'), ('a', 'best')]
    """
    scored = {clip: x for clip, x in results.items() if any(x)}
    worst = sorted(scored, key=lambda x: (_errors(scored[x], 1), x))
    best = sorted(scored, key=lambda x: (_errors(scored[x], -1), x))
    count = min(each, -(-len(scored) // 2))
    chosen = [ChosenClip(x, "worst", scored[x].text) for x in worst[:count]]
    names = {clip.name for clip in chosen}
    rest = [clip for clip in best if clip not in names][:each]
    return chosen + [ChosenClip(x, "best", scored[x].text) for x in rest]


def _errors(result: ClipResult, sign: int) -> tuple[float, int]:
    if sign > 0:
        return result.f1, -(result.fn + result.fp)
    return -result.f1, -result.tp


def largest_differences(
    first: Mapping[str, ClipResult],
    second: Mapping[str, ClipResult],
    names: tuple[str, str],
    each: int = N_CLIPS,
) -> list[ChosenClip]:
    """The clips in which one of two systems is most ahead of the other.

    >>> one, two = {"a": ClipResult(1, 0, 0)}, {"a": ClipResult(0, 1, 0)}
    >>> largest_differences(one, two, ("A", "B"))[0].kind
    'A ahead'
    """
    gaps = {x: first[x].f1 - second[x].f1 for x in first if x in second}
    chosen = []
    for name, sign in zip(names, (1, -1), strict=True):
        ahead = [clip for clip in gaps if sign * gaps[clip] > 0]
        ahead.sort(key=lambda clip: (-sign * gaps[clip], clip))
        chosen += [
            ChosenClip(
                clip,
                f"{name} ahead",
                f"{names[0]}: {first[clip].text}; "
                f"{names[1]}: {second[clip].text}",
            )
            for clip in ahead[:each]
        ]
    return chosen
