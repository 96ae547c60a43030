"""``lgc-sed evaluate``: scores of any system's output."""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lgc_plugin.cli.post_processing_arguments import (
    OF_DETECTIONS,
    add_post_processing_arguments,
    given_settings,
)
from lgc_plugin.cli.scoring_arguments import (
    add_bootstrap_arguments,
    add_missing_argument,
    add_truth_arguments,
    check_bootstrap,
    header,
    inputs,
    printed_notes,
    read_annotations_of,
)
from lgc_plugin.utils.text import printable

if TYPE_CHECKING:
    from lgc_plugin.evaluation.evaluation import Evaluation
    from lgc_plugin.evaluation.ground_truth_files import Annotations
    from lgc_plugin.evaluation.notes import Notes

_DESCRIPTION = """\
Scores what any system detected: PSDS, F1 scores of events, segments,
intersections and clips, and average precision of tagging, with 95 %
intervals and the coverage: on how many of the annotated clips scores rest;
precision, recall and false alarms per hour of each class at one threshold.
"""

# What the libraries and we may differ by: rounding.
_SAME = 1e-9


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "evaluate",
        help="score the detections or frame scores of any system",
        description=_DESCRIPTION,
    )
    parser.set_defaults(run=run)
    group = parser.add_argument_group("predictions")
    group.add_argument(
        "--predictions",
        required=True,
        metavar="PATH",
        help="a folder with one TSV of detections per threshold (the last "
        "number in its name); one TSV of detections, with their confidences "
        "or without; or frame scores: a folder with one TSV per clip, or the "
        ".npz of a run",
    )
    group.add_argument(
        "--settings",
        metavar="YAML",
        help="for frame scores: windows and thresholds of lgc-sed tune, "
        "which were not chosen on these clips",
    )
    add_missing_argument(group)
    add_post_processing_arguments(parser, threshold=OF_DETECTIONS)
    add_truth_arguments(parser)
    add_bootstrap_arguments(parser)
    group = parser.add_argument_group("output")
    group.add_argument(
        "--output",
        metavar="DIR",
        help="where results.json and figures go; files of the same name are "
        "replaced (default: beside the predictions, ending in _scores)",
    )
    group.add_argument("--name", help="what the table calls the system")
    group.add_argument("--no-figures", action="store_true", help="draw nothing")
    group.add_argument(
        "--verify",
        action="store_true",
        help="let psds_eval and sed_eval score the same events, and fail "
        "(status 1) if any score differs",
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; the status is 1 if the libraries' scores differ."""
    from lgc_plugin.evaluation.notes import Notes
    from lgc_plugin.report.operating_table import operating_table
    from lgc_plugin.report.tables import score_table

    start = time.monotonic()
    check_bootstrap(args)
    if args.verify:
        from lgc_plugin.evaluation.reference_check import check_libraries

        check_libraries()  # before minutes of work
    # Of ".", the name of the folder.
    path, notes = Path(args.predictions).resolve(), Notes()
    stem = path.name if path.is_dir() else path.stem
    name = args.name or stem
    annotations = read_annotations_of(args, notes)
    with printed_notes(notes):
        evaluation = evaluate_as_asked(args, annotations, notes)
    print(_header(evaluation, args))
    print(f"\n{score_table({name: evaluation.result}, digits=6)}\n")
    counts = operating_table(evaluation.result.operating)
    print(f"at {printable(evaluation.system.point.text)}:\n\n{counts}\n")
    checked = _verify(evaluation) if args.verify else {}
    out = Path(args.output) if args.output else path.with_name(f"{stem}_scores")
    wall = time.monotonic() - start
    _write(out, name, evaluation, annotations, args, notes, checked, wall)
    return 1 if checked and _largest(checked) > _SAME else 0


def evaluate_as_asked(
    args: argparse.Namespace, annotations: Annotations, notes: Notes
) -> Evaluation:
    """Scores what the arguments of the command ask for."""
    from lgc_plugin.evaluation.evaluation import evaluate
    from lgc_plugin.evaluation.operating_options import OperatingOptions

    return evaluate(
        args.predictions,
        annotations,
        OperatingOptions.of(given_settings(args), args.settings),
        drop_missing=args.drop_missing,
        resamples=args.n_bootstrap,
        seed=args.seed,
        notes=notes,
    )


def _header(evaluation: Evaluation, args: argparse.Namespace) -> str:
    """What was scored, in a few lines."""
    predictions = evaluation.system.predictions
    rows = [
        ["predictions", f"{predictions.path}: {predictions.form}"],
        ["F1 scores at", evaluation.system.point.text],
    ]
    return header(rows, evaluation, args)


def _verify(evaluation: Evaluation) -> dict[str, tuple[float, float]]:
    """Compares with the libraries, and prints the largest difference."""
    checked = evaluation.check()
    largest = _largest(checked)
    verdict = "the same" if largest <= _SAME else "NOT the same"
    print(
        f"psds_eval and sed_eval: {verdict}, {len(checked)} scores differ by "
        f"at most {largest:.1e}"
    )
    if largest > _SAME:
        for name, (ours, theirs) in checked.items():
            if _gap(ours, theirs) > _SAME:
                print(f"  {name}: {ours:.9f} here, {theirs:.9f} theirs")
    return checked


def _largest(checked: dict[str, tuple[float, float]]) -> float:
    return max(_gap(*each) for each in checked.values())


def _gap(ours: float, theirs: float) -> float:
    """How far apart they are; a class that nobody scores is no difference."""
    if math.isnan(ours) or math.isnan(theirs):
        return 0.0 if math.isnan(ours) and math.isnan(theirs) else math.inf
    return abs(ours - theirs)


def _write(
    out: Path,
    name: str,
    evaluation: Evaluation,
    annotations: Annotations,
    args: argparse.Namespace,
    notes: Notes,
    checked: dict[str, tuple[float, float]],
    wall_seconds: float,
) -> None:
    """Writes results and figures, and prints their paths."""
    from lgc_plugin.report.result_files import write_results

    more: dict[str, Any] = {"reference_check": checked} if checked else {}
    write_results(
        out / "results.json",
        scores={name: evaluation.result.as_dict()},
        seed=args.seed,
        coverage=evaluation.result.coverage,
        wall_seconds=wall_seconds,
        resamples=args.n_bootstrap,
        profile=args.profile,
        criteria=asdict(evaluation.truth.criteria),
        labels=evaluation.truth.labels,
        operating_point=evaluation.system.point.text,
        clips=asdict(evaluation.coverage),
        inputs=inputs(args),
        notes=notes.lines,
        **more,
    )
    files = [out / "results.json"]
    if not args.no_figures:
        files += _figures(evaluation, name, out)
    names = ", ".join(file.name for file in files)
    print(printable(f"wrote {out}: {names}"))


def _figures(evaluation: Evaluation, name: str, out: Path) -> list[Path]:
    """Draws PSD-ROC curves, where there is PSDS, and the classes."""
    from lgc_plugin.report.score_figures import plot_per_class, plot_psd_roc
    from lgc_plugin.report.text import figure_text

    files, name = [], figure_text(name)
    for number in (1, 2):
        score = evaluation.result.scores.get(f"psds{number}")
        if score is not None and score.curve is not None:
            files.append(out / f"psd_roc_{number}.png")
            plot_psd_roc({name: score}, files[-1], title=f"PSDS{number}")
    files.append(out / "per_class.png")
    plot_per_class({name: evaluation.result}, files[-1])
    return files
