"""Any file, array or stream as mono blocks at the sample rate of a model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lgc_plugin.data.audio_files import (
    AudioHeader,
    audio_header,
    decode_blocks,
)
from lgc_plugin.data.audio_stream import UnreadableError, missing_bytes
from lgc_plugin.data.channels import ChannelCheck
from lgc_plugin.data.resample import Resampler, check_sample_rate
from lgc_plugin.inference.samples import (
    as_floats,
    check_finite,
    mean_of_channels,
    samples_in,
)

# What libsndfile says of unknown lengths is greater.
_UNKNOWN = 1 << 62
# No microphone samples less often.
_LOWEST_RATE = 1000

Blocks = Iterator[NDArray[np.float32]]


def read_blocks(
    path: str | Path,
    sample_rate: int,
    seconds_per_block: float = 10.0,
    on_damage: Callable[[str], None] | None = None,
) -> Blocks:
    """Reads a file piece by piece, in memory that its length does not change.

    Joined, the blocks are what the data preparation makes of the file,
    before it rounds to 16 bits
    (:func:`lgc_plugin.inference.samples.round_to_16_bits`). What comes before
    a damaged place is given out; ``on_damage`` is then called with what is
    wrong (by default, a warning).

    Returns (N,) float32 blocks of about that length, none empty. Joined, they
    have ceil(frames * sample_rate / rate of the file) samples.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    samples_in(seconds_per_block, check_sample_rate(sample_rate))
    try:
        header = audio_header(path)
    except UnreadableError as error:
        raise _undecodable(path, error.why) from None
    if header.sample_rate < _LOWEST_RATE:
        # An hour of a damaged header's 1 Hz would take a year.
        raise _undecodable(path, f"its header claims {header.sample_rate} Hz")
    chunks = _decoded(path, header, seconds_per_block, on_damage or _warn)
    return stream_blocks(
        chunks, header.sample_rate, sample_rate, name=str(path)
    )


def _decoded(
    path: Path,
    header: AudioHeader,
    seconds_per_block: float,
    on_damage: Callable[[str], None],
) -> Iterator[NDArray[np.float32]]:
    """(N, channels) chunks of a file, to its end or to where it is damaged."""
    n_frames = 0
    try:
        for _, chunk in decode_blocks(path, seconds_per_block):
            n_frames += len(chunk)
            yield chunk
    except UnreadableError as error:
        if not n_frames:
            raise _undecodable(path, error.why) from None
        on_damage(f"{path}: cannot be decoded to its end ({error.why})")
        return
    if n_frames < header.frames < _UNKNOWN:
        seconds, claimed = (
            n / header.sample_rate for n in (n_frames, header.frames)
        )
        _warn(
            f"{path} ends after {seconds:.3f} s, {claimed:.3f} s by its header"
        )
    missing = missing_bytes(path)
    if missing:
        _warn(f"{path} is cut off: {missing:,} bytes are missing at its end")


def _undecodable(path: Path, why: str) -> ValueError:
    return ValueError(
        f"{path}: cannot be decoded ({why}): convert it to WAV or FLAC; "
        "samples without a header are read by lgc-sed detect -"
    )


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=4)


def array_blocks(
    wav: ArrayLike,
    rate: int,
    sample_rate: int,
    seconds_per_block: float = 10.0,
    *,
    name: str = "the recording",
) -> Blocks:
    """Goes through a recording that is in memory, without a copy of it.

    Returns (N,) float32 blocks, none empty.
    """
    wav = np.asarray(wav)
    n_samples = samples_in(seconds_per_block, check_sample_rate(rate))
    # A number has no length; as one chunk it is refused as what it is.
    starts = range(0, len(wav), n_samples) if wav.ndim else ()
    chunks = (wav[start : start + n_samples] for start in starts)
    return stream_blocks(
        chunks if wav.ndim else [wav], rate, sample_rate, name=name
    )


