"""How a model's windows lie in a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lgc_plugin.inference.window_joiner import WindowJoiner

if TYPE_CHECKING:
    from lgc_plugin.data.encoder import EventEncoder


@dataclass(frozen=True)
class WindowPlan:
    """Windows of the length that a network was trained on, some frames apart.

    Arguments
    ---------
    encoder : EventEncoder
        The frames of a window.
    hop_frames : int
        Output frames from one window to the next.

    Example
    -------
    >>> from lgc_plugin.data.encoder import EventEncoder
    >>> plan = WindowPlan.of(EventEncoder(["Cat"]), hop_seconds=5)
    >>> plan.hop_frames, plan.hop_samples, plan.window_samples
    (78, 79872, 160000)
    """

    encoder: EventEncoder
    hop_frames: int

    @classmethod
    def of(
        cls, encoder: EventEncoder, hop_seconds: float | None = None
    ) -> WindowPlan:
        """Windows so many seconds apart, as exactly as whole frames allow.

        Arguments
        ---------
        encoder : EventEncoder
            The frames of a window.
        hop_seconds : float, optional
            From one window to the next; None means half a window. Less costs
            more time and shortens the latency.

        Returns
        -------
        WindowPlan

        Raises
        ------
        ValueError
            If windows would leave gaps.
        """
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
        """What joins the windows of one recording.

        Returns
        -------
        WindowJoiner
        """
        return WindowJoiner(
            len(self.encoder.labels), self.encoder.n_frames, self.hop_frames
        )

    def latency_seconds(self, event_frames: int) -> float:
        """How long an event may wait, after its end, to be given out.

        Arguments
        ---------
        event_frames : int
            Frames after its end that decide where it ends, at least 1.

        Returns
        -------
        float
            The time of the recording between the two, at most; but nothing
            is given out before the first window is complete.
        """
        frames = event_frames - 1 + self.joiner().latency_frames
        # The rest of a window that is no whole number of frames.
        rest = self.window_samples - self.encoder.n_frames * self.frame_samples
        samples = frames * self.frame_samples + rest
        return samples / self.encoder.sample_rate
