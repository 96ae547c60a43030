"""Lets psds_eval and sed_eval score events themselves, to be compared.

Our counts are theirs, for all clips and thresholds at once. Slow: seconds for
a thousand clips.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.f1 import f1_averages
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import PSDS_METRICS, count_detections
from lgc_plugin.evaluation.notes import quiet
from lgc_plugin.utils.versions import (
    find_problems,
    installed_version,
    requirements,
)

_LIBRARIES = ("psds_eval", "sed_eval")


def check_libraries() -> None:
    """Refuses versions with which psds_eval and sed_eval do not work."""
    wanted = requirements("verify")
    wanted += [each for each in requirements() if each.name in _LIBRARIES]
    found = {each.name: installed_version(each.name) for each in wanted}
    unfit = [each for each in wanted if find_problems([each], found)]
    if not unfit:
        return
    names = " and ".join(
        f"{each} {installed_version(each) or ''}".strip() for each in _LIBRARIES
    )
    texts = [
        f"{each.name}{each.specifier} (installed: {found[each.name] or 'none'})"
        for each in unfit
    ]
    quoted = " ".join(f"'{each.name}{each.specifier}'" for each in unfit)
    raise ValueError(
        f"{names} want {', '.join(texts)}: pip install {quoted}, or score "
        "without --verify, which gives the same numbers"
    )


def check_by_libraries(
    operating: pd.DataFrame,
    truth: GroundTruth,
    all_events: pd.DataFrame | None = None,
) -> dict[str, tuple[float, float]]:
    """Our scores beside those that psds_eval and sed_eval compute."""
    check_libraries()
    if not truth.present:
        raise ValueError("no event in the ground truth: nothing to compare")
    names = ["event_f1", "segment_f1", "intersection_f1"]
    if all_events is not None:
        names += PSDS_METRICS
    counts = count_detections(operating, truth, all_events, names)
    found = truth.select(operating.drop(columns="threshold", errors="ignore"))
    theirs = {**_by_sed_eval(found, truth), **_intersection_f1(found, truth)}
    if all_events is not None:
        table = truth.select(all_events, thresholds=True)
        theirs |= _by_psds_eval(table, truth)
    ours = {
        key: number
        for name, each in counts.items()
        for key, number in each.score().flat(name).items()
    }
    return {key: (ours[key], number) for key, number in theirs.items()}


def _by_psds_eval(found: pd.DataFrame, truth: GroundTruth) -> dict[str, float]:
    found = found[found.event_label.isin(truth.present)]
    values = {}
    for name, options in PSDS_METRICS.items():
        if found.empty:
            values[name] = 0.0
            continue
        evaluation = _psds_eval(truth, options["dtc"], options["gtc"])
        with quiet():
            for _, table in found.groupby("threshold"):
                evaluation.add_operating_point(table[EVENT_COLUMNS])
            if len(truth.present) == 1:
                # Its mean over no other class is NaN.
                none = [np.zeros((1, 1))] * evaluation.num_operating_points()
                evaluation.operating_points["ctr"] = none
            score = evaluation.psds(
                options["alpha_ct"], options["alpha_st"], 100.0
            )
        values[name] = float(score.value)
    return values


def _intersection_f1(
    found: pd.DataFrame, truth: GroundTruth
) -> dict[str, float]:
    found = found[found.event_label.isin(truth.present)]
    if found.empty:
        return {"intersection_f1_macro": 0.0}
    evaluation = _psds_eval(truth, 0.5, 0.5)
    with quiet():
        _, per_class = evaluation.compute_macro_f_score(found[EVENT_COLUMNS])
    # A class without a true positive is NaN there, and 0 here.
    return {
        "intersection_f1_macro": float(
            np.nan_to_num([per_class[label] for label in truth.present]).mean()
        )
    }


def _psds_eval(truth: GroundTruth, dtc: float, gtc: float) -> Any:
    with quiet():
        from psds_eval import PSDSEval

        return PSDSEval(
            dtc,
            gtc,
            0.3,
            ground_truth=truth.events,
            metadata=truth.durations,
        )


def _by_sed_eval(found: pd.DataFrame, truth: GroundTruth) -> dict[str, float]:
    with quiet():
        import sed_eval.sound_event as sed_eval

    labels = list(truth.labels)
    metrics = {
        "event_f1": sed_eval.EventBasedMetrics(
            event_label_list=labels,
            t_collar=truth.criteria.collar,
            percentage_of_length=truth.criteria.offset_share,
        ),
        "segment_f1": sed_eval.SegmentBasedMetrics(
            event_label_list=labels, time_resolution=1.0
        ),
    }
    annotated, detected = _by_clip(truth.events), _by_clip(found)
    for clip in dict.fromkeys([*annotated, *detected]):
        for metric in metrics.values():
            metric.evaluate(annotated.get(clip, []), detected.get(clip, []))
    values = {}
    for name, metric in metrics.items():
        counts = [metric.class_wise[label] for label in labels]
        averages = f1_averages(
            *([[c[key] for c in counts]] for key in ("Ntp", "Nfn", "Nfp"))
        )
        values[f"{name}_macro"] = float(averages.value[0])
        overall = metric.overall_f_measure()["f_measure"]
        # It divides by nothing where nothing was detected.
        values[f"{name}_micro"] = float(np.nan_to_num(overall))
    return values


def _by_clip(table: pd.DataFrame) -> dict[str, list[dict]]:
    grouped: dict[str, list[dict]] = {}
    columns = (table[column].tolist() for column in EVENT_COLUMNS)
    for clip, onset, offset, label in zip(*columns, strict=True):
        event = {"onset": onset, "offset": offset, "event_label": label}
        grouped.setdefault(clip, []).append(event)
    return grouped
