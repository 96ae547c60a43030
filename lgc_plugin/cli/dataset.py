"""``lgc-sed dataset``: a data set from recordings and their annotations."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lgc_plugin.cli.annotation_arguments import (
    add_reading_arguments,
    reading_options,
)
from lgc_plugin.utils.text import counted, printable

if TYPE_CHECKING:
    from lgc_plugin.data.own.dataset import Dataset

_DESCRIPTION = """\
Cuts recordings of any length, sample rate and format into clips to train on.
Annotated parts become clips with events, the rest clips without labels, and
recordings with tags alone clips with tags. Training, validation and test have
no recording (or group of recordings) in common.
"""
_EPILOG = """\
examples:
  lgc-sed dataset recordings --annotations labels --output my_data
  lgc-sed dataset recordings --annotations calls.csv --annotated whole \\
      --groups sites.tsv --sample-rate 48000 --output my_data
  lgc-sed dataset recordings --annotations labels --labels robin wren \\
      --min-events 20 --output my_data

tables are TSV files with a header: ranges 'filename onset offset', perhaps
with 'event_labels' (the labels that were annotated there, with commas); tags
'filename event_labels'; groups 'filename group'; a label map 'label class'.
docs/own_recordings.md describes the result.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "dataset",
        help="make a data set from your recordings and annotations",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "recordings", metavar="DIR", help="folder of recordings, at any depth"
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder to write; must not exist, or be empty",
    )
    _add_annotations(parser.add_argument_group("annotations"))
    group = parser.add_argument_group("reading annotations")
    add_reading_arguments(group, "--from", audio_is_given=True)
    _add_classes(parser.add_argument_group("classes"))
    _add_clips(parser.add_argument_group("clips"))
    _add_split(parser.add_argument_group("training, validation and test"))
    parser.add_argument(
        "--n-jobs", type=int, help="worker processes (default: every core)"
    )
    parser.add_argument(
        "--quiet", action="store_true", help="show no progress bar"
    )


def _add_annotations(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--annotations",
        nargs="+",
        default=(),
        metavar="FILE",
        help="files, or folders with files, of events with onset and offset",
    )
    group.add_argument(
        "--annotated",
        default="labels",
        metavar="WHAT",
        help="which parts of annotated recordings are: 'labels', from the "
        "first to the last label (default); 'whole', all; or a table of "
        "ranges. What lies outside is unlabeled, not silence",
    )
    group.add_argument(
        "--tags",
        metavar="WHAT",
        help="classes of recordings without times: a table, or 'folders' for "
        "the names of the folders that they lie in",
    )
    group.add_argument(
        "--tags-partial",
        action="store_true",
        help="classes that no tag names may sound too: they are unknown, not "
        "absent",
    )


def _add_classes(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--labels",
        nargs="+",
        default=(),
        metavar="CLASS",
        help="the classes (default: all that are annotated)",
    )
    group.add_argument(
        "--label-map",
        metavar="FILE",
        help="table of labels and the classes that they become; labels with "
        "an empty class are left out",
    )
    group.add_argument(
        "--min-events",
        type=int,
        default=1,
        metavar="N",
        help="leave out classes with fewer events (default: 1)",
    )


def _add_clips(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--clip-seconds",
        type=float,
        default=10.0,
        metavar="S",
        help="length of a clip (default: 10)",
    )
    group.add_argument(
        "--overlap",
        type=float,
        default=0.75,
        metavar="P",
        help="share of a training clip with events that the next one has as "
        "well (default: 0.75); 0 takes a quarter of the disk, where many "
        "hours are annotated",
    )
    group.add_argument(
        "--sample-rate",
        type=int,
        metavar="HZ",
        help="of the clips (default: that of most of the recordings)",
    )
    group.add_argument(
        "--channel",
        type=int,
        metavar="N",
        help="use one channel, from 1 (default: the mean of all)",
    )


def _add_split(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--groups",
        default="recording",
        metavar="WHAT",
        help="what is never in two sets: 'recording' (default), 'folder', or "
        "a table of groups such as sites, days or individuals",
    )
    group.add_argument(
        "--group-pattern",
        metavar="REGEX",
        help="finds the group in a file name, by one pair of brackets",
    )
    for split in ("valid", "test"):
        group.add_argument(
            f"--{split}-share",
            type=float,
            default=0.15,
            metavar="P",
            help="share of what is annotated (default: 0.15)",
        )
        group.add_argument(
            f"--{split}-groups",
            nargs="+",
            default=(),
            metavar="GROUP",
            help="the groups that it has, in place of a share",
        )
    group.add_argument(
        "--seed",
        type=int,
        default=42,
        help="chooses among equally good splits (default: 42)",
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from lgc_plugin.data.own.dataset import write_dataset
    from lgc_plugin.data.own.options import DatasetOptions
    from lgc_plugin.report.dataset_figure import plot_dataset

    if args.n_jobs is not None and args.n_jobs < 1:
        raise ValueError(f"n_jobs is {args.n_jobs}: give 1 or more")
    options = DatasetOptions(
        sample_rate=args.sample_rate,
        clip_seconds=args.clip_seconds,
        overlap=args.overlap,
        channel=args.channel,
        annotated=args.annotated,
        labels=tuple(args.labels),
        label_map=Path(args.label_map) if args.label_map else None,
        min_events=args.min_events,
        tags=args.tags,
        tags_partial=args.tags_partial,
        groups=args.groups,
        group_pattern=args.group_pattern,
        valid_groups=tuple(args.valid_groups),
        test_groups=tuple(args.test_groups),
        valid_share=args.valid_share,
        test_share=args.test_share,
        seed=args.seed,
    )
    dataset = write_dataset(
        args.recordings,
        args.annotations,
        args.output,
        options,
        reading_options(args),
        n_jobs=args.n_jobs,
        progress=not args.quiet,
        draw=plot_dataset,
    )
    for note in dataset.notes:
        print(printable(f"note: {note}"), file=sys.stderr)
    for line in _summary(dataset):
        print(printable(line))
    return 0


def _summary(dataset: Dataset) -> list[str]:
    lines = []
    for name, found in dataset.sets.items():
        classes = ", ".join(
            f"{label} {summary.events}"
            for label, summary in found.classes.items()
            if summary.events
        )
        lines.append(
            f"{name}: {counted(found.clips, 'clip')} "
            f"from {found.minutes:.1f} min"
            + (f", {found.negatives} without event" if found.negatives else "")
            + (f": {classes}" if classes else "")
        )
    return [
        *lines,
        f"wrote {dataset.folder}: "
        f"{counted(len(dataset.labels), 'class', 'es')}, "
        f"{dataset.sample_rate} Hz; "
        "dataset.json and overview.png there describe it",
        f"settings.yaml there proposes {dataset.resolution.described}",
    ]
