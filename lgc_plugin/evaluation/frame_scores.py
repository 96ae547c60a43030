"""Frame scores of a set of clips, before any filter or threshold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zipfile import ZipFile

import numpy as np

from lgc_plugin.data.free_space import free_memory
from lgc_plugin.utils.files import atomic_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KINDS = {
    "scores": (np.floating, "real numbers"),
    "valid_frames": (np.integer, "whole numbers"),
    "edges": (np.floating, "seconds"),
    "clip_scores": (np.floating, "real numbers"),
}
_FIELDS = ("labels", "clips", "scores", "valid_frames", "edges", "clip_scores")


@dataclass(frozen=True, eq=False)
class FrameScores:
    """Scores of every frame of some clips, not filtered.

    Arguments
    ---------
    labels : tuple[str, ...]
        C class names.
    clips : tuple[str, ...]
        N clips, each once.
    scores : numpy.ndarray
        (N, C, T') probabilities, float32.
    valid_frames : numpy.ndarray
        (N,) frames that hold sound; what follows is padding.
    edges : numpy.ndarray
        Seconds at which frames begin, and the end of the last: (T' + 1,), or
        (N, T' + 1) if clips have frames of their own.
    clip_scores : numpy.ndarray or None
        (N, C) probabilities that a class sounds anywhere in the clip; None
        if the system has no clip scores.

    Raises
    ------
    ValueError
        If shapes do not fit, a clip is named twice, or edges do not grow.

    Example
    -------
    >>> frames = FrameScores(
    ...     labels=("Cat",),
    ...     clips=("a.wav",),
    ...     scores=np.array([[[0.1, 0.9]]], dtype=np.float32),
    ...     valid_frames=np.array([2]),
    ...     edges=np.array([0.0, 0.064, 0.128]),
    ... )
    >>> frames.tags()
    array([[0.9]], dtype=float32)
    """

    labels: tuple[str, ...]
    clips: tuple[str, ...]
    scores: NDArray[np.float32]
    valid_frames: NDArray[np.int64]
    edges: NDArray[np.float64]
    clip_scores: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        for name, (kind, what) in _KINDS.items():
            array = getattr(self, name)
            if array is not None and not np.issubdtype(array.dtype, kind):
                raise ValueError(f"{name} are {array.dtype}: must be {what}")
        n_frames = self.scores.shape[-1] if self.scores.ndim else 0
        shape = (len(self.clips), len(self.labels), n_frames)
        if self.scores.shape != shape or self.valid_frames.shape != shape[:1]:
            raise ValueError(
                f"scores {self.scores.shape} and valid_frames "
                f"{self.valid_frames.shape} do not fit {shape[0]} clips and "
                f"{shape[1]} classes"
            )
        if self.edges.shape not in ((n_frames + 1,), (shape[0], n_frames + 1)):
            raise ValueError(
                f"edges {self.edges.shape} do not fit {n_frames} frames: one "
                "more edge than frames is needed"
            )
        wrong = (self.valid_frames < 0) | (self.valid_frames > n_frames)
        if wrong.any():
            raise ValueError(
                f"valid_frames must lie between 0 and {n_frames}, got "
                f"{self.valid_frames[wrong][0]}"
            )
        if not np.isfinite(self.edges).all() or (np.diff(self.edges) < 0).any():
            raise ValueError(
                "edges must grow from frame to frame, and be finite"
            )
        for what, names in (("clip", self.clips), ("label", self.labels)):
            if len(set(names)) < len(names):
                again = next(x for x in names if names.count(x) > 1)
                raise ValueError(f"{what} {again!r} is given more than once")
        tags = self.clip_scores
        if tags is not None and tags.shape != shape[:2]:
            raise ValueError(
                f"clip_scores {tags.shape} do not fit {shape[0]} clips and "
                f"{shape[1]} classes"
            )

    @property
    def frame_seconds(self) -> float:
        """How long the frames are, in seconds.

        The median: the last frame of a clip may be cut.
        """
        lengths = np.diff(self.edges)
        lengths = lengths[lengths > 0]  # padded frames have none
        if not lengths.size:
            raise ValueError("the scores hold no frame")
        return round(float(np.median(lengths)), 9)

    def tags(self) -> NDArray[np.float32]:
        """Clip-level scores of the system.

        Returns (N, C): ``clip_scores``, or the largest score of each clip where
        there are none.
        """
        if self.clip_scores is not None:
            return self.clip_scores
        padding = np.arange(self.scores.shape[2]) >= self.valid_frames[:, None]
        quiet = np.where(padding[:, None], -np.inf, self.scores)
        return quiet.max(axis=2, initial=-np.inf)

    def select(self, clips: Iterable[str]) -> FrameScores:
        """The scores of some of the clips."""
        wanted = set(clips)
        rows = [i for i, clip in enumerate(self.clips) if clip in wanted]
        tags = self.clip_scores
        return replace(
            self,
            clips=tuple(self.clips[i] for i in rows),
            scores=self.scores[rows],
            valid_frames=self.valid_frames[rows],
            edges=self.edges[rows] if self.edges.ndim == 2 else self.edges,
            clip_scores=None if tags is None else tags[rows],
        )

    def of(self, clip: str) -> NDArray[np.float32]:
        """Scores of one clip.

        Returns (C, T'), without padding.
        """
        if clip not in self.clips:
            raise ValueError(f"clip {clip!r} was not scored")
        row = self.clips.index(clip)
        return self.scores[row, :, : self.valid_frames[row]]

    def save(self, path: str | Path) -> None:
        """Writes everything to one ``.npz`` file, whole or not at all."""
        content = {name: getattr(self, name) for name in _FIELDS}
        if self.clip_scores is None:
            del content["clip_scores"]
        with atomic_file(path) as temporary, open(temporary, "wb") as file:
            # An open file, because savez adds a suffix to names.
            np.savez_compressed(file, **content)

    @classmethod
    def load(cls, path: str | Path) -> FrameScores:
        """Reads what :meth:`save` wrote."""
        try:
            return cls(**_read_arrays(Path(path)))
        # Damage has any form: errors of zlib, of the tokenizer of headers, of
        # memory, of indices.
        except Exception as error:
            if isinstance(error, OSError) and error.filename:
                raise
            reason = " ".join(f"{error}".split()) or type(error).__name__
            raise ValueError(
                f"{path}: no frame scores in it (a .npz file that a run or "
                f"FrameScores.save wrote), or damaged: {reason}"
            ) from error

    @classmethod
    def join(cls, parts: Sequence[FrameScores]) -> FrameScores:
        """Several sets of clips as one."""
        if len({part.labels for part in parts}) != 1:
            raise ValueError("only scores of the same classes can be joined")
        if len(parts) == 1:
            return parts[0]
        n_frames = max(part.scores.shape[2] for part in parts)
        edges = [part.edges for part in parts]
        longest = max(edges, key=lambda edge: edge.shape[-1])
        same = longest.ndim == 1 and all(
            np.array_equal(edge, longest[: edge.shape[-1]]) for edge in edges
        )
        tags = [x.clip_scores for x in parts if x.clip_scores is not None]
        return cls(
            labels=parts[0].labels,
            clips=tuple(clip for part in parts for clip in part.clips),
            scores=np.concatenate(
                [_padded(part.scores, n_frames) for part in parts]
            ),
            valid_frames=np.concatenate([part.valid_frames for part in parts]),
            edges=longest
            if same
            else np.concatenate([_own_edges(p, n_frames + 1) for p in parts]),
            clip_scores=np.concatenate(tags)
            if len(tags) == len(parts)
            else None,
        )


def _read_arrays(path: Path) -> dict[str, Any]:
    """The arrays of a file, names as text."""
    with ZipFile(path) as file:
        size = sum(member.file_size for member in file.infolist())
    if size > free_memory():
        raise ValueError(
            f"{size / 1e9:.1f} GB are more than the memory that is free"
        )
    with np.load(path, allow_pickle=False) as file:
        unknown = [name for name in file.files if name not in _FIELDS]
        missing = [x for x in _FIELDS[:-1] if x not in file.files]
        if unknown or missing:
            raise ValueError(
                f"unknown {unknown}" if unknown else f"{missing[0]} missing"
            )
        content = {name: file[name] for name in file.files}
    for name, array in content.items():
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{name} is no array")
    for name in ("labels", "clips"):
        array = content[name]
        if array.ndim != 1 or array.dtype.kind != "U":
            raise ValueError(f"{name} must be a list of names")
        content[name] = tuple(map(str.strip, array.tolist()))
    return content


def _padded(
    array: NDArray[Any],
    length: int,
    mode: Literal["constant", "edge"] = "constant",
) -> NDArray[Any]:
    missing = length - array.shape[-1]
    if not missing:
        return array
    width = [(0, 0)] * (array.ndim - 1) + [(0, missing)]
    return np.pad(array, width, mode=mode)


def _own_edges(part: FrameScores, length: int) -> NDArray[np.float64]:
    """(N, length) edges; padded frames have no length."""
    edges = np.broadcast_to(part.edges, (len(part.clips), part.edges.shape[-1]))
    return _padded(edges, length, mode="edge")
