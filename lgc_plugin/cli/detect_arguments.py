"""The options of ``lgc-sed detect``."""

from __future__ import annotations

import argparse
import textwrap

from lgc_plugin.inference.files.event_writers import FORMATS

#: Stands for standard input.
STREAM = "-"
#: Where label tracks and pictures go if nobody says.
FOLDER = "detections"
NETWORKS = ("teacher", "student")
_PRECISIONS = ("fp32", "bf16")
# Of standard input.
RATE, CHANNELS = 16000, 1

DESCRIPTION = """\
Tells which sounds happen in recordings, and when: files of any length, sample
rate and format that libsndfile reads, or a stream while it is going on.
"""
EPILOG = """\
examples:
  lgc-sed detect cat.wav --model results/lgc/42
  lgc-sed detect recordings --model results/lgc/42 --output events.tsv --plot
  lgc-sed detect 'day*/**/*.flac' --model my_model --format audacity
  lgc-sed detect cat.wav --model my_model --threshold Cat=0.3,Dog=0.6
  arecord -t raw -f S16_LE -r 16000 -c 1 | lgc-sed detect - --model my_model

A table can be scored as it is (lgc-sed evaluate --predictions events.tsv); a
recording in which nothing was detected has a row with empty fields. A
recording that cannot be read is told on standard error, and the others are
done; the exit status is 1 then.
"""


def add_detect_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds all options.

    Arguments
    ---------
    parser : argparse.ArgumentParser
        The command.
    """
    parser.add_argument(
        "recordings",
        nargs="+",
        metavar="FILE|FOLDER|GLOB|-",
        help="recordings: files, called by their file names in the output; "
        "folders, searched with all below, or patterns in quotes ('**' for "
        "any folders), both called by the path from there; or - alone for raw "
        "16-bit samples from standard input",
    )
    _add_model(parser.add_argument_group("model"))
    _add_output(parser.add_argument_group("output"))
    _add_stream(parser.add_argument_group("standard input"))
    _add_computing(parser.add_argument_group("computing"))


def _add_model(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--model",
        required=True,
        metavar="DIR",
        help="folder of a run that has ended, or a model folder",
    )
    which = group.add_mutually_exclusive_group()
    for name in NETWORKS:
        note = " (default)" if name == NETWORKS[0] else ""
        which.add_argument(
            f"--{name}",
            dest="network",
            action="store_const",
            const=name,
            default=NETWORKS[0],
            help=f"detect with the {name}{note}",
        )
    group.add_argument(
        "--threshold",
        metavar="NUMBER|LABEL=NUMBER,...",
        help="a class sounds where its score, after the median filter, is "
        "greater; classes that are not named keep the model's (default: the "
        "model's own)",
    )


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--format",
        choices=FORMATS,
        default=FORMATS[0],
        help="tsv (default): a table; json: one object, with the model and "
        "what could not be read; audacity: a label track for each recording",
    )
    group.add_argument(
        "--output",
        metavar="PATH",
        help="file of the table or the object (default: standard output), "
        "which is called NAME.partial.tsv until all recordings are done; or "
        f"folder of the label tracks (default: {FOLDER}). What exists is "
        "replaced",
    )
    group.add_argument(
        "--plot",
        action="store_true",
        help="draw each recording: spectrogram, scores, events",
    )
    group.add_argument(
        "--plot-output",
        metavar="DIR",
        help="folder of the pictures (default: that of the label tracks, or "
        f"{FOLDER})",
    )
    group.add_argument(
        "--quiet", action="store_true", help="show no progress bar"
    )


def _add_stream(group: argparse._ArgumentGroup) -> None:
    group.description = textwrap.dedent(
        f"""\
        With {STREAM}: signed 16-bit little-endian samples without a header.
        Events are printed as soon as nothing can change them. Ctrl-C or the
        end of the input prints what is left; the exit status is 0.
        """
    )
    group.add_argument(
        "--rate",
        type=int,
        metavar="HZ",
        help=f"samples per second (default: {RATE})",
    )
    group.add_argument(
        "--channels",
        type=int,
        metavar="N",
        help=f"channels, interleaved (default: {CHANNELS})",
    )


def _add_computing(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--device", help="cpu, cuda or cuda:1 (default: a GPU if there is one)"
    )
    group.add_argument(
        "--precision",
        choices=_PRECISIONS,
        help="bf16 is faster on GPUs and changes scores slightly (default: "
        "fp32)",
    )
    group.add_argument(
        "--batch-size",
        type=int,
        metavar="N",
        help="windows of a file in one batch (default: 2 on a CPU, "
        "32 on a GPU)",
    )
    group.add_argument(
        "--hop",
        type=float,
        metavar="SECONDS",
        help="from one window to the next (default: half a window); less "
        "costs time, and shortens the latency of a stream",
    )
