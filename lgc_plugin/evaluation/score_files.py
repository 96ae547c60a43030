"""Frame scores of any system, from files and to files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.score_tsv import (
    clip_of_tsv,
    is_score_tsv,
    read_score_tsv,
    score_tsv_text,
    tsv_of_clip,
)
from lgc_plugin.utils.files import atomic_folder


def read_frame_scores(path: str | Path) -> FrameScores:
    r"""Reads frame scores, whoever wrote them.

    Scores may lie outside [0, 1], as logits do: thresholds are compared with
    them as they are.

    Arguments
    ---------
    path : str or Path
        A ``.npz`` file of :meth:`FrameScores.save`; or a folder with one TSV
        per clip, as sed_scores_eval writes them: ``onset`` and ``offset`` of
        each frame in seconds, then one column per class. ``a.tsv`` is of the
        clip ``a.wav``, ``a.flac.tsv`` of ``a.flac``. Clips may differ in
        length. Other files in the folder are passed over.

    Returns
    -------
    FrameScores
        Classes in the order of the columns, clips in the order of file
        names; float32.

    Raises
    ------
    FileNotFoundError
        If nothing is there.
    ValueError
        If it holds something else: the message names file, row and value.

    Example
    -------
    >>> folder = getfixture("tmp_path")
    >>> text = "onset\toffset\tCat\n0.0\t0.5\t0.1\n0.5\t1.0\t0.9\n"
    >>> _ = (folder / "a.tsv").write_text(text)
    >>> frames = read_frame_scores(folder)
    >>> frames.clips, frames.edges.tolist(), frames.of("a.wav").shape
    (('a.wav',), [0.0, 0.5, 1.0], (1, 2))
    """
    path = Path(path)
    if path.suffix == ".npz" and not path.is_dir():
        return FrameScores.load(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    files = _score_tsvs(path)
    if not files:
        raise ValueError(
            f"{path}: no frame scores: give a .npz file of a run, or a folder "
            "with one TSV per clip (onset, offset, then one column per class)"
        )
    _refuse_repeated(files)
    parts: list[FrameScores] = []
    for file in files:
        part = read_score_tsv(file)
        _require_same_labels(file, part, files[0], (parts or [part])[0])
        parts.append(part)
    return FrameScores.join(parts)


def is_score_source(path: str | Path) -> bool:
    r"""Whether something is for :func:`read_frame_scores` to read.

    Arguments
    ---------
    path : str or Path
        A file or folder.

    Returns
    -------
    bool
        True for a ``.npz`` file, and for a folder whose first TSV begins with
        the columns ``onset`` and ``offset`` and holds no detections.

    Example
    -------
    >>> folder = getfixture("tmp_path")
    >>> is_score_source(folder)
    False
    >>> _ = (folder / "a.tsv").write_text("onset\toffset\tCat\n")
    >>> is_score_source(folder)
    True
    """
    path = Path(path)
    if path.is_file():
        return path.suffix == ".npz"
    files = _score_tsvs(path)
    return bool(files) and is_score_tsv(files[0])


def write_score_tsvs(frames: FrameScores, folder: str | Path) -> None:
    """Writes one TSV per clip, as sed_scores_eval reads them.

    Scores of whole clips have no place there and are left out.

    Arguments
    ---------
    frames : FrameScores
        The scores; :func:`read_frame_scores` reads them back unchanged.
    folder : str or Path
        The folder, which must not exist, or be empty: it appears with all
        files or not at all.

    Raises
    ------
    FileExistsError
        If the folder holds anything.
    ValueError
        If a clip has no frame, or its name cannot be that of a file.

    Example
    -------
    >>> frames = FrameScores(
    ...     ("Cat",), ("a.wav",), np.array([[[0.25]]], np.float32),
    ...     np.array([1]), np.array([0.0, 0.5]),
    ... )
    >>> folder = getfixture("tmp_path") / "scores"
    >>> write_score_tsvs(frames, folder)
    >>> (folder / "a.tsv").read_text().split()
    ['onset', 'offset', 'Cat', '0.0', '0.5', '0.25']
    """
    names = [tsv_of_clip(clip) for clip in frames.clips]
    for clip, n_frames in zip(frames.clips, frames.valid_frames, strict=True):
        if not n_frames:
            raise ValueError(f"clip {clip!r} has no frame to write")
    shape = (len(names), frames.scores.shape[2] + 1)
    edges = np.broadcast_to(frames.edges, shape)
    with atomic_folder(folder) as temporary:
        for row, name in enumerate(names):
            n_frames = frames.valid_frames[row]
            text = score_tsv_text(
                frames.labels,
                frames.scores[row, :, :n_frames],
                edges[row, : n_frames + 1],
            )
            (temporary / name).write_text(text, encoding="utf-8")


def _score_tsvs(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix == ".tsv" and not file.name.startswith(".")
    )


def _refuse_repeated(files: Sequence[Path]) -> None:
    seen: dict[str, Path] = {}
    for file in files:
        clip = clip_of_tsv(file)
        if clip in seen:
            raise ValueError(
                f"{file} and {seen[clip].name} are both of the clip {clip!r}: "
                "remove one"
            )
        seen[clip] = file


def _require_same_labels(
    file: Path, part: FrameScores, first_file: Path, first: FrameScores
) -> None:
    if part.labels != first.labels:
        raise ValueError(
            f"{file}: the classes are {', '.join(part.labels)}, those of "
            f"{first_file.name} are {', '.join(first.labels)}: all files must "
            "have the same in the same order"
        )
