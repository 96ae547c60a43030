"""Scores of overlapping windows as those of one recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.inference.pieces import as_piece
from lgc_plugin.inference.windows import check_sizes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor


class WindowJoiner:
    """Frame scores of overlapping windows as those of one recording.

    Frames near the edges of a window know little of what is around them.
    Where windows overlap, one fades into the next in the middle of the
    overlap, over at most half of it; further out the window that has the
    frame nearer to its centre counts alone, and so it does where there is
    only one window. No frame is a mean of more than two, and equal scores
    stay exactly as they are. Memory is that of one overlap.

    Arguments
    ---------
    n_labels : int
        C, rows of the scores.
    window_frames : int
        T', frames of a window.
    hop_frames : int
        Frames from one window to the next.

    Raises
    ------
    ValueError
        If there is no row, or windows would leave gaps.

    Example
    -------
    >>> joiner = WindowJoiner(n_labels=1, window_frames=4, hop_frames=2)
    >>> joiner.push([[0.0, 0.0, 0.0, 0.0]]).tolist()
    [[0.0, 0.0]]
    >>> joiner.push([[1.0, 1.0, 1.0, 1.0]]).tolist()
    [[0.5, 1.0]]
    >>> joiner.finish([[1.0, 1.0, 1.0, 7.0]], valid_frames=3).tolist()
    [[1.0, 1.0, 1.0]]
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

        Arguments
        ---------
        scores : Tensor or array
            (C, T').

        Returns
        -------
        numpy.ndarray
            (C, n) the frames that are final now, following those before: of
            the first window ``hop_frames + first_frame``, then
            ``hop_frames``. float32 (float64 if the scores are).

        Raises
        ------
        ValueError
            If the shape is not (C, T').
        RuntimeError
            If the recording is finished.
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

        Arguments
        ---------
        scores : Tensor or array, optional
            (C, n) the last window, of up to T' frames, if it has not been
            pushed.
        valid_frames : int, optional
            Frames of it that hold sound; None means all.

        Returns
        -------
        numpy.ndarray
            (C, n) all frames that are left.

        Raises
        ------
        ValueError
            If shapes do not fit, or the recording would end before the
            window that was pushed last.
        RuntimeError
            If the recording is finished already.
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
