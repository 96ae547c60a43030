"""Events, frames and classes, one frame at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from torch import Tensor

# Seconds are written with six decimals: what touches a frame for less than the
# last of them does not touch it.
_SLACK = Fraction(1, 10**6)

Rows = list[list[float]]


def encode(
    events: Iterable[tuple[float, float, str]],
    labels: Sequence[str],
    n_frames: int,
    frame_seconds: Fraction,
) -> Rows:
    """Each frame of each class: does an event of the class touch it?"""
    rows = [[0.0] * n_frames for _ in labels]
    for onset, offset, label in events:
        for t in range(n_frames):
            begin, end = t * frame_seconds, (t + 1) * frame_seconds
            starts_before_its_end = Fraction(onset) < end - _SLACK
            ends_after_its_begin = Fraction(offset) > begin + _SLACK
            if starts_before_its_end and ends_after_its_begin:
                rows[list(labels).index(label)][t] = 1.0
    return rows


def encode_nearest(
    events: Iterable[tuple[float, float, str]],
    labels: Sequence[str],
    n_frames: int,
    frame_seconds: Fraction,
) -> Rows:
    """Each frame of each class: is its middle in an event of the class?

    An event without any such frame has the one that its own middle is in.
    """
    rows = [[0.0] * n_frames for _ in labels]
    for onset, offset, label in events:
        row = rows[list(labels).index(label)]
        begin, end = Fraction(onset) - _SLACK, Fraction(offset) - _SLACK
        n_inside = 0
        # Beyond the clip too: an event there needs no other frame.
        for t in range(10 * n_frames + 10):
            if begin <= (t + Fraction(1, 2)) * frame_seconds < end:
                n_inside += 1
                if t < n_frames:
                    row[t] = 1.0
        middle = (Fraction(onset) + Fraction(offset)) / 2 + _SLACK
        middle //= frame_seconds
        if not n_inside and middle < n_frames:
            row[int(middle)] = 1.0
    return rows


def encode_clip(named: Iterable[str], labels: Sequence[str]) -> list[float]:
    """Each class: is it among those named?"""
    named = list(named)
    return [1.0 if label in named else 0.0 for label in labels]


def decode(
    rows: Rows, labels: Sequence[str], frame_seconds: Fraction
) -> list[tuple[Fraction, Fraction, str]]:
    """Walks along each row; an event lasts while the class sounds."""
    events = []
    for row, label in zip(rows, labels, strict=True):
        onset = None
        for t in range(len(row) + 1):
            sounds = t < len(row) and row[t] > 0.5
            if sounds and onset is None:
                onset = t
            if not sounds and onset is not None:
                events.append((onset * frame_seconds, t * frame_seconds, label))
                onset = None
    return events


def valid_frames(n_samples: int, frame_samples: int, n_frames: int) -> int:
    """Frames that begin before the sound ends; the first one always counts."""
    count = 0
    for t in range(n_frames):
        if t == 0 or t * frame_samples < n_samples:
            count += 1
    return count


def frame_classes(labels: list[float], threshold: float) -> list[int]:
    """Classes of one frame; the last one is the background."""
    classes = [c for c, label in enumerate(labels) if label >= threshold]
    if max(labels) <= 1 - threshold:
        classes.append(len(labels))
    return classes


def frame_labels(
    clip: int,
    frame: int,
    strong: bool,
    true_labels: Tensor | None,
    teacher: Tensor,
) -> list[float]:
    """Labels of one frame: true ones on a strong clip, else the teacher's."""
    source = true_labels if strong and true_labels is not None else teacher
    return source[clip, :, frame].tolist()
