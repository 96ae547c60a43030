"""Frame scores of any system, from files and to files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.data.table_files import TableFile
from lgc_plugin.evaluation.clip_names import (
    clips_of_tsvs,
    match_clips,
    tsv_of_clip,
)
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.utils.files import atomic_folder
from lgc_plugin.utils.text import plain_number, shortened

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_TIMES = ("onset", "offset")
# The next frame begins where one ends, up to the rounding of text.
_GAP_SECONDS = 1e-6


def read_frame_scores(
    path: str | Path, clips: Collection[str] = ()
) -> FrameScores:
    r"""Reads the frame scores of any system.

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
    clips : Collection[str]
        The annotated clips: what has the name of one, but for the suffix, is
        of it (``a.tsv`` of ``a.flac``).

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
        If scores may be of two clips, or two are of one.

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
        frames = FrameScores.load(path)
        return replace(frames, clips=match_clips(frames.clips, clips, path))
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    files = list_tsvs(path)
    if not files:
        raise ValueError(
            f"{path}: no frame scores: give a .npz file of a run, or a folder "
            "with one TSV per clip (onset, offset, then one column per class)"
        )
    parts: list[FrameScores] = []
    for clip, file in clips_of_tsvs(files, clips).items():
        parts.append(read_score_tsv(file, clip))
        first, own = parts[0].labels, parts[-1].labels
        if own != first:
            raise ValueError(
                f"{file}: the classes are {', '.join(own)}, those of "
                f"{files[0].name} are {', '.join(first)}: all files must "
                "have the same in the same order"
            )
    return FrameScores.join(parts)


def list_tsvs(folder: Path) -> list[Path]:
    """The TSV files of a folder, by name; none if there is no such folder."""
    return sorted(
        file
        for file in folder.glob("*.tsv")
        if file.is_file() and not file.name.startswith(".")
    )


def is_score_source(path: str | Path) -> bool:
    """Whether something is for :func:`read_frame_scores` to read."""
    path = Path(path)
    if path.is_file():
        return path.suffix == ".npz"
    files = list_tsvs(path)
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


# A row's number in the file, from 1, and its text.
_Row = tuple[int, str]


def is_score_tsv(file: Path) -> bool:
    """Whether a file begins as frame scores do, and holds no detections."""
    columns = TableFile.read(file).header
    detections = {"filename", "event_label"} & set(columns)
    return tuple(columns[:2]) == _TIMES and not detections


def read_score_tsv(file: Path, clip: str) -> FrameScores:
    """Reads the scores of one clip."""
    table = TableFile.read(file)
    columns, rows = table.header, table.lines()
    _check_columns(file, columns)
    numbers = _numbers(file, columns, rows)
    onset, offset = numbers[:, 0], numbers[:, 1]
    _refuse(file, rows, onset < 0, "onset must be at least 0")
    _refuse(file, rows, offset <= onset, "offset must lie after onset")
    gap = np.append(False, np.abs(onset[1:] - offset[:-1]) > _GAP_SECONDS)
    _refuse(file, rows, gap, "the frame must begin where the one before ends")
    # A score beyond float32 is as good as infinite.
    with np.errstate(over="ignore"):
        scores = numbers[:, 2:].T.astype(np.float32, order="C")
    return FrameScores(
        labels=tuple(columns[2:]),
        clips=(clip,),
        scores=scores[None],
        valid_frames=np.array([len(rows)]),
        edges=np.append(onset, offset[-1]),
    )


def score_tsv_text(
    labels: Sequence[str],
    scores: NDArray[np.float32],
    edges: NDArray[np.float64],
) -> str:
    """The content of a file, of (C, T') scores and (T' + 1,) edges."""
    times = edges.astype(str)
    columns = [times[:-1], times[1:], *scores.astype(str)]
    lines = map("\t".join, zip(*columns, strict=True))
    return "\n".join(("\t".join((*_TIMES, *labels)), *lines)) + "\n"


def _check_columns(file: Path, columns: Sequence[str]) -> None:
    good = tuple(columns[:2]) == _TIMES and len(columns) > 2
    if not good or "" in columns or len(set(columns)) < len(columns):
        raise ValueError(
            f"{file}: the columns are {shortened(' '.join(columns))!r}: they "
            "must be onset, offset and one for each class, all different and "
            "separated by tabs"
        )


def _numbers(
    file: Path, columns: Sequence[str], rows: Sequence[_Row]
) -> NDArray[np.float64]:
    """(frames, columns); nothing is missing."""
    if not rows:
        raise ValueError(f"{file}: no frame below the header")
    texts = [text for _, text in rows]
    try:
        numbers = np.loadtxt(texts, delimiter="\t", comments=None, ndmin=2)
    except ValueError as error:
        _refuse_text(file, columns, rows)
        raise ValueError(f"{file}: {error}") from None
    if numbers.shape[1] != len(columns) or np.isnan(numbers).any():
        _refuse_text(file, columns, rows)
    _refuse(
        file, rows, np.isinf(numbers[:, :2]).any(axis=1), "times are infinite"
    )
    return numbers


def _refuse_text(
    file: Path, columns: Sequence[str], rows: Sequence[_Row]
) -> None:
    """Finds what is no number; slow, since it looks at every field."""
    for number, text in rows:
        fields = [field.strip() for field in text.split("\t")]
        if len(fields) != len(columns):
            raise ValueError(
                f"{file}, row {number}: {len(fields)} fields under "
                f"{len(columns)} columns"
            )
        for column, field in zip(columns, fields, strict=True):
            if np.isnan(plain_number(field)):
                raise ValueError(
                    f"{file}, row {number}: {column} is "
                    f"{shortened(field)!r}: it must be a number"
                )


def _refuse(
    file: Path, rows: Sequence[_Row], wrong: ArrayLike, reason: str
) -> None:
    if np.any(wrong):
        number, text = rows[int(np.argmax(wrong))]
        times = " to ".join(text.split("\t")[:2])
        raise ValueError(f"{file}, row {number} ({times} s): {reason}")
