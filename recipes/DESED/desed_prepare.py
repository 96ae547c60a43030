"""Prepares DESED: one manifest per set, from annotations and audio.

DESED (Domestic Environment Sound Event Detection) is the data of task 4 of
the DCASE challenges of 2019 to 2023: https://project.inria.fr/desed. Data in
the same layout with other classes are prepared alike.

The audio is used as it is where it is mono PCM of the sample rate wanted;
otherwise it is resampled once, to the folder of the same name with ``_16k``
appended. Clips that are missing (the real ones come from the internet, where
they vanish) are counted, named and left out.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lgc_plugin.data.clip_sets import ClipSet, unused_sets
from lgc_plugin.data.fields import check_label
from lgc_plugin.data.preparation import HeldOut, Preparation, prepare_sets
from lgc_plugin.data.ready_audio import AudioFinder, AudioFolders
from lgc_plugin.types import LabelKind

logger = logging.getLogger(__name__)

#: Where each set lies under the dataset's folder. Each entry can be given to
#: :func:`prepare_desed` under its name; None means that there is none.
DEFAULT_PATHS: dict[str, str | None] = {
    "train_strong_audio": "audio/train/synthetic21_train/soundscapes",
    "train_strong_tsv": "metadata/train/synthetic21_train/soundscapes.tsv",
    "train_strong_real_audio": "audio/train/strong_label_real",
    "train_strong_real_tsv": "metadata/train/audioset_strong.tsv",
    "train_weak_audio": "audio/train/weak",
    "train_weak_tsv": "metadata/train/weak.tsv",
    "train_unlabeled_audio": "audio/train/unlabel_in_domain",
    "train_unlabeled_tsv": None,
    "valid_strong_audio": "audio/validation/synthetic21_validation/soundscapes",
    "valid_strong_tsv": (
        "metadata/validation/synthetic21_validation/soundscapes.tsv"
    ),
    "valid_strong_durations": (
        "metadata/validation/synthetic21_validation/durations.tsv"
    ),
    "test_audio": "audio/validation/validation",
    "test_tsv": "metadata/validation/validation.tsv",
    "test_durations": "metadata/validation/validation_durations.tsv",
    "eval_public_audio": "audio/eval/public",
    "eval_public_tsv": "metadata/eval/public.tsv",
}

_KINDS = {
    "train_strong": LabelKind.STRONG,
    "train_strong_real": LabelKind.STRONG,
    "train_weak": LabelKind.WEAK,
    "train_unlabeled": LabelKind.NONE,
    "valid_strong": LabelKind.STRONG,
    "test": LabelKind.STRONG,
    "eval_public": LabelKind.STRONG,
}

# Raise this when the same input gives other manifests than before.
_VERSION = 1


@dataclass(frozen=True)
class _Options:
    """What the manifests depend on, beside the files; checked."""

    sample_rate: int
    labels: tuple[str, ...] | None
    weak_validation_share: float
    seed: int
    sets: tuple[str, ...]
    resampled_folder: str | None
    paths: dict[str, str | None]
    version: int = _VERSION

    def __post_init__(self) -> None:
        for label in self.labels or ():
            check_label(label)
        if self.labels is not None:
            distinct = set(self.labels)
            if not distinct or len(distinct) < len(self.labels):
                raise ValueError(
                    "labels must be one or more different names, got "
                    f"{', '.join(self.labels) or 'none'}"
                )
        if not 0 <= self.weak_validation_share < 1:
            raise ValueError(
                f"weak_validation_share is {self.weak_validation_share}: it "
                "must be at least 0 and below 1"
            )


def prepare_desed(
    data_folder: str | Path,
    save_folder: str | Path,
    *,
    sample_rate: int = 16000,
    labels: Iterable[str] | None = None,
    weak_validation_share: float = 0.1,
    seed: int = 42,
    use_strong_real: bool = False,
    public_eval: bool = False,
    batch_sizes: Mapping[str, int] | None = None,
    resampled_folder: str | Path | None = None,
    cache_folder: str | Path | None = None,
    n_jobs: int | None = None,
    skip_prep: bool = False,
    progress: bool = True,
    **paths: str | Path | None,
) -> Preparation:
    """Writes the manifests of DESED; does nothing if they are up to date.

    Arguments
    ---------
    data_folder : str or Path
        The folder that holds ``audio`` and ``metadata``.
    save_folder : str or Path
        Where the manifests and ``prepared.json`` are written.
    sample_rate : int
        Samples per second that training wants.
    labels : Iterable[str], optional
        The classes; None takes those that the annotations name.
    weak_validation_share : float
        Share of the weak clips that is held out for validation, at least 0
        and below 1.
    seed : int
        Chooses the clips held out.
    use_strong_real : bool
        Whether the strongly labeled real clips are prepared too.
    public_eval : bool
        Whether the public evaluation set is prepared too, if it is there.
    batch_sizes : Mapping[str, int], optional
        Clips of the ``strong``, ``weak`` and ``unlabeled`` sets in a training
        batch; 0 leaves a set out.
    resampled_folder : str or Path, optional
        Where resampled audio goes; None puts it beside the audio it is made
        from, or into ``save_folder`` where that cannot be written to.
    cache_folder : str or Path, optional
        Where the lengths of decoded files are kept; None: ``save_folder``.
    n_jobs : int, optional
        Worker processes; None takes every core.
    skip_prep : bool
        Whether to hand back an earlier preparation, unchecked.
    progress : bool
        Whether progress bars are shown.
    **paths : str, Path or None
        Other places than those of ``DEFAULT_PATHS``, by the same names;
        relative ones begin at ``data_folder``.

    Returns
    -------
    Preparation
        With the manifests ``train_strong``, ``train_weak``,
        ``train_unlabeled``, ``valid_strong`` (synthetic), ``valid_weak``
        (held out; not if the share is 0) and ``test`` (real validation);
        ``train_strong_real`` and ``eval_public`` if asked for.

    Raises
    ------
    FileNotFoundError
        If annotations or the audio of a whole set are missing, or
        ``skip_prep`` is given and there is no earlier preparation.
    ValueError
        If an option or an annotation is wrong.

    Example
    -------
    >>> prepare_desed("/data/desed", "results/prepared")  # doctest: +SKIP
    """
    root, save_folder = _absolute(data_folder), _absolute(save_folder)
    if skip_prep:
        return Preparation.load(save_folder, root)
    wanted = {"train_strong_real": use_strong_real, "eval_public": public_eval}
    unused = unused_sets(batch_sizes or {})
    if left_out := [name for name in _KINDS if name in unused]:
        logger.info(
            "Left out, with a share of 0 in batch_sizes: %s",
            ", ".join(left_out),
        )
    wanted.update(dict.fromkeys(unused, False))
    options = _Options(
        sample_rate=sample_rate,
        labels=None if labels is None else tuple(labels),
        weak_validation_share=weak_validation_share,
        seed=seed,
        sets=tuple(name for name in _KINDS if wanted.get(name, True)),
        resampled_folder=(
            None
            if resampled_folder is None
            else str(_absolute(resampled_folder))
        ),
        paths=_all_paths(paths),
    )
    return prepare_sets(
        _locate(root, save_folder, options),
        save_folder,
        root,
        AudioFinder(
            sample_rate,
            n_jobs,
            progress,
            record=Path(cache_folder or save_folder) / "decoded_files.json",
        ),
        options=asdict(options),
        labels=options.labels,
        held_out=HeldOut(
            "train_weak", "valid_weak", weak_validation_share, seed
        ),
    )


def _all_paths(paths: Mapping[str, str | Path | None]) -> dict[str, Any]:
    unknown = sorted(paths.keys() - DEFAULT_PATHS.keys())
    if unknown:
        raise ValueError(
            f"unknown option {', '.join(unknown)}: the paths are "
            f"{', '.join(DEFAULT_PATHS)}"
        )
    for name, path in paths.items():
        needed = not name.endswith("_durations")
        if path is None and needed and DEFAULT_PATHS[name] is not None:
            raise ValueError(f"{name} is None: give a path")
    given = {
        name: None if path is None else os.fspath(path)
        for name, path in paths.items()
    }
    return {**DEFAULT_PATHS, **given}


def _locate(root: Path, save_folder: Path, options: _Options) -> list[ClipSet]:
    """The sets that are there; all that must be and is not is named."""
    if not root.is_dir():
        raise FileNotFoundError(
            f"data_folder {root} is not a folder: give the one that holds "
            "'audio' and 'metadata'"
        )
    sets = [
        _clip_set(name, root, save_folder, options) for name in options.sets
    ]
    lost = {clip_set.name: clip_set.lost() for clip_set in sets}
    if lost.get("eval_public"):
        logger.warning(
            "the public evaluation set is left out: %s", lost["eval_public"][0]
        )
        sets = [s for s in sets if s.name != "eval_public"]
        del lost["eval_public"]
    lines = [line for found in lost.values() for line in found]
    if lines:
        raise FileNotFoundError(
            "parts of the data set are not there; give data_folder, or the "
            "options named, as they are on this machine (a share of 0 in "
            "batch_sizes leaves a training set out):\n  " + "\n  ".join(lines)
        )
    return sets


def _clip_set(
    name: str, root: Path, save_folder: Path, options: _Options
) -> ClipSet:
    place = {
        part: root / path
        for part in ("audio", "tsv", "durations")
        if (path := options.paths.get(f"{name}_{part}")) is not None
    }
    original = _absolute(place["audio"])
    twin = original.with_name(f"{original.name}_{options.sample_rate // 1000}k")
    # The name within the data set; a folder elsewhere keeps its whole path.
    inside = twin.is_relative_to(root)
    below = twin.relative_to(root if inside else twin.anchor)
    elsewhere = Path(options.resampled_folder or save_folder / "resampled")
    return ClipSet(
        name=name,
        kind=_KINDS[name],
        folders=AudioFolders(
            original,
            twin,
            elsewhere / below,
            write_twin=options.resampled_folder is None,
        ),
        tsv=place.get("tsv"),
        durations=place.get("durations"),
    )


def _absolute(path: str | Path) -> Path:
    return Path(os.path.abspath(os.path.expanduser(path)))
