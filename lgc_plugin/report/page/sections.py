"""The parts of a report, each from what is known of one or two runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import count_scores
from lgc_plugin.evaluation.score import ClipCounts, Score
from lgc_plugin.evaluation.system import System
from lgc_plugin.report.page.confusion import count_confusion
from lgc_plugin.report.page.figures import (
    Figure,
    confusion_figure,
    learning_figure,
    per_class_figure,
    psd_roc_figure,
)
from lgc_plugin.report.page.run_source import RunSource
from lgc_plugin.report.page.train_log import Series
from lgc_plugin.report.text import (
    METRIC_NAMES,
    SCORE_NAMES,
    score_text,
    sure_text,
)

#: What each score means, in one line.
MEANINGS = {
    "psds1": "Are events found at the right time? Area under the PSD-ROC.",
    "psds2": "Are events found at all, and not confused with other classes?",
    "psds1_free": "PSDS1 over every threshold there is, not over 50.",
    "psds2_free": "PSDS2 over every threshold there is, not over 50.",
    "event_f1": "Are onset and offset within the collar, at the decision "
    "threshold?",
    "segment_f1": "Is each second right, at the decision threshold?",
    "intersection_f1": "Do detections and true events overlap by half, at the "
    "decision threshold?",
    "frame_error_rate": "The share of frames with a wrong set of classes, at "
    "the decision threshold.",
    "clip_f1": "Are the classes of whole clips right?",
    "clip_ap": "Are the clips of each class ranked above the others?",
    "weak_f1": "Clip F1 on the weakly labeled clips of the validation set.",
}
_CRITERIA = {"intersection": "by intersection", "event": "by onset and offset"}
_STAGES = {
    "train": "Training: loss and its terms",
    "valid": "Validation",
    "schedule": "Schedule",
}
# Of which the classes are drawn; tables have all.
_DRAWN = ("psds1", "psds2", "event_f1", "intersection_f1", "clip_f1")
# Recomputed from stored frame scores, they may differ by rounding alone.
_SAME = 1e-6


class ScoredSystem(NamedTuple):
    """A network whose frame scores or detections are known."""

    name: str
    #: Which column of the page it is.
    number: int
    system: System
    truth: GroundTruth
    source: RunSource

    def counts(self, metrics: Collection[str]) -> dict[str, ClipCounts]:
        """Counts of metrics; of frame scores without tables of all events."""
        frames = self.system.predictions.frames
        if frames is None:
            return self.system.counts(self.truth, metrics)
        post_processing = self.system.point.post_processing
        return count_scores(frames, self.truth, post_processing, metrics)


@dataclass(frozen=True, eq=False)
class ShownSystem:
    """A column of the page: a network of a run."""

    name: str
    #: Of ``results.json``.
    content: Mapping[str, Any]
    source: RunSource
    scored: ScoredSystem | None


def shown_systems(sources: Mapping[str, RunSource]) -> list[ShownSystem]:
    """Every network of every run; of several runs with the run's name."""
    shown: list[ShownSystem] = []
    for run, source in sources.items():
        for network, content in source.results.get("scores", {}).items():
            name = f"{run} {network}" if len(sources) > 1 else network
            system = source.systems.get(network)
            scored = None
            if system is not None and source.truth is not None:
                scored = ScoredSystem(
                    name, len(shown), system, source.truth, source
                )
            shown.append(ShownSystem(name, content, source, scored))
    return shown


def scored_systems(systems: Sequence[ShownSystem]) -> list[ScoredSystem]:
    """Those whose frame scores or detections are known."""
    return [each.scored for each in systems if each.scored is not None]


def judges(systems: Sequence[ScoredSystem]) -> list[ScoredSystem]:
    """Of each run the system that stands for it: the teacher, if it has one."""
    found: dict[RunSource, ScoredSystem] = {}
    for each in systems:
        if each.source not in found or each.name.endswith("teacher"):
            found[each.source] = each
    return list(found.values())


def score_rows(systems: Sequence[ShownSystem]) -> list[dict[str, Any]]:
    """Headline scores with intervals: a row per score, a cell per system."""
    rows = []
    for metric in METRIC_NAMES:
        for key in (metric, f"{metric}_macro", f"{metric}_micro"):
            if not any(key in each.content for each in systems):
                continue
            cells = [
                sure_text(
                    each.content.get(key),
                    each.content.get("intervals", {}).get(key),
                )
                for each in systems
            ]
            # A micro average needs no second explanation.
            meaning = "" if key.endswith("_micro") else MEANINGS[metric]
            rows.append(
                {"name": SCORE_NAMES[key], "meaning": meaning, "cells": cells}
            )
    return rows


