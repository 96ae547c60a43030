"""Recordings as overlapping windows, and scores of windows as one recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lgc_plugin.data.encoder import EventEncoder


def cut_windows(
    blocks: Iterable[NDArray[np.floating]], window: int, hop: int
) -> Iterator[NDArray[np.float32]]:
    """Windows of a recording whose length is not known yet.

    The first begins with the recording, the last is the first that reaches
    its end. Each is given out with its last sample; no more than one is kept.

    Yields (window,), of its own memory; only the last may be shorter. None at
    all if there is no sample.
    """
    kept = np.empty(window, dtype=np.float32)
    filled = covered = 0  # samples of ``kept``; those a window had before
    for block in blocks:
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
        whole = encoder.n_samples // encoder.frame_samples
        frames = round(hop_seconds / encoder.frame_seconds)
        return cls(encoder, max(1, min(frames, whole)))

    @property
    def hop_samples(self) -> int:
        """Samples from one window to the next."""
        return self.hop_frames * self.encoder.frame_samples

    @property
    def window_samples(self) -> int:
        """Samples of a window; the last may not fill a frame."""
        return self.encoder.n_samples

    def joiner(self) -> WindowJoiner:
        """What joins the windows of one recording."""
        return WindowJoiner(
            len(self.encoder.labels), self.encoder.n_frames, self.hop_frames
        )

    def latency_seconds(self, event_frames: float) -> float:
        """How long an event may wait, after its end, to be given out."""
        frames = event_frames - 1 + self.joiner().latency_frames
        encoder = self.encoder
        # The rest of a window that is no whole number of frames.
        rest = encoder.n_samples - encoder.n_frames * encoder.frame_samples
        samples = frames * encoder.frame_samples + rest
        return samples / encoder.sample_rate


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

    @property
    def latency_frames(self) -> int:
        """A frame is final at most so many frames after it began.

        The first frame that a window leaves to the next waits until that
        one is complete. (Those at the beginning of a recording wait for a
        whole window, ``window_frames``.)
        """
        return self.window_frames - self.first_frame

    def push(self, window: NDArray[np.floating]) -> NDArray[np.floating]:
        """Takes the (C, T') scores of the next window.

        Returns (C, n) the frames that are final now, following those before:
        of the first window ``hop_frames + first_frame``, then ``hop_frames``.
        """
        joined = self._join(window)
        final = joined.shape[1] - (
            self.window_frames - self.hop_frames - self.first_frame
        )
        # Copies: neither keeps the memory of the other.
        self._tail = joined[:, final:].copy()
        return joined[:, :final].copy()

    def finish(
        self, last: NDArray[np.floating] | None = None
    ) -> NDArray[np.floating]:
        """Ends the recording, with what a last window has of valid frames.

        Returns (C, n) all frames that are left.
        """
        if last is not None:
            return self._join(last).copy()
        if self._tail is None:
            return np.empty((self.n_labels, 0), dtype=np.float32)
        return self._tail

    def _join(self, window: NDArray[np.floating]) -> NDArray[np.floating]:
        """What is left of the window before, faded into this one."""
        if self._tail is None:
            return window
        begin, end = self.first_frame, self.first_frame + self.fade_frames
        before, after = self._tail[:, : self.fade_frames], window[:, begin:end]
        # In this form equal scores are not rounded.
        fade = before + self._weights.astype(before.dtype) * (after - before)
        return np.concatenate([fade, window[:, end:]], axis=1)
