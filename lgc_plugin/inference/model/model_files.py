"""Which files a model folder has, read as one and the same model."""

from __future__ import annotations

import hashlib
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from lgc_plugin.utils.checksums import (
    SUMS,
    ChangedFileError,
    read_listed,
    read_sums,
)

SETTINGS = "model.yaml"
MODEL_FOLDER = "model"  # in the folder of a run
_SUFFIXES = (".pt", ".onnx")
# A model may be replaced while it is read: then it is read again.
_TRIES, _PAUSE_SECONDS = 5, 0.02


def read_files(
    folder: str | Path, networks: Sequence[str] | None
) -> tuple[Path, dict[str, bytes]]:
    """The place of a model, and its files, all of one and the same model."""
    for left in reversed(range(_TRIES)):
        try:
            place = find_model(folder)
            sums = read_sums(place)
            names = [SETTINGS, *_weights_of(place, networks)]
            files = {name: read_listed(place / name, sums) for name in names}
            break
        except (FileNotFoundError, ChangedFileError):
            if not left:
                raise
            time.sleep(_PAUSE_SECONDS)
    if sums is None:
        warnings.warn(
            f"{place}: has no {SUMS}, so that damage to its files would not be "
            "seen: lgc-sed export writes a copy that has one",
            stacklevel=3,
        )
    return place, files


def _weights_of(folder: Path, networks: Sequence[str] | None) -> list[str]:
    """Names of the files of the networks that are asked for."""
    names = network_names(folder)
    for network in networks or ():
        if network not in names:
            raise FileNotFoundError(
                f"{folder}: no network {network!r} in it, there is "
                f"{', '.join(names) or 'none'}"
            )
    if not names:
        raise FileNotFoundError(f"{folder}: no network in it")
    return [f"{name}.pt" for name in networks or names]


def model_digest(folder: str | Path, network: str) -> str:
    """A digest of settings and weights, which changes with the model."""
    _, files = read_files(folder, [network])
    return hashlib.sha256(b"".join(files.values())).hexdigest()


def check_replaceable(folder: str | Path) -> None:
    """Refuses a folder that holds anything but a model.

    Only what :func:`write_model` could have written is ever removed; ask
    before a long training rather than after it.
    """
    folder = Path(folder)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FileExistsError(f"{folder}: is a file, not a folder")
    names = sorted(path.name for path in folder.iterdir())
    foreign = [
        name
        for name in names
        if SETTINGS not in names
        or (name not in (SETTINGS, SUMS) and not name.endswith(_SUFFIXES))
    ]
    if foreign:
        raise FileExistsError(
            f"{folder}: holds something else than a model ({foreign[0]}): "
            "choose another folder, or move what is in it"
        )


def network_names(folder: str | Path) -> list[str]:
    """The networks of a model folder.

    >>> folder = getfixture("tmp_path")
    >>> _ = (folder / "teacher.pt").write_bytes(b"")
    >>> network_names(folder)
    ['teacher']
    """
    return sorted(path.stem for path in Path(folder).glob("*.pt"))


def find_model(folder: str | Path) -> Path:
    """The model folder that a folder is, or has."""
    folder = Path(folder)
    for candidate in (folder, folder / MODEL_FOLDER):
        if (candidate / SETTINGS).is_file():
            return candidate
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    raise FileNotFoundError(
        f"{folder}: no {SETTINGS} in it, nor in {MODEL_FOLDER}/: give the "
        "folder of a run that has ended, or one that a model was written to"
    )
