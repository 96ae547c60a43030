"""PSDS over all thresholds there are, from the counts of sed_scores_eval.

Ebbers, Serizel, Haeb-Umbach: Threshold-Independent Evaluation of Sound Event
Detection Scores, ICASSP 2022. It does not depend on a choice of thresholds.
sed_scores_eval is an optional dependency (the extra ``scores``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.notes import quiet
from lgc_plugin.evaluation.postprocess.decoding import refuse_nan
from lgc_plugin.evaluation.postprocess.median_filter import (
    median_filter_scores,
    resolve_median_windows,
)
from lgc_plugin.evaluation.psd_roc import (
    PSDROC,
    SECONDS_PER_HOUR,
    ScoredByROC,
    psd_roc,
)
from lgc_plugin.utils.versions import installed_problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Of sed_scores_eval, for one clip: by class, the scores at which counts change,
# and by how much.
Deltas = dict[str, tuple["NDArray[np.float64]", dict[str, Any]]]


# The name of no clip.
_NOWHERE = "\0"


def has_sed_scores_eval() -> bool:
    """Whether threshold-free scores can be computed."""
    return find_spec("sed_scores_eval") is not None and not installed_problems(
        "scores"
    )


def psds_free_counts(
    frames: FrameScores,
    truth: GroundTruth,
    median_windows: int | Sequence[int] | Mapping[str, int],
    *,
    dtc: float,
    gtc: float,
    cttc: float | None = None,
    alpha_ct: float = 0.0,
    alpha_st: float = 1.0,
    max_efpr: float = 100.0,
) -> FreePSDSCounts:
    """The counts of threshold-free PSDS, of the classes that the truth has.

    Events of a class that touch are joined: sed_scores_eval wants it so.
    """
    if not has_sed_scores_eval():
        raise ValueError(
            "threshold-free PSDS needs sed_scores_eval: install lgc_plugin "
            "with the extra 'scores'"
        )
    if len(truth.present) < 2:
        alpha_ct = 0.0  # no class, no cross-trigger
    cttc = cttc if alpha_ct else None
    names = ("dtc_threshold", "gtc_threshold", "cttc_threshold")
    criteria = dict(zip(names, (dtc, gtc, cttc), strict=True))
    events = _connected(truth)
    deltas = _deltas(frames, truth, events, median_windows, criteria)
    options = {"alpha_ct": alpha_ct, "alpha_st": alpha_st}
    options["max_efpr"] = max_efpr
    return _free_counts(deltas, events, truth, options)


def _connected(truth: GroundTruth) -> dict[str, list[tuple]]:
    """Events of each clip, those of a class that touch joined."""
    events: dict[str, list[tuple]] = {c: [] for c in truth.durations.filename}
    for clip, onset, offset, label in truth.events.itertuples(index=False):
        before = events[clip][-1] if events[clip] else None
        # The table is sorted by clip, class and onset.
        if before and before[2] == label and before[1] >= onset:
            events[clip][-1] = (before[0], offset, label)
        else:
            events[clip].append((onset, offset, label))
    return events


def _deltas(
    frames: FrameScores,
    truth: GroundTruth,
    events: Mapping[str, list[tuple]],
    median_windows: int | Sequence[int] | Mapping[str, int],
    criteria: Mapping[str, float | None],
) -> dict[str, Deltas]:
    """What changes in each clip at which score."""
    with quiet():
        from sed_scores_eval.base_modules.scores import create_score_dataframe
        from sed_scores_eval.intersection_based.intermediate_statistics import (
            intermediate_statistics_deltas,
        )

    present = list(truth.present)
    rows = [frames.labels.index(label) for label in present]
    counted = truth.clips - truth.left_out
    frames = frames.select(counted)
    refuse_nan(frames.scores, frames.clips, frames.labels, frames.valid_frames)
    windows = resolve_median_windows(median_windows, frames.labels)
    smooth = median_filter_scores(
        frames.scores[:, rows],
        [windows[row] for row in rows],
        frames.valid_frames,
    )
    edges = np.broadcast_to(frames.edges, (len(smooth), smooth.shape[2] + 1))
    sizes = zip(frames.clips, frames.valid_frames, smooth, edges, strict=True)
    scores = {
        clip: create_score_dataframe(score[:, :n].T, edge[: n + 1], present)
        for clip, n, score, edge in sizes
        if n
    }
    found: dict[str, Deltas] = {}
    if scores and present:
        # It wants an event of every class: in a clip of its own, if all are in
        # clips without scores.
        frame, each = np.full((1, len(present)), -np.inf), (0.0, 1.0)
        scores[_NOWHERE] = create_score_dataframe(frame, each, present)
        true = {_NOWHERE: [(*each, label) for label in present], **events}
        true = {clip: true[clip] for clip in scores}
        found = intermediate_statistics_deltas(scores, true, **criteria)
        del found[_NOWHERE]
    # The time of clips without detections counts. sed_scores_eval wants a
    # step of every class: one that changes nothing.
    crossed = criteria["cttc_threshold"] is not None
    silent = {x: _steps_of_nothing(0, x, present, crossed) for x in present}
    first, *others = truth.durations.filename
    begun = found.get(first, silent)
    still = {x: _steps_of_nothing(1, x, present, crossed) for x in present}
    moving = {x for each in found.values() for x in present if len(each[x][0])}
    begun = {x: begun[x] if x in moving else still[x] for x in present}
    return {first: begun, **{x: found.get(x, silent) for x in others}}


def _steps_of_nothing(
    count: int, label: str, present: Sequence[str], crossed: bool
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Steps of a class that change nothing, as sed_scores_eval has them."""
    names = ["tps", "fps"]
    if crossed:
        names += [f"cts\\{other}" for other in present if other != label]
    else:
        names.append("cts")
    steps = {name: np.zeros(count) for name in names}
    return np.full(count, -np.inf), steps


