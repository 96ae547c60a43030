"""``lgc-sed verify``: is a data set fit to be trained on?"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from lgc_plugin.cli.annotation_arguments import (
    add_reading_arguments,
    reading_options,
)
from lgc_plugin.utils.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lgc_plugin.data.checks.verify import Report

_DESCRIPTION = """\
Decodes every file of a data set and checks what is written of it: lengths,
sample rates, silence, clipping, NaN, copies in two sets, events beyond the end,
times that are no seconds, classes that a set lacks, labels that are alike,
events that are too short for the output frames. The exit status is 0 if nothing
is wrong (there may be warnings), 1 if something is, 2 if DATA cannot be read.
"""
_EPILOG = """\
examples:
  lgc-sed verify my_data
  lgc-sed verify recordings --annotations labels
  lgc-sed verify my_data --output checks.json
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "verify",
        help="check a data set before training",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "data",
        metavar="DATA",
        help="folder that 'lgc-sed dataset' wrote, a folder with the manifests "
        "of a run (prepared.json), or a folder of recordings",
    )
    group = parser.add_argument_group("annotations of recordings")
    group.add_argument(
        "--annotations",
        nargs="+",
        default=(),
        metavar="FILE",
        help="files, or folders with files, of events with onset and offset",
    )
    add_reading_arguments(group, "--from", audio_is_given=True)
    parser.add_argument(
        "--frame-seconds",
        type=float,
        metavar="S",
        help="length of an output frame of the network (default: by "
        "settings.yaml in DATA, else 0.064)",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="JSON file with all that was found (default: none is written)",
    )
    parser.add_argument(
        "--n-jobs", type=int, help="worker processes (default: every core)"
    )
    parser.add_argument(
        "--quiet", action="store_true", help="show no progress bar"
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from lgc_plugin.data.checks.verify import verify_data
    from lgc_plugin.utils.files import write_json

    if args.n_jobs is not None and args.n_jobs < 1:
        raise ValueError(f"n_jobs is {args.n_jobs}: give 1 or more")
    if args.frame_seconds is not None and not 0 < args.frame_seconds < 10:
        raise ValueError(
            f"frame_seconds is {args.frame_seconds}: give seconds above 0 and "
            "below 10"
        )
    report = verify_data(
        args.data,
        args.annotations,
        reading_options(args, args.data),
        frame_seconds=args.frame_seconds,
        n_jobs=args.n_jobs,
        progress=not args.quiet,
    )
    if args.output:
        write_json(args.output, report.as_dict())
    for note in report.notes:
        print(printable(f"note: {note}"), file=sys.stderr)
    for line in _page(report):
        print(printable(line))
    return 0 if report.passed else 1


def _page(report: Report) -> Iterator[str]:
    """One page: what there is, a line for each check, and the outcome."""
    from lgc_plugin.data.checks.findings import ERROR
    from lgc_plugin.data.checks.verify import CHECKS

    kind = "a data set" if report.prepared else "recordings"
    yield f"{report.data}: {kind}, {counted(len(report.labels), 'class', 'es')}"
    for name, (n_files, minutes) in report.sets.items():
        yield f"  {name}: {counted(n_files, 'file')}, {minutes:.1f} min"
    for check in CHECKS:
        found = [x for x in report.findings if x.check == check]
        if not found:
            yield f"ok       {check}"
        for each in found:
            yield f"{each.level.upper():<8} {check}: {each}"
    n_errors = sum(x.level == ERROR for x in report.findings)
    n_warnings = len(report.findings) - n_errors
    yield (
        f"{counted(n_errors, 'error')}, {counted(n_warnings, 'warning')}: "
        + ("ready" if report.passed else "not ready")
    )
