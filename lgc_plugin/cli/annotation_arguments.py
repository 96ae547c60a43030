"""Options for how annotations are read, shared by the commands."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lgc_plugin.data.annotation_names import (
    ANNOTATORS,
    FORMAT_NAMES,
    TIME_UNITS,
)

if TYPE_CHECKING:
    from lgc_plugin.data.annotations import ReadOptions


def add_reading_arguments(
    parser: argparse._ActionsContainer,
    format_option: str,
    *,
    audio_is_given: bool = False,
) -> None:
    """Adds them; the format's option has another name in each command.

    Where the audio is always given, its sample rate is taken.
    """
    parser.add_argument(
        format_option,
        dest="annotation_format",
        choices=sorted(FORMAT_NAMES),
        metavar="FMT",
        help="format of the annotations (default: recognized by the "
        f"content): {', '.join(sorted(FORMAT_NAMES))}",
    )
    parser.add_argument(
        "--tiers",
        nargs="+",
        default=(),
        metavar="NAME",
        help="tiers of TextGrid and ELAN to read (default: all with "
        "intervals; of ELAN, those that depend on no other)",
    )
    parser.add_argument(
        "--columns",
        nargs="+",
        default=(),
        metavar="ROLE=COLUMN",
        help="columns of a table: onset=Start offset=End event_label=Label "
        "filename=File; duration in place of offset (default: by usual names)",
    )
    parser.add_argument(
        "--time-unit",
        choices=TIME_UNITS,
        help="unit of the times in a table (default: that in the names of "
        "the columns, else seconds)",
    )
    if audio_is_given:
        parser.set_defaults(annotation_rate=None)
    else:
        parser.add_argument(
            "--sample-rate",
            type=int,
            metavar="HZ",
            dest="annotation_rate",
            help="for positions in samples, where no audio gives it",
        )
    parser.add_argument(
        "--annotators",
        choices=ANNOTATORS,
        help="of several annotators of a recording: what more than half of "
        "them marked, what any marked, or all events side by side (default: "
        "majority for annotations_raw.csv of RealDESED, else all)",
    )


def reading_options(
    args: argparse.Namespace, audio: str | Path | None = None
) -> ReadOptions:
    """What was asked for."""
    from lgc_plugin.data.annotations import ReadOptions

    rate = args.annotation_rate
    if rate is not None and rate < 1:
        raise ValueError(f"sample rate is {rate}: give 1 or more")
    return ReadOptions(
        format=args.annotation_format,
        tiers=tuple(args.tiers),
        columns=_columns(args.columns),
        time_unit=args.time_unit,
        sample_rate=rate,
        annotators=args.annotators,
        audio=Path(audio) if audio else None,
    )


def _columns(words: Sequence[str]) -> dict[str, str]:
    """Columns by role.

    >>> _columns(["onset=Begin Time (s)", "event_label=a=b"])
    {'onset': 'Begin Time (s)', 'event_label': 'a=b'}
    """
    found = {}
    for word in words:
        role, separator, column = word.partition("=")
        if not separator or role in found:
            raise ValueError(
                f"--columns has {word!r}: give each role once, as in "
                "onset=Start"
            )
        found[role] = column
    return found
