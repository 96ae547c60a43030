"""``lgc-sed import-checkpoint``: weights that were trained elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lgc_plugin.utils.text import printable

_DESCRIPTION = """\
Converts a PyTorch-Lightning checkpoint of the DCASE 2022 baseline, or of the
LGC authors' code, into the folder of a run, which the recipe tests. Student
and teacher give the scores that they gave before.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "import-checkpoint",
        help="use weights of the DCASE baseline or the LGC authors' code",
        description=_DESCRIPTION,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "file",
        metavar="FILE",
        help="the checkpoint, with sed_student and sed_teacher in it",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder to write; must not exist, or be empty",
    )
    parser.add_argument(
        "--labels",
        nargs="+",
        metavar="LABEL",
        help="classes in the order of the network's outputs (default: those "
        "of the data, in alphabetical order, as DESED has them)",
    )
    parser.add_argument(
        "--n-mels",
        type=int,
        metavar="N",
        help="mel bins (default: as the checkpoint's mel filters have, or 128)",
    )
    parser.add_argument(
        "--pooling",
        type=_pair,
        nargs="+",
        metavar="TIME,MEL",
        help="pooling of each block (default: the published 2,2 2,2 1,2 1,2 "
        "1,2 1,2 1,2)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=42,
        help="of the projection, where the checkpoint has none (default: 42)",
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from lgc_plugin.training.imported_run import OVERRIDES, write_imported_run

    if args.n_mels is not None and args.n_mels < 1:
        raise ValueError(f"n-mels is {args.n_mels}: give 1 or more")
    record = write_imported_run(
        args.file,
        args.output,
        labels=args.labels,
        n_mels=args.n_mels,
        pooling=args.pooling,
        seed=args.seed,
    )
    out = Path(args.output)
    print(f"wrote {out}: imported.json there describes it")
    for note in _notes(record):
        print(f"note: {printable(note)}")
    print(
        "test it with\n  python recipes/DESED/train.py hparams/lgc.yaml "
        f"--overrides={out / OVERRIDES} --output_folder={out} "
        "--data_folder=/path/to/DESED --test_only"
    )
    return 0


def _pair(text: str) -> tuple[int, int]:
    """``2,4`` as (2, 4)."""
    try:
        time, mel = map(int, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no pair TIME,MEL such as 2,2"
        ) from None
    return time, mel


def _notes(record: dict[str, Any]) -> list[str]:
    """What the user should know about the import."""
    notes = []
    # The modules are enough here: imported.json lists every name.
    ignored = {n.rpartition(".")[0] or n for n in record["ignored"]}
    if ignored:
        notes.append(f"not needed and left out: {', '.join(sorted(ignored))}")
    if record["projection"].startswith("untrained"):
        notes.append(
            f"the checkpoint has no projection; it is {record['projection']}: "
            "scores do not depend on it, embeddings mean nothing before "
            "further training"
        )
    if record["same_mel_filters"] is False:
        notes.append(
            "the checkpoint's mel filters or window are not those of "
            "hparams/lgc.yaml: set its front end to match, or scores differ"
        )
    return notes
