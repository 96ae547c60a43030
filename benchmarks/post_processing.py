#!/usr/bin/env python3
"""What bounding boxes and tuning bring, on scores of finished runs.

    python benchmarks/post_processing.py RUN [RUN ...]

Each run is a folder of the recipe. What is tuned is chosen on its validation
set, and scored on its test set. Ways are compared clip for clip on the tests
of all runs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from harness import (
    RESULTS,
    describe_run,
    make_parser,
    report_error,
    write_results,
)
from tables import markdown_table, mean_and_spread

from lgc_plugin.data.manifest import ClipRow, read_manifest
from lgc_plugin.evaluation.bootstrap import compare, resample
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth, truth_of_rows
from lgc_plugin.evaluation.metrics import available_metrics, count_scores
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.score import ClipCounts
from lgc_plugin.evaluation.tuning import tune
from lgc_plugin.evaluation.tuning_search import BoxCandidates

PUBLISHED = "median filter"
# Their step filter is the middle one of those tried.
_BOXES = {"median_windows": 1}
# By name: the method of tune, or settings.
WAYS: dict[str, str | dict[str, Any]] = {
    PUBLISHED: {},
    "tuned median filter": "median",
    "boxes": _BOXES,
    "tuned boxes": "sebb",
    "tuned median filter and boxes": "both",
}
METRICS = {
    "psds1": "PSDS1",
    "psds2": "PSDS2",
    "psds1_free": "PSDS1, free",
    "psds2_free": "PSDS2, free",
    "intersection_f1": "intersection F1",
    "event_f1": "event F1",
}


class Part(NamedTuple):
    """A set of a run: scores, and what is true."""

    frames: FrameScores
    rows: list[ClipRow]
    profile: str

    @classmethod
    def read(cls, run: Path, name: str, network: str) -> Part:
        """Of the folder of a run."""
        frames = FrameScores.load(run / "scores" / f"{name}_{network}.npz")
        results = json.loads((run / "results.json").read_text())
        # Those of a data set of own recordings stay there.
        manifest = Path("manifests", f"{name}.csv")
        known = (run, Path(results["data_folder"]))
        folder = next((x for x in known if (x / manifest).is_file()), run)
        rows = read_manifest(folder / manifest)
        return cls(frames, rows, results["profile"])

    def truth(self) -> GroundTruth:
        """What the annotation says."""
        return truth_of_rows(self.rows, self.frames.labels, self.profile)

    def named(self, prefix: str) -> Part:
        """The same clips under names that no other run has."""
        clips = tuple(f"{prefix}{clip}" for clip in self.frames.clips)
        rows = [replace(row, id=f"{prefix}{row.id}") for row in self.rows]
        return Part(replace(self.frames, clips=clips), rows, self.profile)


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add("runs", type=Path, nargs="+", metavar="RUN", help="folder of a run")
    add("--network", choices=("student", "teacher"), default="teacher")
    add("--metric", default="psds1", help="what is tuned for (default: psds1)")
    add(
        "--step-lengths",
        type=float,
        nargs="+",
        default=BoxCandidates().step_filter_length,
        metavar="SECONDS",
        help="step filters to try (default: the paper's); the middle one is\n"
        "that of boxes that are not tuned",
    )
    add("--n-bootstrap", type=int, default=1000, help="behind the intervals")
    add("--write", metavar="NAME", help="write results/NAME.json")
    return parser.parse_args(words)


def settings_of(
    run: Path, network: str, metric: str, step_lengths: Sequence[float]
) -> dict[str, PostProcessing]:
    """The settings of each way, for one run."""
    valid = Part.read(run, "valid_strong", network)
    results = json.loads((run / "results.json").read_text())
    start = PostProcessing(results["median_windows"])
    boxes = BoxCandidates(tuple(step_lengths))
    middle = step_lengths[len(step_lengths) // 2]
    found = {}
    for way, how in WAYS.items():
        if isinstance(how, dict):
            length = middle if how else None
            found[way] = replace(start, **how, step_filter_length=length)
            continue
        chosen = tune(
            *(valid.frames, valid.truth(), metric),
            method=how,
            boxes=boxes,
            start=start,
        )
        found[way] = chosen.settings.post_processing
    return found


def swept(part: Part, settings: PostProcessing) -> Part:
    """The scores that thresholds sweep, under these settings."""
    return part._replace(frames=settings.swept_scores(part.frames))


def main(words: Sequence[str]) -> int:
    """Tunes, scores, compares, prints; returns the exit status."""
    options = parse(words)
    metrics = [each for each in METRICS if each in available_metrics()]
    parts: dict[str, list[Part]] = {way: [] for way in WAYS}
    chosen = []
    try:
        for number, run in enumerate(options.runs):
            found = settings_of(
                run, options.network, options.metric, options.step_lengths
            )
            test = Part.read(run, "test", options.network)
            for way, settings in found.items():
                own = swept(test.named(f"{number}-"), settings)
                parts[way].append(own)
            chosen.append({k: v.settings() for k, v in found.items()})
            print(f"{run}: tuned", file=sys.stderr, flush=True)
    except (OSError, ValueError) as error:
        return report_error(error, 2)
    scores = {
        way: [_scores(each, metrics) for each in own]
        for way, own in parts.items()
    }
    differences = _differences(parts, metrics, options.n_bootstrap)
    print(_score_table(scores, metrics))
    print(f"\n{_difference_table(differences, metrics)}")
    if options.write:
        content = {
            **describe_run("post_processing"),
            "runs": [run.name for run in options.runs],
            "network": options.network,
            "metric": options.metric,
            "step_lengths": options.step_lengths,
            "n_bootstrap": options.n_bootstrap,
            "scores": scores,
            "differences": differences,
            "settings": chosen,
        }
        write_results(RESULTS / f"{options.write}.json", content)
    return 0


def _counts(part: Part, metrics: Sequence[str]) -> dict[str, ClipCounts]:
    """Of scores that are filtered already."""
    return count_scores(part.frames, part.truth(), PostProcessing(), metrics)


def _scores(part: Part, metrics: Sequence[str]) -> dict[str, float]:
    counts = _counts(part, metrics)
    return {name: each.score().value for name, each in counts.items()}


def _differences(
    parts: dict[str, list[Part]], metrics: Sequence[str], resamples: int
) -> dict[str, dict[str, Any]]:
    """Each way against the published one, on the clips of all runs."""
    counts, drawn = {}, {}
    for way, own in parts.items():
        frames = FrameScores.join([each.frames for each in own])
        rows = [row for each in own for row in each.rows]
        pooled = Part(frames, rows, own[0].profile)
        counts[way] = _counts(pooled, metrics)
        drawn[way] = resample(counts[way], len(rows), resamples=resamples)
    found: dict[str, dict[str, Any]] = {}
    for way in parts:
        if way == PUBLISHED:
            continue
        found[way] = {}
        for name in metrics:
            scores = (counts[x][name].score() for x in (way, PUBLISHED))
            gap = compare(*scores, drawn[way][name], drawn[PUBLISHED][name])
            assert gap.score.intervals is not None
            low, high = gap.score.intervals.value
            found[way][name] = {
                "difference": gap.score.value,
                "interval": [low, high],
            }
    return found


def _score_table(
    scores: dict[str, list[dict[str, float]]], metrics: Sequence[str]
) -> str:
    lines = [
        [way, *(mean_and_spread([x[name] for x in own]) for name in metrics)]
        for way, own in scores.items()
    ]
    return markdown_table(["way", *(METRICS[x] for x in metrics)], lines)


def _difference_table(
    differences: dict[str, dict[str, Any]], metrics: Sequence[str]
) -> str:
    lines = [
        [way, *(_gap(own[name]) for name in metrics)]
        for way, own in differences.items()
    ]
    title = f"minus {PUBLISHED}"
    return markdown_table([title, *(METRICS[x] for x in metrics)], lines)


def _gap(entry: dict[str, Any]) -> str:
    low, high = entry["interval"]
    text = f"{entry['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"
    return f"**{text}**" if low > 0 or high < 0 else text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
