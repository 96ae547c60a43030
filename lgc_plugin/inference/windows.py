"""Recordings as overlapping windows, and scores of windows as one recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lgc_plugin.evaluation.median_filter import as_score_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

    from lgc_plugin.data.encoder import EventEncoder


def plan_windows(n_samples: int, window: int, hop: int) -> range:
    """Where windows begin, so that they cover a recording.

    The first begins with the recording. The last is the first that reaches
    its end, and may be shorter.
    """
    check_sizes(window, hop, "samples")
    if n_samples < 1:
        raise ValueError(f"a recording of {n_samples} samples has no window")
    beyond_first = max(n_samples - window, 0)
    return range(0, -(-beyond_first // hop) * hop + 1, hop)


def cut_windows(
    blocks: Iterable[NDArray[np.floating]], window: int, hop: int
) -> Iterator[NDArray[np.float32]]:
    """Windows of a recording whose length is not known yet.

    They are those of :func:`plan_windows`. Each is given out with its last
    sample; no more than one is kept.

    Yields (window,), of its own memory; only the last may be shorter. None at
    all if there is no sample.
    """
    check_sizes(window, hop, "samples")
    kept = np.empty(window, dtype=np.float32)
    filled = covered = 0  # samples of ``kept``; those a window had before
    for block in blocks:
        if np.ndim(block) != 1:
            raise ValueError(
                f"a block must be (samples,), got shape {np.shape(block)}"
            )
        used = 0
        while used < len(block):
            count = min(window - filled, len(block) - used)
            kept[filled : filled + count] = block[used : used + count]
            filled, used = filled + count, used + count
            if filled == window:
                yield kept.copy()
                filled = covered = window - hop
                kept[:filled] = kept[hop:]
    if filled > covered:
        yield kept[:filled].copy()


def check_sizes(window: int, hop: int, unit: str) -> None:
    """Refuses windows that would leave gaps."""
    if not 1 <= hop <= window:
        raise ValueError(
            f"windows of {window} {unit} every {hop}: the hop must be at "
            "least 1, and not more than a window"
        )


@dataclass(frozen=True)
class WindowPlan:
    """Windows as long as the clips of the training, some frames apart."""

    #: The frames of a window.
    encoder: EventEncoder
    #: Output frames from one window to the next.
    hop_frames: int

    @classmethod
    def of(
        cls, encoder: EventEncoder, hop_seconds: float | None = None
    ) -> WindowPlan:
        """Windows so many seconds apart, as exactly as whole frames allow."""
        if hop_seconds is None:
            hop_seconds = encoder.n_frames // 2 * encoder.frame_seconds
        elif not 0 < hop_seconds <= encoder.clip_seconds:
            raise ValueError(
                f"a window every {hop_seconds} s: must be more than 0, and at "
                f"most {encoder.clip_seconds:g} s, the length of a window"
            )
        whole = encoder.n_samples // (encoder.hop_length * encoder.pooling)
        frames = round(hop_seconds / encoder.frame_seconds)
        return cls(encoder, max(1, min(frames, whole)))

    @property
    def frame_samples(self) -> int:
        """Samples of an output frame."""
        return self.encoder.hop_length * self.encoder.pooling

    @property
    def hop_samples(self) -> int:
        """Samples from one window to the next."""
        return self.hop_frames * self.frame_samples

    @property
    def window_samples(self) -> int:
        """Samples of a window; the last may not fill a frame."""
        return self.encoder.n_samples

    def joiner(self) -> WindowJoiner:
        """What joins the windows of one recording."""
        return WindowJoiner(
            len(self.encoder.labels), self.encoder.n_frames, self.hop_frames
        )

    def latency_seconds(self, event_frames: int) -> float:
        """How long an event may wait, after its end, to be given out."""
        frames = event_frames - 1 + self.joiner().latency_frames
        # The rest of a window that is no whole number of frames.
        rest = self.window_samples - self.encoder.n_frames * self.frame_samples
        samples = frames * self.frame_samples + rest
        return samples / self.encoder.sample_rate


def as_piece(scores: ArrayLike | Tensor, n_labels: int) -> NDArray[np.floating]:
    """Scores of some frames of one recording, as numpy knows them.

    Returns (C, n), float64 if the scores are, else float32. It may share its
    memory with them.

    Example
    -------
    >>> as_piece([[0, 1]], n_labels=1)
    array([[0., 1.]], dtype=float32)
    """
    shape = tuple(np.shape(scores))
    if len(shape) != 2 or shape[0] != n_labels:
        raise ValueError(
            f"scores must be ({n_labels} labels, frames), got shape {shape}"
        )
    array: Any = scores if hasattr(scores, "detach") else np.asarray(scores)
    return as_score_array(array[None])[0]


class WindowJoiner:
    """Frame scores of overlapping windows as those of one recording.

    Frames near the edges of a window know little of what is around them.
    Where windows overlap, one fades into the next in the middle of the
    overlap, over at most half of it; further out the window that has the
    frame nearer to its centre counts alone, and so it does where there is
    only one window. No frame is a mean of more than two, and equal scores
    stay exactly as they are. Memory is that of one overlap.
    """

    def __init__(
        self, n_labels: int, window_frames: int, hop_frames: int
    ) -> None:
        check_sizes(window_frames, hop_frames, "frames")
        if n_labels < 1:
            raise ValueError(f"scores of {n_labels} labels cannot be joined")
        self.n_labels = n_labels
        self.window_frames = window_frames
        self.hop_frames = hop_frames
        overlap = window_frames - hop_frames
        # Not longer than a hop, or three windows would meet in one frame.
        self.fade_frames = min(overlap // 2, hop_frames)
        #: First frame of a window that counts, if there is one before it.
        self.first_frame = (overlap - self.fade_frames) // 2
        steps = np.arange(1, self.fade_frames + 1)
        self._weights = steps / (self.fade_frames + 1)
        # The last window from where the next one begins to count.
        self._tail: NDArray[np.floating] | None = None
        self._finished = False

    @property
    def latency_frames(self) -> int:
        """A frame is final at most so many frames after it began.

        The first frame that a window leaves to the next waits until that
        one is complete. (Those at the beginning of a recording wait for a
        whole window, ``window_frames``.)
        """
        return self.window_frames - self.first_frame

    def push(self, scores: ArrayLike | Tensor) -> NDArray[np.floating]:
        """Takes the next window.

        Returns (C, n) the frames that are final now, following those before:
        of the first window ``hop_frames + first_frame``, then ``hop_frames``.
        float32 (float64 if the scores are).
        """
        self._check_open()
        window = as_piece(scores, self.n_labels)
        if window.shape[1] != self.window_frames:
            raise ValueError(
                f"a window of {window.shape[1]} frames instead of "
                f"{self.window_frames}: only the last may be shorter, and is "
                "given to finish()"
            )
        joined = self._join(window)
        final = joined.shape[1] - (
            self.window_frames - self.hop_frames - self.first_frame
        )
        # Copies: neither keeps the memory of the other.
        self._tail = joined[:, final:].copy()
        return joined[:, :final].copy()

    def finish(
        self,
        scores: ArrayLike | Tensor | None = None,
        valid_frames: int | None = None,
    ) -> NDArray[np.floating]:
        """Ends the recording.

        Returns (C, n) all frames that are left.
        """
        self._check_open()
        if scores is None and valid_frames is not None:
            raise ValueError(
                f"{valid_frames} valid frames of no window: give its scores"
            )
        if scores is None:
            empty = np.empty((self.n_labels, 0), dtype=np.float32)
            left = empty if self._tail is None else self._tail
        else:
            left = self._join(
                self._last(as_piece(scores, self.n_labels), valid_frames)
            )
        self._finished, self._tail = True, None
        return left.copy()

    def _join(self, window: NDArray[np.floating]) -> NDArray[np.floating]:
        """What is left of the window before, faded into this one."""
        if self._tail is None:
            return window
        begin, end = self.first_frame, self.first_frame + self.fade_frames
        before, after = self._tail[:, : self.fade_frames], window[:, begin:end]
        # In this form equal scores are not rounded.
        fade = before + self._weights.astype(before.dtype) * (after - before)
        return np.concatenate([fade, window[:, end:]], axis=1)

    def _last(
        self, window: NDArray[np.floating], valid_frames: int | None
    ) -> NDArray[np.floating]:
        count = window.shape[1] if valid_frames is None else valid_frames
        # With less than the overlap it would end before the window before it.
        overlap = self.window_frames - self.hop_frames
        least = 1 if self._tail is None else max(overlap, 1)
        most = min(window.shape[1], self.window_frames)
        if not least <= count <= most:
            raise ValueError(
                f"{count} valid frames in a last window of {window.shape[1]}: "
                f"must be at least {least}, where the window before it ends, "
                f"and at most {most}"
            )
        return window[:, :count]

    def _check_open(self) -> None:
        if self._finished:
            raise RuntimeError(
                "the recording is finished: make a joiner for the next one"
            )
