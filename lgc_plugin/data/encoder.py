"""Events in seconds to frames of a network's output, and back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lgc_plugin.types import Event

#: How edges of events become edges of frames.
ROUNDINGS = ("outward", "nearest")

# Seconds are written with three to six decimals: an edge that is meant to lie
# on a frame boundary may miss it by a microsecond, which must not claim or lose
# a whole frame.
_EDGE_TOLERANCE = 1e-6  # seconds


class EventEncoder:
    """Writes events as frames (multi-hot) and reads them back.

    A frame is one output step of the network: ``hop_length * pooling``
    samples (64 ms with the defaults). As in DCASE, onsets are rounded down and
    offsets up, so that a frame that an event only touches belongs to it: what
    a network learns from is a frame longer than the event, on average. Where
    events last few frames, round to the nearest.

    Arguments
    ---------
    labels : Sequence[str]
        Class names; their order is the order of the rows.
    clip_seconds : float
        Length of a clip.
    sample_rate : int
        Samples per second.
    hop_length : int
        Samples between two mel frames.
    pooling : int
        Mel frames per output frame.
    rounding : str
        ``outward``, or ``nearest``: an event has the frames whose middles are
        in it, or else the frame of its own middle.

    Raises
    ------
    ValueError
        If there is no label, a label is given twice, a clip is shorter than
        one output frame, or the rounding is unknown.

    Example
    -------
    >>> encoder = EventEncoder(["Cat", "Dog"], clip_seconds=1.0)
    >>> encoder.n_mel_frames, encoder.n_frames, encoder.frame_seconds
    (63, 15, 0.064)
    >>> frames = encoder.encode([Event(0.1, 0.2, "Dog")])
    >>> frames.shape
    torch.Size([2, 15])
    >>> encoder.decode(frames)
    [Event(onset=0.064, offset=0.256, label='Dog')]
    """

    def __init__(
        self,
        labels: Sequence[str],
        clip_seconds: float = 10.0,
        sample_rate: int = 16000,
        hop_length: int = 256,
        pooling: int = 4,
        rounding: str = "outward",
    ) -> None:
        self.labels = tuple(labels)
        self._index = {label: i for i, label in enumerate(self.labels)}
        if not self.labels or len(self._index) != len(self.labels):
            raise ValueError(
                f"labels must be one or more different names, got {labels!r}"
            )
        if rounding not in ROUNDINGS:
            raise ValueError(
                f"rounding is {rounding!r}: use {' or '.join(ROUNDINGS)}"
            )
        self.rounding = rounding
        self.clip_seconds = float(clip_seconds)
        self.sample_rate = int(sample_rate)
        self.hop_length = int(hop_length)
        self.pooling = int(pooling)
        self.n_samples = round(self.clip_seconds * self.sample_rate)
        self.n_mel_frames = self.n_samples // self.hop_length + 1
        self.n_frames = self.n_mel_frames // self.pooling
        self.frame_samples = self.hop_length * self.pooling
        self.frame_seconds = self.frame_samples / self.sample_rate
        if self.n_frames < 1:
            raise ValueError(
                f"a clip of {clip_seconds} s is shorter than one output frame "
                f"of {self.frame_seconds} s"
            )

    def index(self, label: str) -> int:
        """Row of a class.

        Arguments
        ---------
        label : str
            Name of the class.

        Returns
        -------
        int

        Raises
        ------
        ValueError
            If the class is not in the list.
        """
        try:
            return self._index[label]
        except KeyError:
            raise ValueError(
                f"label {label!r} is not one of {', '.join(self.labels)}"
            ) from None

    def encode(self, events: Iterable[Event]) -> Tensor:
        """Events as frames.

        Arguments
        ---------
        events : Iterable[Event]
            Events of one clip, in any order; parts beyond the clip are cut.

        Returns
        -------
        Tensor
            (C, T'), 1 where a class sounds and 0 elsewhere.

        Raises
        ------
        ValueError
            If a label is unknown, or an event ends before it begins.
        """
        frames = torch.zeros(len(self.labels), self.n_frames)
        for onset, offset, label in events:
            if not 0 <= onset <= offset < math.inf:
                raise ValueError(
                    f"event of {label!r} from {onset} s to {offset} s: onset "
                    "must be at least 0, offset finite and not before it"
                )
            first, end = self._frames(onset, offset)
            frames[self.index(label), first:end] = 1.0
        return frames

    def _frames(self, onset: float, offset: float) -> tuple[int, int]:
        """The first frame of an event, and the one after its last."""
        frame = self.frame_seconds
        end = (offset - _EDGE_TOLERANCE) / frame
        if self.rounding == "outward":
            first = math.floor((onset + _EDGE_TOLERANCE) / frame)
            return first, math.ceil(end)
        first = math.ceil((onset - _EDGE_TOLERANCE) / frame - 0.5)
        last = math.ceil(end - 0.5)
        middle = math.floor(((onset + offset) / 2 + _EDGE_TOLERANCE) / frame)
        return (first, last) if first < last else (middle, middle + 1)

    def encode_clip(self, labels: Iterable[str]) -> Tensor:
        """Tags as a vector.

        Arguments
        ---------
        labels : Iterable[str]
            Classes that sound anywhere in the clip; repeats do no harm.

        Returns
        -------
        Tensor
            (C,), 1 for each class named and 0 for the others.

        Raises
        ------
        ValueError
            If a label is unknown.

        Example
        -------
        >>> EventEncoder(["Cat", "Dog"]).encode_clip(["Dog", "Dog"])
        tensor([0., 1.])
        """
        tags = torch.zeros(len(self.labels))
        for label in labels:
            tags[self.index(label)] = 1.0
        return tags

    def decode(self, frames: Tensor) -> list[Event]:
        """Runs of frames as events, the inverse of :meth:`encode`.

        Arguments
        ---------
        frames : Tensor
            (C, T'); above 0.5 means that the class sounds.

        Returns
        -------
        list[Event]
            By class, then by onset; edges in seconds, rounded to 1 µs.

        Raises
        ------
        ValueError
            If there is not one row per class.
        """
        frames = torch.as_tensor(frames)
        if frames.ndim != 2 or frames.shape[0] != len(self.labels):
            raise ValueError(
                f"expected ({len(self.labels)}, frames), got "
                f"{tuple(frames.shape)}"
            )
        runs = active_runs((frames > 0.5).cpu().numpy())
        return [
            Event(self.seconds(first), self.seconds(end), self.labels[row])
            for row, first, end in runs
        ]

    def seconds(self, frame: int) -> float:
        """Time at which an output frame begins, in seconds.

        Arguments
        ---------
        frame : int
            Index of the frame, from 0.

        Returns
        -------
        float
            Rounded to 1 µs.
        """
        return round(frame * self.frame_seconds, 6)

    def valid_frames(self, n_samples: int) -> int:
        """Output frames that hold sound in a clip padded to full length.

        Arguments
        ---------
        n_samples : int
            Samples before padding.

        Returns
        -------
        int
            Between 1 and ``n_frames``.

        Example
        -------
        >>> EventEncoder(["Cat"]).valid_frames(16000)
        16
        """
        frames = math.ceil(n_samples / self.frame_samples)
        return max(1, min(frames, self.n_frames))


def active_runs(active: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Row, first frame, and frame after the last, of each run of True.

    >>> active_runs(np.array([[True, True, False], [False, False, True]]))
    [(0, 0, 2), (1, 2, 3)]
    """
    n_rows, n_frames = active.shape
    padded = np.zeros((n_rows, n_frames + 2), dtype=bool)
    padded[:, 1:-1] = active
    # They come row by row, and in each row as onset, offset, onset ...
    edges = np.flatnonzero(padded[:, 1:] != padded[:, :-1]).tolist()
    row = n_frames + 1
    return [
        (first // row, first % row, end % row)
        for first, end in zip(edges[::2], edges[1::2], strict=True)
    ]
