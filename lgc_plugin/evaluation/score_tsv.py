"""One clip's frame scores in a TSV file, as sed_scores_eval writes them.

Columns are ``onset`` and ``offset`` of the frame in seconds, then one per
class; each row is a frame.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lgc_plugin.evaluation.frame_scores import FrameScores

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TIMES = ("onset", "offset")
_AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".m4a", ".aac", ".opus")
# The next frame begins where one ends, up to the rounding of text.
_GAP_SECONDS = 1e-6


class _Row(NamedTuple):
    """A row of a file, and where it stands."""

    number: int
    text: str


def clip_of_tsv(file: Path) -> str:
    """The clip whose scores a file holds.

    Arguments
    ---------
    file : Path
        Its name counts only.

    Returns
    -------
    str

    Example
    -------
    >>> clip_of_tsv(Path("a_10.000.tsv")), clip_of_tsv(Path("a.flac.tsv"))
    ('a_10.000.wav', 'a.flac')
    """
    named = os.path.splitext(file.stem)[1].lower() in _AUDIO_SUFFIXES
    return file.stem if named else f"{file.stem}.wav"


def tsv_of_clip(clip: str) -> str:
    """The inverse of :func:`clip_of_tsv`.

    Arguments
    ---------
    clip : str
        A clip.

    Returns
    -------
    str
        Name of its file.

    Raises
    ------
    ValueError
        If no file can be named so.

    Example
    -------
    >>> tsv_of_clip("a.wav"), tsv_of_clip("a.flac")
    ('a.tsv', 'a.flac.tsv')
    """
    for name in (f"{clip.removesuffix('.wav')}.tsv", f"{clip}.tsv"):
        file = Path(name)
        if file.name == name and clip_of_tsv(file) == clip:
            return name
    raise ValueError(
        f"clip {clip!r} cannot name a file of scores: it must be a file name "
        f"with one of the suffixes {', '.join(_AUDIO_SUFFIXES)}"
    )


def is_score_tsv(file: Path) -> bool:
    r"""Whether a file looks as if it held scores of frames.

    Arguments
    ---------
    file : Path
        A TSV file.

    Returns
    -------
    bool
        True if its columns begin with ``onset`` and ``offset``, and none of
        them is one of a table of detections.

    Example
    -------
    >>> file = getfixture("tmp_path") / "a.tsv"
    >>> _ = file.write_text("onset\toffset\tevent_label\tfilename\n")
    >>> is_score_tsv(file)
    False
    """
    with open(file, encoding="utf-8-sig", errors="replace") as stream:
        columns = _fields(stream.readline())
    detections = {"filename", "event_label"} & set(columns)
    return tuple(columns[:2]) == _TIMES and not detections


def read_score_tsv(file: Path) -> FrameScores:
    r"""Reads the scores of one clip.

    Arguments
    ---------
    file : Path
        The file.

    Returns
    -------
    FrameScores
        Of one clip; classes in the order of the columns.

    Raises
    ------
    ValueError
        If a column, a row or a value is wrong; the message names it.

    Example
    -------
    >>> file = getfixture("tmp_path") / "a.tsv"
    >>> _ = file.write_text("onset\toffset\tCat\n0.0\t0.5\tx\n")
    >>> read_score_tsv(file)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: .../a.tsv, row 2: Cat is 'x': it must be a number
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: no UTF-8 text: {error}") from None
    columns = _fields(lines[0])
    _check_columns(file, columns)
    rows = [
        _Row(i, text) for i, text in enumerate(lines[1:], 2) if text.strip()
    ]
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
        clips=(clip_of_tsv(file),),
        scores=scores[None],
        valid_frames=np.array([len(rows)]),
        edges=np.append(onset, offset[-1]),
    )


def score_tsv_text(
    labels: Sequence[str],
    scores: NDArray[np.float32],
    edges: NDArray[np.float64],
) -> str:
    """The content of a file.

    Arguments
    ---------
    labels : Sequence[str]
        C class names.
    scores : numpy.ndarray
        (C, T').
    edges : numpy.ndarray
        (T' + 1,) seconds.

    Returns
    -------
    str
        Numbers are as short as they can be and read back unchanged.

    Example
    -------
    >>> scores = np.array([[0.1]], dtype=np.float32)
    >>> score_tsv_text(["Cat"], scores, np.array([0.0, 0.5])).split()
    ['onset', 'offset', 'Cat', '0.0', '0.5', '0.1']
    """
    times = edges.astype(str)
    columns = [times[:-1], times[1:], *scores.astype(str)]
    lines = map("\t".join, zip(*columns, strict=True))
    return "\n".join(("\t".join((*_TIMES, *labels)), *lines)) + "\n"


def _fields(line: str) -> list[str]:
    return [field.strip() for field in line.rstrip("\r\n").split("\t")]


def _check_columns(file: Path, columns: Sequence[str]) -> None:
    good = tuple(columns[:2]) == _TIMES and len(columns) > 2
    if not good or "" in columns or len(set(columns)) < len(columns):
        raise ValueError(
            f"{file}: the columns are {' '.join(columns)!r}: they must be "
            "onset, offset and one for each class, all different and "
            "separated by tabs"
        )


def _numbers(
    file: Path, columns: Sequence[str], rows: Sequence[_Row]
) -> NDArray[np.float64]:
    """(frames, columns); nothing is missing."""
    if not rows:
        raise ValueError(f"{file}: no frame below the header")
    texts = [row.text for row in rows]
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
        fields = _fields(text)
        if len(fields) != len(columns):
            raise ValueError(
                f"{file}, row {number}: {len(fields)} fields under "
                f"{len(columns)} columns"
            )
        for column, field in zip(columns, fields, strict=True):
            try:
                wrong = np.isnan(float(field))
            except ValueError:
                wrong = True
            if wrong:
                raise ValueError(
                    f"{file}, row {number}: {column} is {field!r}: it must be "
                    "a number"
                )


def _refuse(
    file: Path, rows: Sequence[_Row], wrong: NDArray[np.bool_], reason: str
) -> None:
    if wrong.any():
        number, text = rows[int(np.argmax(wrong))]
        times = " to ".join(_fields(text)[:2])
        raise ValueError(f"{file}, row {number} ({times} s): {reason}")
