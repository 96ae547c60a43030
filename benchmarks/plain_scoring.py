"""The test of a network as one would first write it.

Scores become events clip by clip and threshold by threshold; psds_eval and
sed_eval do the rest. Nothing is slow on purpose: tables are joined once, and
the libraries are called as they document it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.ndimage import median_filter
from scoring_data import AnnotatedClips

from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SCENARIOS = {
    "psds1": ({"dtc_threshold": 0.7, "gtc_threshold": 0.7}, 0.0),
    "psds2": (
        {"dtc_threshold": 0.1, "gtc_threshold": 0.1, "cttc_threshold": 0.3},
        0.5,
    ),
}


def plain_decode(
    frames: FrameScores, windows: Sequence[int], thresholds: Sequence[float]
) -> dict[float, pd.DataFrame]:
    """Events at each threshold."""
    found: dict[float, list[pd.DataFrame]] = {t: [] for t in thresholds}
    for clip, scores, valid in zip(
        frames.clips, frames.scores, frames.valid_frames, strict=True
    ):
        for threshold in thresholds:
            sounding = scores[:, :valid] > threshold
            table = _clip_events(clip, sounding, windows, frames)
            if len(table):
                found[threshold].append(table)
    none = pd.DataFrame(columns=EVENT_COLUMNS)
    return {
        threshold: pd.concat(tables, ignore_index=True) if tables else none
        for threshold, tables in found.items()
    }


def _clip_events(
    clip: str,
    sounding: NDArray[np.bool_],
    windows: Sequence[int],
    frames: FrameScores,
) -> pd.DataFrame:
    """Runs of frames of one clip at one threshold, class by class."""
    rows = []
    # Silence on either side: changes come in pairs.
    smooth = np.zeros((len(sounding), sounding.shape[1] + 2), dtype=bool)
    for i, (label, window) in enumerate(
        zip(frames.labels, windows, strict=True)
    ):
        smooth[i, 1:-1] = median_filter(sounding[i], window)
        changes = np.flatnonzero(np.diff(smooth[i]))
        for first, end in zip(changes[::2], changes[1::2], strict=True):
            rows.append((clip, frames.edges[first], frames.edges[end], label))
    return pd.DataFrame(rows, columns=EVENT_COLUMNS)


def plain_scores(
    found: dict[float, pd.DataFrame],
    operating: pd.DataFrame,
    clips: AnnotatedClips,
    labels: Sequence[str],
) -> dict[str, float]:
    """Scores of the libraries, named as in ``SEDResult.flat``.

    Macro means are over the classes of the truth; the libraries' own leave
    out a class that is never hit.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of psds_eval, about pandas
        return {
            **_psds(found, clips),
            **_intersection_f1(operating, clips),
            **_sed_eval(operating, clips, labels),
        }


def _psds(
    found: dict[float, pd.DataFrame], clips: AnnotatedClips
) -> dict[str, float]:
    scores = {}
    for name, (criteria, alpha_ct) in _SCENARIOS.items():
        evaluation = _evaluation(clips, **criteria)
        for table in found.values():
            evaluation.add_operating_point(table)
        result = evaluation.psds(alpha_ct=alpha_ct, alpha_st=1.0, max_efpr=100)
        scores[name] = float(result.value)
    return scores


def _intersection_f1(
    operating: pd.DataFrame, clips: AnnotatedClips
) -> dict[str, float]:
    evaluation = _evaluation(clips, dtc_threshold=0.5, gtc_threshold=0.5)
    _, per_class = evaluation.compute_macro_f_score(operating)
    return {"intersection_f1_macro": _macro(per_class, clips)}


def _macro(per_class: dict[str, float], clips: AnnotatedClips) -> float:
    present = clips.events.event_label.unique()
    return float(np.mean([np.nan_to_num(per_class[x]) for x in present]))


def _evaluation(clips: AnnotatedClips, **criteria: float) -> Any:
    from psds_eval import PSDSEval

    return PSDSEval(
        ground_truth=clips.events, metadata=clips.durations, **criteria
    )


def _sed_eval(
    operating: pd.DataFrame, clips: AnnotatedClips, labels: Sequence[str]
) -> dict[str, float]:
    """Event-based and segment-based F1, file by file."""
    from sed_eval.sound_event import EventBasedMetrics, SegmentBasedMetrics

    metrics = {
        "event_f1": EventBasedMetrics(
            event_label_list=list(labels),
            t_collar=0.2,
            percentage_of_length=0.2,
        ),
        "segment_f1": SegmentBasedMetrics(
            event_label_list=list(labels), time_resolution=1.0
        ),
    }
    for clip in clips.durations.filename:
        true = clips.events[clips.events.filename == clip]
        detected = operating[operating.filename == clip]
        for metric in metrics.values():
            metric.evaluate(
                reference_event_list=true.to_dict("records"),
                estimated_event_list=detected.to_dict("records"),
            )
    scores = {}
    for name, metric in metrics.items():
        per_class = {
            label: numbers["f_measure"]["f_measure"]
            for label, numbers in metric.results_class_wise_metrics().items()
        }
        scores[f"{name}_macro"] = _macro(per_class, clips)
        micro = metric.results_overall_metrics()
        scores[f"{name}_micro"] = float(micro["f_measure"]["f_measure"])
    return scores