def stream_blocks(
    chunks: Iterable[ArrayLike],
    rate: int,
    sample_rate: int,
    *,
    name: str = "the stream",
) -> Blocks:
    """Turns chunks of a recording into blocks as they come.

    A sample is given out as soon as the resampling filter has what it needs
    (40 ms from 44.1 kHz to 16 kHz, see
    :func:`lgc_plugin.data.resample.delay_seconds`; nothing where the rates
    are the same), and the sizes of the chunks do not change what comes out.
    A chunk may be overwritten once the next one is asked for.

    Returns (N,) float32 blocks, none empty.
    """
    recording = Recording(rate, sample_rate, name)
    if recording.rate < recording.sample_rate:
        message = (
            f"{name}: sampled at {rate} Hz, so it holds nothing above "
            f"{rate / 2:g} Hz; the model processes up to {sample_rate / 2:g} "
            "Hz and may miss or confuse sounds"
        )
        kind = "are sampled at a lower rate than the model's"
        warnings.warn(RecordingWarning(message, kind), stacklevel=2)
    return _blocks(chunks, recording)


def _blocks(chunks: Iterable[ArrayLike], recording: Recording) -> Blocks:
    for chunk in chunks:
        block = recording.push(chunk)
        if len(block):
            yield block
    block = recording.finish()
    if len(block):
        yield block


class RecordingWarning(UserWarning):
    """Something odd about one of perhaps many recordings."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        #: What it is, where recordings are counted.
        self.kind = kind


# Loud masters reach 1.5 or 2; this is a mistake about units.
_TOO_LOUD = 16.0


class Recording:
    """Takes the chunks of a recording, and gives mono at another rate.

    Example
    -------
    >>> recording = Recording(32000, 16000, "a.wav")
    >>> n_samples = len(recording.push(np.zeros((3200, 2), np.int16)))
    >>> n_samples + len(recording.finish())
    1600
    """

    def __init__(self, rate: int, sample_rate: int, name: str) -> None:
        self._resampler = Resampler(rate, sample_rate)
        self.rate = self._resampler.rate
        self.sample_rate = self._resampler.new_rate
        self.name = name
        self._received = 0
        self._channels: int | None = None
        self._is_loud = self._is_canceled = False
        self._channel_check = ChannelCheck(self.rate)

    def push(self, chunk: ArrayLike) -> NDArray[np.float32]:
        """Takes the next samples and gives those that are final.

        Returns (M,) float32; M may be 0.
        """
        chunk = np.asarray(chunk)
        if chunk.size == 0:
            return np.empty(0, np.float32)
        try:
            floats = as_floats(chunk)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from None
        mono = mean_of_channels(floats)
        self._check_channels(1 if chunk.ndim == 1 else chunk.shape[1])
        check_finite(mono, self.rate, self.name, self._received)
        self._warn_if_loud(mono)
        if floats.ndim == 2:
            self._warn_if_canceled(self._channel_check.push(floats, mono))
        self._received += len(mono)
        return self._resampler.push(mono)

    def finish(self) -> NDArray[np.float32]:
        """Ends the recording and gives the rest of it.

        Returns (M,) float32; M may be 0.
        """
        if not self._received:
            raise ValueError(f"{self.name} holds no samples")
        self._warn_if_canceled(self._channel_check.finish())
        return self._resampler.finish()

    def _check_channels(self, channels: int) -> None:
        if self._channels not in (None, channels):
            raise ValueError(
                f"{self.name}: {channels} channels from "
                f"{self._received / self.rate:.3f} s on, {self._channels} "
                "before: give all chunks the same channels"
            )
        self._channels = channels

    def _warn_if_loud(self, mono: NDArray[np.float32]) -> None:
        """Warns once that floats seem to be integers nobody scaled."""
        peak = max(-float(mono.min()), float(mono.max()))
        if self._is_loud or peak <= _TOO_LOUD:
            return
        self._is_loud = True
        warnings.warn(
            f"{self.name}: samples up to {peak:g}, where 1 is full scale: if "
            "they were 16-bit integers, divide them by 32768",
            stacklevel=3,
        )

    def _warn_if_canceled(self, finding: str) -> None:
        if finding and not self._is_canceled:
            self._is_canceled = True
            message = f"{self.name}: {finding}"
            kind = "have channels that cancel one another"
            warnings.warn(RecordingWarning(message, kind), stacklevel=3)
