"""``lgc-sed convert``: annotations from one format into another."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lgc_plugin.cli.annotation_arguments import (
    add_reading_arguments,
    reading_options,
)
from lgc_plugin.data.annotation_names import FORMAT_NAMES
from lgc_plugin.utils.text import printable

_DESCRIPTION = """\
Reads annotations of any format that is listed, prints which it was, and writes
them in another. What the new format cannot hold is refused or named.
"""
_EPILOG = """\
examples:
  lgc-sed convert labels --to tsv --output truth.tsv
  lgc-sed convert truth.tsv --to raven --output tables
  lgc-sed convert a.TextGrid --tiers birds --to audacity --output a.txt
  lgc-sed convert calls.csv --columns onset=Begin offset=End event_label=Call \\
      filename=Recording --time-unit ms --to tsv --output truth.tsv

A file of one recording is named for it (a.txt for a.wav); of a folder, all
such files are read. docs/annotations.md describes the formats.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "convert",
        help="read annotations of one format and write another",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "annotations",
        nargs="+",
        metavar="IN",
        help="files, or folders with files, of one format",
    )
    group = parser.add_argument_group("reading")
    add_reading_arguments(group, "--from")
    group.add_argument(
        "--audio",
        metavar="DIR",
        help="folder with the recordings, at any depth: gives their names, "
        "lengths and sample rates",
    )
    group = parser.add_argument_group("output")
    group.add_argument(
        "--to",
        required=True,
        choices=sorted(FORMAT_NAMES),
        metavar="FMT",
        help=f"what to write: {', '.join(sorted(FORMAT_NAMES))}",
    )
    group.add_argument(
        "--output",
        required=True,
        metavar="PATH",
        help="a file, which is replaced; or, of formats with a file for each "
        "recording, a folder that is not there or empty",
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from lgc_plugin.data.annotations import (
        WriteOptions,
        read_annotation_files,
        write_annotation_files,
    )
    from lgc_plugin.data.annotations.recordings import with_lengths
    from lgc_plugin.data.annotations.registry import FORMATS

    options = reading_options(args, args.audio)
    annotations = read_annotation_files(args.annotations, options)
    for note in annotations.notes:
        print(printable(f"note: {note}"), file=sys.stderr)
    for path in map(Path, args.annotations):
        if path.resolve() == Path(args.output).resolve():
            raise ValueError(f"{path}: would be replaced: choose another name")
    notes = write_annotation_files(
        with_lengths(annotations, options.audio),
        args.output,
        args.to,
        WriteOptions(options.sample_rate, audio=options.audio),
    )
    for note in notes:
        print(printable(f"warning: {note}"), file=sys.stderr)
    n_events, n_clips = len(annotations.events), len(annotations.filenames)
    n_classes = annotations.events.event_label.nunique()
    print(
        printable(
            f"wrote {args.output}: {FORMATS[args.to].title}, {n_events} "
            f"event{'' if n_events == 1 else 's'} of {n_classes} "
            f"class{'' if n_classes == 1 else 'es'} in {n_clips} "
            f"recording{'' if n_clips == 1 else 's'}"
        )
    )
    return 0
