"""``lgc-sed soundscapes``: labeled clips from a bank of isolated sounds."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any

from lgc_plugin.data.soundscapes.options import SoundscapeOptions

SYNTHETIC = "synthetic"
_DEFAULTS = {field.name: field.default for field in fields(SoundscapeOptions)}
_DESCRIPTION = """\
Mixes isolated sounds into labeled clips and lays them out like DESED: a
strong set and its validation (plain mixtures), a weak, an unlabeled and a
validation set (mixed in rooms, with noise and microphones, from more
recordings). No recording is used both in training and in validation.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "soundscapes",
        help="make labeled clips from a bank of sounds",
        description=_DESCRIPTION,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "--bank",
        required=True,
        metavar="DIR",
        help="folder with foreground/<Label>/ and background/, or "
        f"{SYNTHETIC!r} for sounds made by code",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder to write; must not exist, or be empty",
    )
    _add(parser, "seed", int, "the same seed gives the same bytes")
    _add_sizes(parser.add_argument_group("clips in each set"))
    _add_mixing(parser.add_argument_group("mixing"))
    _add_bank(parser.add_argument_group("bank"))
    parser.add_argument(
        "--n-jobs", type=int, help="worker processes (default: every core)"
    )
    parser.add_argument(
        "--quiet", action="store_true", help="show no progress bar"
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from lgc_plugin.data.soundscapes.generate import write_soundscapes

    if args.n_jobs is not None and args.n_jobs < 1:
        raise ValueError(f"n_jobs is {args.n_jobs}: give 1 or more")
    values: dict[str, Any] = {}
    for name in _DEFAULTS:
        value = getattr(args, name)
        # The options are hashable: no lists.
        values[name] = tuple(value) if isinstance(value, list) else value
    options = SoundscapeOptions(**values)
    out = write_soundscapes(
        None if args.bank == SYNTHETIC else args.bank,
        args.output,
        options,
        n_jobs=args.n_jobs,
        progress=not args.quiet,
    )
    print(f"wrote {out}: soundscapes.json there describes it")
    return 0


def _add(parser: Any, name: str, kind: type, text: str, **more: Any) -> None:
    """Adds the option of a field of SoundscapeOptions, with its default."""
    default = _DEFAULTS[name]
    if default not in (None, ()):
        values = default if isinstance(default, tuple) else (default,)
        shown = " ".join(f"{value:.5g}" for value in values)
        text = f"{text} (default: {shown})"
    parser.add_argument(
        f"--{name.replace('_', '-')}",
        type=kind,
        default=default,
        help=text,
        **more,
    )


def _add_range(parser: Any, name: str, text: str) -> None:
    _add(parser, name, float, text, nargs=2, metavar=("LOW", "HIGH"))


def _add_sizes(group: Any) -> None:
    _add(group, "strong", int, "strong labels, to train on")
    _add(group, "strong_validation", int, "strong labels, to select by")
    _add(group, "weak", int, "labels without times, to train on")
    _add(group, "unlabeled", int, "no labels, to train on")
    _add(group, "validation", int, "strong labels, to test on")


def _add_mixing(group: Any) -> None:
    _add(group, "clip_seconds", float, "length of a clip in seconds")
    _add(group, "sample_rate", int, "samples per second")
    _add(group, "channels", int, "channels of a clip")
    _add_range(group, "snr", "events over background, strong sets, in dB")
    _add_range(group, "recorded_snr", "the same in the other sets, in dB")
    _add_range(
        group,
        "reverberation",
        "RT60 of the other sets in seconds, 0 0 for none",
    )
    _add(group, "max_events", int, "labeled events in a clip")
    _add(group, "max_overlap", int, "sounds at any one moment")
    _add(
        group,
        "empty_share",
        float,
        "clips without event, of unlabeled and validation",
    )


def _add_bank(group: Any) -> None:
    _add(group, "validation_share", float, "recordings for validation only")
    _add(
        group,
        "strong_validation_share",
        float,
        "recordings for strong validation only",
    )
    _add(
        group,
        "strong_share",
        float,
        "part of the training recordings that the strong set uses",
    )
    _add(
        group,
        "non_target",
        str,
        "classes to mix in but not to label",
        nargs="+",
        metavar="LABEL",
    )
    _add(
        group,
        "recording_pattern",
        str,
        "regular expression with one group that finds the recording in a "
        "file name (default: ESC's names are understood, any other name is "
        "a recording of its own)",
        metavar="REGEX",
    )
    _add(
        group,
        "sounds_per_class",
        int,
        "sounds of each class, where they are made by code",
    )
