"""``lgc-sed report``: a page of a run, or of two side by side."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from lgc_plugin.cli.compare import distinct_names
from lgc_plugin.cli.evaluate import evaluate_as_asked
from lgc_plugin.cli.scoring_arguments import read_annotations_of
from lgc_plugin.utils.text import printable

if TYPE_CHECKING:
    from lgc_plugin.report.page.run_source import RunSource

_DESCRIPTION = """\
Writes one HTML file that opens from disk without a network: scores with
intervals, PSD-ROC, classes, confusion, learning curves, settings, and the worst
and the best clips to listen to, with true and detected events at any threshold.
Of two runs, it shows the differences.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "report",
        help="write a page of a run, or of two side by side",
        description=_DESCRIPTION,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="output folder of a run, its results.json (or, of another set, "
        "eval_public_results.json), or a results.json of lgc-sed evaluate; "
        "one, or two to compare",
    )
    parser.add_argument(
        "--output",
        default="report.html",
        metavar="FILE",
        help="the page, which is replaced (default: report.html)",
    )
    parser.add_argument(
        "--audio",
        metavar="DIR",
        help="folder with the clips, at any depth, where they are not where "
        "the run had them",
    )
    parser.add_argument(
        "--names",
        nargs="+",
        metavar="NAME",
        help="what the page calls the runs (default: their folders)",
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from lgc_plugin.report.page.html_page import run_name, write_report
    from lgc_plugin.report.page.run_source import read_run

    runs = [Path(each) for each in args.runs]
    if len(runs) > 2:
        raise ValueError(f"{len(runs)} runs: give one, or two to compare")
    names = args.names
    if names is None:
        names = [run_name(runs[0])] if len(runs) == 1 else distinct_names(*runs)
    sources = [read_run(each, args.audio) for each in runs]
    for source in sources:
        if "inputs" in source.results:
            _evaluate_again(source, args.audio)
    page = write_report(sources, args.output, names=names)
    print(printable(f"wrote {page}"))
    return 0


def _evaluate_again(source: RunSource, audio: str | None) -> None:
    """Reads what ``lgc-sed evaluate`` scored, if it is where it was."""
    from lgc_plugin.evaluation.notes import Notes
    from lgc_plugin.report.page.run_source import find_audio

    inputs = source.results["inputs"]
    notes = Notes()
    try:
        asked = argparse.Namespace(**{**inputs, "n_bootstrap": 0})
        annotations = read_annotations_of(asked, notes)
        evaluation = evaluate_as_asked(asked, annotations, notes)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        source.missing.append(
            f"PSD-ROC, confusion and clips: what was scored cannot be read "
            f"again from here ({error})"
        )
        return
    (name,) = source.results["scores"]
    source.systems[name] = evaluation.system
    source.truth = evaluation.truth
    find_audio(source, audio or inputs.get("audio"))
