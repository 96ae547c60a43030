"""Options that the commands about scores share."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from lgc_plugin.cli.annotation_arguments import (
    add_reading_arguments,
    reading_options,
)

if TYPE_CHECKING:
    from lgc_plugin.evaluation.criteria import Criteria
    from lgc_plugin.evaluation.ground_truth_files import Annotations
    from lgc_plugin.evaluation.notes import Notes

PROFILES = ("strict", "dcase")
Number = TypeVar("Number", int, float)


def add_truth_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the ground truth."""
    group = parser.add_argument_group("truth")
    group.add_argument(
        "--ground-truth",
        required=True,
        metavar="PATH",
        help="events: TSV with filename, onset, offset, event_label (a clip "
        "without events has three empty fields), a manifest of a run (CSV), "
        "or a file or folder of another format (docs/annotations.md)",
    )
    lengths = group.add_mutually_exclusive_group()
    lengths.add_argument(
        "--durations",
        metavar="TSV",
        help="filename and duration of every clip, in seconds; PSDS needs "
        "this or --audio",
    )
    lengths.add_argument(
        "--audio",
        metavar="DIR",
        help="folder with the audio, at any depth: durations are read from "
        "it, and clips whose audio is missing are left out",
    )
    group.add_argument(
        "--labels",
        nargs="+",
        metavar="LABEL",
        help="the classes that count (default: those of the ground truth, in "
        "alphabetical order); events and detections of others are left out",
    )
    group.add_argument(
        "--profile",
        choices=PROFILES,
        default="strict",
        help="what is detected in a clip without events: a false alarm "
        "(strict, the default), or nothing (dcase, as in the challenge's "
        "code, which loads no such clip)",
    )
    add_reading_arguments(
        parser.add_argument_group(
            "format of the ground truth",
            "For what the files do not state themselves.",
        ),
        "--truth-format",
    )
    add_criteria_arguments(parser)


def add_criteria_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what counts as the right time of an event."""
    group = parser.add_argument_group(
        "criteria",
        "The defaults are for events of seconds; those of 50 ms want a collar "
        "of 0.01 or 0.02.",
    )
    group.add_argument(
        "--collar",
        type=float,
        default=0.2,
        metavar="SECONDS",
        help="by which an onset or offset may be off in event F1 (default: "
        "0.2)",
    )
    group.add_argument(
        "--offset-share",
        type=float,
        default=0.2,
        metavar="SHARE",
        help="share of the true event's length by which an offset may be off, "
        "where that is more than the collar (default: 0.2)",
    )
    group.add_argument(
        "--error-frame",
        type=float,
        default=0.01,
        metavar="SECONDS",
        help="length of a frame of the frame error rate (default: 0.01)",
    )


def criteria_of(args: argparse.Namespace) -> Criteria:
    """Of the options that :func:`add_criteria_arguments` adds."""
    from lgc_plugin.evaluation.criteria import Criteria

    return Criteria.of(vars(args))


def add_bootstrap_arguments(
    parser: argparse.ArgumentParser, *, needed: bool = False
) -> None:
    """Adds how intervals are made."""
    group = parser.add_argument_group("intervals")
    group.add_argument(
        "--n-bootstrap",
        type=int,
        default=1000,
        metavar="N",
        help="how often clips are drawn again, with replacement, to see how "
        f"sure a score is (default: 1000{'' if needed else '; 0 for none'})",
    )
    group.add_argument(
        "--seed",
        type=int,
        default=0,
        help="decides which clips are drawn (default: 0)",
    )


def add_missing_argument(parser: argparse._ActionsContainer) -> None:
    """Adds what happens to clips without predictions."""
    parser.add_argument(
        "--drop-missing",
        action="store_true",
        help="leave out annotated clips that are in no file of predictions "
        "(default: nothing was detected in them, and they count)",
    )


def check_bootstrap(args: argparse.Namespace, *, least: int = 0) -> None:
    """Refuses numbers that cannot be."""
    if args.n_bootstrap < least:
        raise ValueError(
            f"resamples is {args.n_bootstrap}: give {least} or more"
        )
    if args.seed < 0:
        raise ValueError(f"seed is {args.seed}: give 0 or more")


def read_annotations_of(args: argparse.Namespace, notes: Notes) -> Annotations:
    """Reads what :func:`add_truth_arguments` asks for."""
    from lgc_plugin.evaluation.ground_truth_files import read_annotations

    return read_annotations(
        args.ground_truth,
        args.durations,
        audio=args.audio,
        labels=args.labels and [label.strip() for label in args.labels],
        profile=args.profile,
        criteria=criteria_of(args),
        notes=notes,
        options=reading_options(args),
    )


@contextmanager
def printed_notes(notes: Notes) -> Iterator[None]:
    """Shows notes and warnings on standard error, before scores or an error."""
    try:
        yield
    finally:
        for line in notes.lines:
            print(line, file=sys.stderr)


def inputs(args: argparse.Namespace) -> dict[str, Any]:
    """All arguments, as the user gave them, for ``results.json``."""
    return {k: v for k, v in vars(args).items() if k != "run"}


def header(rows: list[list[str]], scored: Any, args: argparse.Namespace) -> str:
    """What was scored and how, from an ``Evaluation`` or a ``Comparison``."""
    from lgc_plugin.report.text import aligned

    intervals = "none (--n-bootstrap 0)"
    if args.n_bootstrap:
        intervals = (
            f"95 %, {args.n_bootstrap} resamples of the clips, seed {args.seed}"
        )
    rows = [
        *rows,
        ["profile", scored.coverage.profile_text(scored.truth.profile)],
        ["criteria", scored.truth.criteria.text],
        ["intervals", intervals],
    ]
    return f"{aligned(rows, left=True)}\n{scored.coverage.line}"


def median_windows(
    words: Sequence[str],
) -> int | list[int] | dict[str, int]:
    """Median windows from the command line; commas do as well as spaces.

    >>> median_windows(["7"]), median_windows(["7,3"])
    (7, [7, 3])
    >>> median_windows(["Cat=7", "Dog=3"])
    {'Cat': 7, 'Dog': 3}
    >>> median_windows(["Speech, male=7,Dog=3"])
    {'Speech, male': 7, 'Dog': 3}
    """
    found = numbers_or_labels(",".join(words), int)
    if found is None:
        raise ValueError(
            f"median windows are {' '.join(words)!r}: give whole numbers, or "
            "LABEL=FRAMES once for each class"
        )
    if isinstance(found, list) and len(found) == 1:
        return found[0]
    return found


def numbers_or_labels(
    text: str, kind: Callable[[str], Number]
) -> list[Number] | dict[str, Number] | None:
    """Numbers, or numbers by class (``Cat=7``); None if it is neither."""
    try:
        if "=" not in text:
            return [kind(part) for part in text.split(",")]
        # A label may hold commas, a number none.
        parts = re.findall("(.+?=[^=,]+)(?:,|$)", text)
        pairs = [part.rsplit("=", 1) for part in parts]
        found = {label.strip(): kind(number) for label, number in pairs}
    except ValueError:
        return None
    whole = ",".join(parts) == text
    return found if whole and len(found) == len(pairs) else None
