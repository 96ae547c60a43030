"""``lgc-sed compare``: by how much one system is better than another."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

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
    from lgc_plugin.evaluation.evaluation import Comparison
    from lgc_plugin.evaluation.operating_options import OperatingOptions

_DESCRIPTION = """\
Scores two systems on the same clips and tells the difference, A - B, with its
95 % interval and the share of resamples in which A is better. Both are drawn
the same clips, so the interval is that of the difference, much narrower than
those of the scores.
"""
_NO_SETTINGS = "-"


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "compare",
        help="tell how sure the difference of two systems is",
        description=_DESCRIPTION,
    )
    parser.set_defaults(run=run)
    group = parser.add_argument_group("predictions")
    group.add_argument(
        "first",
        metavar="A",
        help="predictions of a system, of any kind that evaluate reads",
    )
    group.add_argument(
        "second", metavar="B", help="predictions of another system"
    )
    group.add_argument(
        "--settings",
        nargs=2,
        metavar=("YAML_A", "YAML_B"),
        help="for frame scores: windows and thresholds of lgc-sed tune, "
        f"{_NO_SETTINGS!r} for a system without, which --threshold and "
        "--median-windows are for",
    )
    add_missing_argument(group)
    add_post_processing_arguments(parser, threshold=OF_DETECTIONS)
    add_truth_arguments(parser)
    add_bootstrap_arguments(parser, needed=True)
    group = parser.add_argument_group("output")
    group.add_argument(
        "--output",
        metavar="FILE",
        help="JSON file with all differences (default: none is written)",
    )
    group.add_argument(
        "--names",
        nargs=2,
        metavar=("A", "B"),
        help="what the table calls them (default: the names of the files)",
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from lgc_plugin.evaluation.evaluation import compare_systems
    from lgc_plugin.evaluation.notes import Notes
    from lgc_plugin.report.operating_table import operating_totals
    from lgc_plugin.report.tables import difference_table

    start = time.monotonic()
    check_bootstrap(args, least=1)
    notes = Notes()
    paths = (Path(args.first), Path(args.second))
    first, second = args.names or distinct_names(*paths)
    names = (first, second)
    with printed_notes(notes):
        comparison = compare_systems(
            paths,
            read_annotations_of(args, notes),
            _options(args),
            names=names,
            drop_missing=args.drop_missing,
            resamples=args.n_bootstrap,
            seed=args.seed,
            notes=notes,
        )
    print(_header(comparison, names, args))
    table = difference_table(
        comparison.differences,
        comparison.results[0].scores,
        comparison.results[1].scores,
        names,
        resamples=args.n_bootstrap,
    )
    print(f"\n{table}")
    results = zip(names, comparison.results, strict=True)
    totals = operating_totals({k: result.operating for k, result in results})
    print(f"\nat their operating points, all classes:\n\n{totals}")
    if args.output:
        _write(comparison, names, args, notes.lines, time.monotonic() - start)
    return 0


def distinct_names(first: Path, second: Path) -> tuple[str, str]:
    """Distinct names of two paths: their own, or the folders above."""
    paths = [each.resolve() for each in (first, second)]
    parts = [
        (path if path.is_dir() else path.with_suffix("")).parts
        for path in paths
    ]
    for end in range(1, min(map(len, parts))):
        if parts[0][-end] != parts[1][-end]:
            return parts[0][-end], parts[1][-end]
    return "A", "B"


def _options(args: argparse.Namespace) -> list[OperatingOptions]:
    """Of each system. Threshold and windows are for those without settings."""
    from lgc_plugin.evaluation.operating_options import OperatingOptions
    from lgc_plugin.evaluation.score_files import is_score_source

    given = given_settings(args)
    limit = {x: y for x, y in given.items() if x == "decision_threshold"}
    settings = args.settings or [_NO_SETTINGS] * 2
    scores = [is_score_source(each) for each in (args.first, args.second)]
    options = []
    for frames, file in zip(scores, settings, strict=True):
        if file != _NO_SETTINGS:
            options.append(OperatingOptions(settings=file))
            continue
        # Where neither system can use windows and the like, they are an error.
        used = given if frames or not any(scores) else limit
        options.append(OperatingOptions.of(used))
    return options


def _header(
    comparison: Comparison, names: tuple[str, str], args: argparse.Namespace
) -> str:
    """What was compared, in a few lines."""
    rows = []
    for name, system in zip(names, comparison.systems, strict=True):
        found = system.predictions
        rows.append([name, f"{found.path}: {found.form}"])
        rows.append(["", f"F1 scores at {system.point.text}"])
    return header(rows, comparison, args)


def _write(
    comparison: Comparison,
    names: tuple[str, str],
    args: argparse.Namespace,
    notes: list[str],
    wall_seconds: float,
) -> None:
    """Writes the JSON file, and prints its path."""
    from lgc_plugin.report.result_files import write_results

    results = dict(zip(names, comparison.results, strict=True))
    write_results(
        args.output,
        scores={name: result.as_dict() for name, result in results.items()},
        seed=args.seed,
        coverage=comparison.results[0].coverage,
        wall_seconds=wall_seconds,
        resamples=args.n_bootstrap,
        difference=" - ".join(names),
        differences=comparison.as_dict(),
        profile=args.profile,
        criteria=asdict(comparison.truth.criteria),
        labels=comparison.truth.labels,
        operating_points={
            name: system.point.text
            for name, system in zip(names, comparison.systems, strict=True)
        },
        clips=asdict(comparison.coverage),
        inputs=inputs(args),
        notes=notes,
    )
    print(printable(f"wrote {args.output}"))
