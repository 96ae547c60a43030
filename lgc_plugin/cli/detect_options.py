"""The options of ``lgc-sed detect``, and what they mean together."""

from __future__ import annotations

import argparse
from pathlib import Path

from lgc_plugin.cli.post_processing_arguments import (
    add_post_processing_arguments,
    given_settings,
)
from lgc_plugin.data.annotation_names import (
    FORMAT_NAMES,
    RECORDING_SUFFIXES,
)

#: Stands for standard input.
STREAM = "-"
#: Default folder of label tracks and pictures.
_FOLDER = "detections"
# What may go to standard output.
_PRINTED = ("tsv", "json")
# Defaults for standard input.
_RATE, _CHANNELS = 16000, 1

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
recording that cannot be read, or not to its end, is named on standard error,
the events before a damaged place are kept, and the others are done; the exit
status is 1 then, and if files of formats that libsndfile does not read were
passed over. With --output, the same command goes on where it was stopped.
"""


def add_detect_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds all options."""
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
    add_post_processing_arguments(
        parser,
        words=False,
        default="the model's own",
    )
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
    for name, note in (("teacher", " (default)"), ("student", "")):
        which.add_argument(
            f"--{name}",
            dest="network",
            action="store_const",
            const=name,
            default="teacher",
            help=f"detect with the {name}{note}",
        )
    add_encoder_weights(group)


def add_encoder_weights(group: argparse._ActionsContainer) -> None:
    """Adds the option that finds the weights of a pretrained encoder."""
    group.add_argument(
        "--encoder-weights",
        metavar="PATH",
        help="weights of the model's pretrained encoder, if it has one "
        "(default: where they were in the training); others are refused",
    )


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--format",
        choices=FORMAT_NAMES,
        default=FORMAT_NAMES[0],
        metavar="FMT",
        help="tsv (default): a table; json: one object, with the model and "
        "what could not be read; audacity, raven, textgrid, elan, jams: a "
        "file for each recording, which the program opens; csv, rttm, dcase, "
        "audioset, vad, birdsong, realdesed: see docs/annotations.md",
    )
    group.add_argument(
        "--output",
        metavar="PATH",
        help="file of the table or the object (default: standard output), "
        "which is called NAME.partial.tsv until all recordings are done; or "
        "folder of the files of the recordings (default: "
        f"{_FOLDER}). What exists is replaced",
    )
    group.add_argument(
        "--plot",
        action="store_true",
        help="draw each recording: spectrogram, scores, events",
    )
    group.add_argument(
        "--plot-output",
        metavar="DIR",
        help="folder of the pictures (default: that of the files of the "
        f"recordings, or {_FOLDER})",
    )
    group.add_argument(
        "--quiet", action="store_true", help="show no progress bar"
    )


def _add_stream(group: argparse._ArgumentGroup) -> None:
    group.description = (
        f"With {STREAM}: signed 16-bit little-endian samples without a header. "
        "Events are printed as soon as nothing can change them. Ctrl-C or the "
        "end of the input prints what is left; the exit status is 0."
    )
    group.add_argument(
        "--rate",
        type=int,
        metavar="HZ",
        help=f"samples per second (default: {_RATE})",
    )
    group.add_argument(
        "--channels",
        type=int,
        metavar="N",
        help=f"channels, interleaved (default: {_CHANNELS})",
    )


def _add_computing(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--device", help="cpu, cuda or cuda:1 (default: a GPU if there is one)"
    )
    group.add_argument(
        "--precision",
        choices=("fp32", "bf16"),
        default="fp32",
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


def check_detect_arguments(args: argparse.Namespace) -> None:
    """Refuses what does not go together, before anything is loaded."""
    limit = given_settings(args).get("decision_threshold")
    if limit is not None:
        from lgc_plugin.evaluation.postprocess.class_settings import (
            check_probability,
        )

        check_probability(limit)
    if STREAM in args.recordings:
        _check_stream(args)
        return
    if args.rate is not None or args.channels is not None:
        raise ValueError(
            "--rate and --channels are for raw samples from standard input "
            f"({STREAM}): files contain their own"
        )
    if args.plot_output is not None and not args.plot:
        raise ValueError("--plot-output says where pictures go: add --plot")
    _check_paths(args)


def results_path(args: argparse.Namespace) -> Path | None:
    """A file, or a folder of files; None for standard output."""
    if args.output is not None:
        return Path(args.output)
    return Path(_FOLDER) if args.format in RECORDING_SUFFIXES else None


def pictures_folder(args: argparse.Namespace) -> Path | None:
    """Where pictures are written; None without ``--plot``."""
    if not args.plot:
        return None
    if args.plot_output is not None:
        return Path(args.plot_output)
    per_recording = args.format in RECORDING_SUFFIXES
    return results_path(args) if per_recording else Path(_FOLDER)


def stream_format(args: argparse.Namespace) -> tuple[int, int]:
    """Sample rate and channels of standard input."""
    rate = _RATE if args.rate is None else args.rate
    return rate, _CHANNELS if args.channels is None else args.channels


def _check_paths(args: argparse.Namespace) -> None:
    """Refuses what would fail, or replace a recording, hours later."""
    from lgc_plugin.data.audio_search import audio_suffixes

    path, kind = results_path(args), args.format
    if path is None and kind not in _PRINTED:
        raise ValueError(
            f"--format {kind} is written when all is done: add --output"
        )
    if path and kind == "realdesed" and path.exists():
        raise ValueError(f"{path}: exists; give the name of a new folder")
    is_file = kind not in RECORDING_SUFFIXES
    if path and is_file and path.is_dir():
        raise ValueError(f"{path}: is a folder; --output needs a file for this")
    if path and is_file and path.suffix.lower() in audio_suffixes():
        raise ValueError(
            f"{path}: is called like a recording; give another name for what "
            "was detected"
        )
    for folder in (pictures_folder(args), None if is_file else path):
        if folder and folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder}: is a file; give the name of a folder")


def _check_stream(args: argparse.Namespace) -> None:
    if len(args.recordings) > 1:
        raise ValueError(
            f"{STREAM} stands for standard input, which is processed alone: "
            "give files in another command"
        )
    if args.output is not None:
        raise ValueError(
            "--output is for files; the events of a stream are printed, and a "
            "shell writes them with > FILE"
        )
    if args.format not in (*_PRINTED, "audacity"):
        raise ValueError(
            f"--format {args.format} is for files: a stream is printed as "
            "tsv, json or audacity"
        )
    if args.plot:
        raise ValueError(
            "--plot is for files: a stream cannot be read a second time"
        )