def class_tables(systems: Sequence[ShownSystem]) -> list[dict[str, Any]]:
    """Scores of each class: a figure and the same numbers as text."""
    contents = {each.name: each.content for each in systems}
    tables = []
    for metric, title in METRIC_NAMES.items():
        known = [x.content.get("per_class", {}).get(metric) for x in systems]
        if not any(known):
            continue
        labels = dict.fromkeys(label for each in known for label in each or {})
        rows = [
            (
                label.replace("_", " "),
                [
                    sure_text(
                        (each or {}).get(label),
                        x.content.get("per_class_intervals", {})
                        .get(metric, {})
                        .get(label),
                    )
                    for each, x in zip(known, systems, strict=True)
                ],
            )
            for label in labels
        ]
        drawn = metric in _DRAWN
        figure = per_class_figure(contents, metric) if drawn else None
        tables.append({"title": title, "rows": rows, "figure": figure})
    return tables


def operating_tables(
    systems: Sequence[ShownSystem],
) -> list[dict[str, Any]]:
    """Counts, precision and recall of each system and class."""
    tables = []
    for each in systems:
        criteria = each.content.get("operating") or {}
        for criterion in _CRITERIA:
            counts = criteria.get(criterion)
            if not counts:
                continue
            rows = [("all classes", counts["overall"])]
            rows += [
                (label.replace("_", " "), row)
                for label, row in counts["per_class"].items()
            ]
            tables.append(
                {
                    "title": f"{each.name}, {_CRITERIA[criterion]}",
                    "rows": [(x, _operating_cells(row)) for x, row in rows],
                }
            )
    return tables


def _operating_cells(row: Mapping[str, Any]) -> list[str]:
    """The counts and ratios of a class, in the order of the columns."""
    counts = [str(row[key]) for key in ("tp", "fp", "fn")]
    ratios = [score_text(row[key]) for key in ("precision", "recall")]
    return [*counts, *ratios, score_text(row["false_alarms_per_hour"], 1)]


def psd_roc_figures(systems: Sequence[ShownSystem]) -> dict[str, Figure]:
    """PSD-ROC by metric, computed from frame scores or detections.

    Where the area is not the score in ``results.json``, the run's
    ``missing`` says so.
    """
    scores: dict[str, dict[str, Score]] = {"psds1": {}, "psds2": {}}
    for each in scored_systems(systems):
        content = systems[each.number].content
        # Without the lengths of the clips there is no score, and no curve.
        metrics = [name for name in scores if content.get(name) is not None]
        for metric, counts in each.counts(metrics).items():
            score = scores[metric][each.name] = counts.score()
            stored = content[metric]
            if abs(stored - score.value) <= _SAME:
                continue
            each.source.missing.append(
                f"{metric.upper()} of the {each.name} is {score.value:.3f} by "
                f"the stored frame scores, and {stored:.3f} in results.json: "
                "one of them is of other clips or settings"
            )
    return {k.upper(): psd_roc_figure(v) for k, v in scores.items() if v}


def confusions(systems: Sequence[ShownSystem]) -> dict[str, Figure]:
    """Confusion by system."""
    return {
        each.name: confusion_figure(
            count_confusion(each.system.operating_events, each.truth)
        )
        for each in scored_systems(systems)
    }


def learning_curves(
    sources: Mapping[str, RunSource],
) -> dict[str, list[tuple[str, Figure]]]:
    """Small figures by stage; networks of one metric share a figure."""
    stages = {}
    for stage, title in _STAGES.items():
        plots: dict[str, dict[str, Series]] = {}
        for run, source in sources.items():
            for name, series in source.log.get(stage, {}).items():
                plot, line = _plot_of(name, source)
                whole = f"{run} {line}" if len(sources) > 1 else line
                plots.setdefault(plot, {})[whole.strip()] = series
        stages[title] = [
            (name.replace("_", " "), learning_figure(series))
            for name, series in plots.items()
            if name != "step"
        ]
    return {title: figures for title, figures in stages.items() if figures}


def _plot_of(name: str, source: RunSource) -> tuple[str, str]:
    """Plot and line of a logged number."""
    for network in source.results.get("scores", ("student", "teacher")):
        if name.startswith(f"{network}_"):
            return name.removeprefix(f"{network}_"), network
    return name, ""