def _free_counts(
    deltas: Mapping[str, Deltas],
    events: Mapping[str, Sequence[tuple]],
    truth: GroundTruth,
    options: Mapping[str, float],
) -> FreePSDSCounts:
    """Steps of each class, from those of each clip."""
    clips, labels = truth.durations.filename, truth.labels
    number = np.zeros((len(clips), len(labels)))
    seconds, none = np.zeros_like(number), np.zeros(0)
    for row, clip in enumerate(clips):
        for onset, offset, label in events[clip]:
            number[row, labels.index(label)] += 1
            seconds[row, labels.index(label)] += offset - onset
    steps = [
        _class_steps([deltas[clip][label] for clip in clips], label, labels)
        if label in truth.present
        else ClassSteps(np.zeros(0, np.int64), none, none, none, None)
        for label in labels
    ]
    return FreePSDSCounts(
        labels,
        number,
        seconds,
        truth.durations.duration.to_numpy(),
        options,
        tuple(steps),
    )


def _class_steps(
    clips: Sequence[tuple], label: str, labels: Sequence[str]
) -> ClassSteps:
    """What changes in any clip, from the highest score down."""
    scores = np.concatenate([score for score, _ in clips])
    clip = np.repeat(np.arange(len(clips)), [len(score) for score, _ in clips])
    order = np.argsort(-scores, kind="stable")

    def joined(name: str) -> NDArray[np.float64]:
        return np.concatenate([each[name] for _, each in clips])[order]

    cross = np.zeros((len(labels), len(scores)), dtype=np.float32)
    for row, other in enumerate(labels):
        if (name := f"cts\\{other}") in clips[0][1]:
            cross[row] = joined(name)
    return ClassSteps(
        clip[order],
        scores[order],
        joined("tps"),
        joined("fps"),
        cross if cross.any() else None,
    )


class ClassSteps(NamedTuple):
    """How the counts of a class change as the threshold falls."""

    #: (M,) where.
    clip: NDArray[np.int64]
    #: (M,) below which threshold; descending.
    score: NDArray[np.float64]
    #: (M,) by how much.
    tp: NDArray[np.float64]
    fp: NDArray[np.float64]
    #: (C, M) the same with each other class; None where there are none.
    cross_triggers: NDArray[np.float32] | None

    def staircase(
        self,
        weights: NDArray[np.floating],
        hours: NDArray[np.float64],
        other_hours: NDArray[np.float64],
        alpha_ct: float,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(R, S) false positives per hour and (R, S) true positives.

        At each change of the true positives, with the fewest false positives.
        """
        # Equal scores are one threshold, at the last of them.
        changes = self.score[1:] != self.score[:-1]
        ends = np.append(np.flatnonzero(changes), len(self.score) - 1)
        group = np.searchsorted(ends, np.arange(len(self.score)))
        change = self.tp != 0
        starts = np.unique(group[change])
        if not len(starts):
            return np.zeros((len(weights), 0)), np.zeros((len(weights), 0))
        drawn = weights[:, self.clip]
        effective = self.fp / hours[:, None]
        if self.cross_triggers is not None:
            rates = (alpha_ct / other_hours) @ self.cross_triggers
            effective = effective + rates
        effective = np.cumsum(effective * drawn, axis=1)[:, ends]
        tp = np.cumsum(drawn[:, change] * self.tp[change], axis=1)
        last = np.searchsorted(group[change], starts, side="right") - 1
        lowest = np.minimum.reduceat(effective, starts, axis=1)
        return lowest, tp[:, last]


@dataclass(frozen=True, eq=False)
class FreePSDSCounts(ScoredByROC):
    """Counts of threshold-free PSDS, clip by clip."""

    #: One per class.
    steps: tuple[ClassSteps, ...]

    def roc(self, weights: NDArray[np.floating]) -> PSDROC:
        """The PSD-ROC for (R, N) weights: how often each clip counts."""
        weights = weights.astype(np.float64)
        events = weights @ self.events
        present = events > 0
        hours = weights @ self.durations / SECONDS_PER_HOUR
        lengths = np.where(present, weights @ self.seconds, np.inf)
        others = np.maximum(present.sum(axis=1) - 1, 1)[:, None]
        curves = [
            step.staircase(
                weights,
                hours,
                lengths / SECONDS_PER_HOUR * others,
                self.options["alpha_ct"],
            )
            for step in self.steps
        ]
        rate = [
            tp / np.where(present, events, 1)[:, [row]]
            for row, (_, tp) in enumerate(curves)
        ]
        sizes = [each.shape[1] for each in rate]
        return psd_roc(
            np.concatenate([efpr for efpr, _ in curves], axis=1),
            np.concatenate(rate, axis=1),
            np.repeat(np.arange(len(sizes)), sizes),
            present,
            alpha_st=self.options["alpha_st"],
            max_efpr=self.options["max_efpr"],
        )
