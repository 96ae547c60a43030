"""``lgc-sed import-checkpoint``: weights that were trained elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lgc_plugin.utils.text import printable

_DESCRIPTION = """\
Converts a PyTorch-Lightning checkpoint of the DCASE baselines of 2022 to 2024,
or of the LGC authors' code, into the folder of a run, which the recipe tests.
Student and teacher give the scores that they gave before, those on embeddings
of a pretrained encoder (cat_tf) if they are given the same embeddings.
"""

_ENCODER = "pretrained_model"
_EMBEDDINGS = """\
the networks read embeddings of {size} numbers (cat_tf), and were trained with \
those that the baseline computes, which are not quite ours: of BEATs, it takes \
all tokens in a row as if each were a time, so that an output frame has the \
mean of 4 or 5 tokens, half of the 8 frequency patches of a time; here it has \
the mean of all 8, interpolated at its own time. Scores differ from the \
published ones: test before you use them, or train further"""


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
    encoder = ""
    if "encoder_size" in record["settings"]:
        encoder = (
            "--overrides=hparams/lgc_beats.yaml "
            "--encoder_weights=/path/to/BEATs.pt "
        )
    print(
        "test it with\n  python recipes/DESED/train.py hparams/lgc.yaml "
        f"{encoder}--overrides={out / OVERRIDES} --output_folder={out} "
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
    encoder = {n for n in ignored if n.startswith(_ENCODER)}
    if ignored - encoder:
        names = ", ".join(sorted(ignored - encoder))
        notes.append(f"not needed and left out: {names}")
    if encoder:
        notes.append(
            f"the encoder in the checkpoint ({_ENCODER}) is left out: give its "
            "public weights; if it was fine-tuned, scores differ"
        )
    size = record["settings"].get("encoder_size")
    if size:
        notes.append(_EMBEDDINGS.format(size=size))
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
