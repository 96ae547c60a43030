"""``lgc-sed export``: a detector as a folder that needs nothing else."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from lgc_plugin.cli.detect_options import add_encoder_weights

if TYPE_CHECKING:
    from lgc_plugin.inference.model.export import ExportedModel

_DESCRIPTION = """\
Copies a trained detector into a folder of its own: settings and weights, to be
moved anywhere and loaded by SoundEventDetector. With --onnx, also as ONNX
files for programs without PyTorch: from samples to scores, the front end
inside, held to PyTorch's scores before they are written.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="copy a trained detector to where it will work, or to ONNX",
        description=_DESCRIPTION,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "source",
        metavar="RUN",
        help="folder of a run that has ended, or a model folder",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder to write; an older export is replaced whole, anything "
        "else is left alone",
    )
    group = parser.add_mutually_exclusive_group()
    for network in ("student", "teacher"):
        group.add_argument(
            f"--{network}",
            dest="networks",
            action="store_const",
            const=[network],
            help=f"the {network} alone (default: all networks)",
        )
    parser.add_argument(
        "--onnx",
        action="store_true",
        help="write <network>.onnx too; needs the extra 'onnx'",
    )
    add_encoder_weights(parser)


def run(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from lgc_plugin.inference.model.export import export_model

    exported = export_model(
        args.source,
        args.output,
        args.networks,
        onnx=args.onnx,
        encoder_weights=args.encoder_weights,
    )
    print(f"wrote {args.output}")
    for file in exported.files:
        print(_line(file, exported))
    # A detector loads the teacher by default.
    names = exported.networks
    network = "" if "teacher" in names else f", {names[0]!r}"
    print(
        "use it in Python with\n"
        "  from lgc_plugin import SoundEventDetector\n"
        f"  SoundEventDetector.from_hparams({str(args.output)!r}{network})"
        '.detect_file("recording.wav")'
    )
    return 0


def _line(file: Path, exported: ExportedModel) -> str:
    """A file with its size, and what was found out about it."""
    line = f"  {file.name:<14}{file.stat().st_size / 1000:8,.1f} kB"
    if file.suffix != ".onnx":
        return line
    difference = exported.differences[file.stem]
    return (
        f"{line}  scores of onnxruntime and PyTorch differ by at most "
        f"{difference:.1e}"
    )
