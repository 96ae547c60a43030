"""What the options of ``lgc-sed detect`` mean together."""

from __future__ import annotations

import argparse
from pathlib import Path

from lgc_plugin.cli.detect_arguments import (
    CHANNELS,
    FOLDER,
    RATE,
    STREAM,
)


def check_detect_arguments(args: argparse.Namespace) -> None:
    """Refuses what does not go together, before anything is loaded.

    Arguments
    ---------
    args : argparse.Namespace
        As parsed.

    Raises
    ------
    ValueError
        The message names the option.
    """
    if STREAM in args.recordings:
        _check_stream(args)
        return
    if args.rate is not None or args.channels is not None:
        raise ValueError(
            "--rate and --channels are for raw samples from standard input "
            f"({STREAM}): files tell theirs"
        )
    if args.plot_output is not None and not args.plot:
        raise ValueError("--plot-output says where pictures go: add --plot")
    _check_paths(args)


def results_path(args: argparse.Namespace) -> Path | None:
    """Where events are written.

    Arguments
    ---------
    args : argparse.Namespace
        As parsed.

    Returns
    -------
    Path or None
        A folder of label tracks, a file, or None for standard output.
    """
    if args.output is not None:
        return Path(args.output)
    return Path(FOLDER) if args.format == "audacity" else None


def pictures_folder(args: argparse.Namespace) -> Path | None:
    """Where pictures are written.

    Arguments
    ---------
    args : argparse.Namespace
        As parsed.

    Returns
    -------
    Path or None
        None if nobody asks for pictures.
    """
    if not args.plot:
        return None
    if args.plot_output is not None:
        return Path(args.plot_output)
    return results_path(args) if args.format == "audacity" else Path(FOLDER)


def parse_threshold(text: str | None) -> float | dict[str, float] | None:
    """A threshold from the command line.

    Arguments
    ---------
    text : str, optional
        ``0.5``, or ``Cat=0.4,Dog=0.3``.

    Returns
    -------
    float or dict[str, float] or None
        None for None.

    Raises
    ------
    ValueError
        If it is none of these.

    Example
    -------
    >>> parse_threshold("0.5"), parse_threshold("Cat=0.4,Dog=0.3")
    (0.5, {'Cat': 0.4, 'Dog': 0.3})
    """
    if text is None:
        return None
    try:
        if "=" not in text:
            return float(text)
        pairs = [part.rsplit("=", 1) for part in text.split(",")]
        limits = {label.strip(): float(number) for label, number in pairs}
        if len(limits) == len(pairs):
            return limits
    except ValueError:
        pass
    raise ValueError(
        f"threshold is {text!r}: give a number, or LABEL=NUMBER once for a "
        "class, separated by commas"
    )


def run_options(args: argparse.Namespace) -> dict[str, str]:
    """What is said about the device.

    Arguments
    ---------
    args : argparse.Namespace
        As parsed.

    Returns
    -------
    dict[str, str]
    """
    given = {"device": args.device, "precision": args.precision}
    return {name: value for name, value in given.items() if value is not None}


def stream_format(args: argparse.Namespace) -> tuple[int, int]:
    """Sample rate and channels of standard input.

    Arguments
    ---------
    args : argparse.Namespace
        As parsed.

    Returns
    -------
    tuple[int, int]
    """
    rate = RATE if args.rate is None else args.rate
    return rate, CHANNELS if args.channels is None else args.channels


def _check_paths(args: argparse.Namespace) -> None:
    """Refuses what would fail, or replace a recording, hours later."""
    from lgc_plugin.data.audio_files import audio_suffixes

    folders = {pictures_folder(args)}
    path = results_path(args)
    if args.format == "audacity":
        folders.add(path)
    elif path is not None and path.is_dir():
        raise ValueError(f"{path}: is a folder; --output needs a file for this")
    elif path is not None and path.suffix.lower() in audio_suffixes():
        raise ValueError(
            f"{path}: is called like a recording; give another name for what "
            "was detected"
        )
    for folder in folders - {None}:
        if folder.exists() and not folder.is_dir():
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
    if args.plot:
        raise ValueError(
            "--plot is for files: a stream cannot be read a second time"
        )
