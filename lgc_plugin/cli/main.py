"""The command line, ``lgc-sed``: one command per stage that needs no recipe."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from lgc_plugin import __version__
from lgc_plugin.cli import (
    compare,
    convert,
    dataset,
    decode,
    detect,
    embed,
    evaluate,
    export,
    import_checkpoint,
    info,
    report,
    soundscapes,
    tune,
    verify,
)
from lgc_plugin.utils.loading import LoadError, explained
from lgc_plugin.utils.text import one_line

COMMANDS = (
    soundscapes,
    convert,
    dataset,
    verify,
    embed,
    detect,
    decode,
    evaluate,
    compare,
    tune,
    report,
    export,
    import_checkpoint,
    info,
)
"""Modules of the commands, in the order in which help lists them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns exit status: 0 for success, 2 for input that cannot be used (with
    one line on standard error with the reason), 130 after Ctrl-C, 141 if nobody
    reads the output to its end.

    >>> main(["soundscapes", "--bank=no/such", "--output=x", "--seed=-1"])
    2
    """
    args = _parser().parse_args(argv)
    try:
        return args.run(args)
    except BrokenPipeError:
        # Who reads the output has seen enough, such as `head`. Python would
        # complain when it flushes what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except ModuleNotFoundError as error:
        problem = explained(error)
        if not isinstance(problem, LoadError):
            raise
        return _refuse(problem)
    except (ValueError, OSError, LoadError) as error:
        return _refuse(error)
    except KeyboardInterrupt:
        print("lgc-sed: stopped", file=sys.stderr)
        return 130


def _refuse(error: Exception) -> int:
    print(f"lgc-sed: error: {one_line(error)}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lgc-sed",
        description="Sound event detection with little labeled data.",
    )
    parser.add_argument(
        "--version", action="version", version=f"lgc-sed {__version__}"
    )
    subparsers = parser.add_subparsers(metavar="command", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
