"""Any file, array or stream as mono blocks at the sample rate of a model."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import ArrayLike, NDArray

from lgc_plugin.data.resample import Resampler, check_sample_rate
from lgc_plugin.inference.samples import as_mono, check_finite, samples_in

Blocks = Iterator[NDArray[np.float32]]


def read_blocks(
    path: str | Path, sample_rate: int, seconds_per_block: float = 10.0
) -> Blocks:
    """Reads a file piece by piece, in memory that its length does not change.

    Joined, the blocks are what the data preparation makes of the file,
    before it rounds to 16 bits
    (:func:`lgc_plugin.inference.samples.round_to_16_bits`).

    Returns (N,) float32 blocks of about that length, none empty. Joined, they
    have ceil(frames * sample_rate / rate of the file) samples.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        rate = soundfile.info(str(path)).samplerate
    # A .raw file has no header: TypeError.
    except (soundfile.LibsndfileError, TypeError) as error:
        raise _unreadable(path, error) from None
    n_samples = samples_in(seconds_per_block, rate)
    return stream_blocks(
        _read_file(path, n_samples), rate, sample_rate, name=str(path)
    )


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
        warnings.warn(
            f"{name}: sampled at {rate} Hz, so it holds nothing above "
            f"{rate / 2:g} Hz; the model listens up to {sample_rate / 2:g} Hz "
            "and may miss or confuse sounds",
            stacklevel=2,
        )
    return _blocks(chunks, recording)


def _blocks(chunks: Iterable[ArrayLike], recording: Recording) -> Blocks:
    for chunk in chunks:
        block = recording.push(chunk)
        if len(block):
            yield block
    block = recording.finish()
    if len(block):
        yield block


def _read_file(path: Path, n_samples: int) -> Iterator[NDArray[np.float32]]:
    """(N, channels) chunks of a file."""
    done = 0
    try:
        with soundfile.SoundFile(path) as file:
            # Not file.blocks(), which repeats samples if a file ends early.
            while done < file.frames:
                chunk = file.read(n_samples, dtype="float32", always_2d=True)
                if not len(chunk):
                    warnings.warn(
                        f"{path} ends after {done / file.samplerate:.3f} s, "
                        f"{file.frames / file.samplerate:.3f} s by its header",
                        stacklevel=2,
                    )
                    return
                done += len(chunk)
                yield chunk
    except soundfile.LibsndfileError as error:
        raise _unreadable(path, f"sample {done} or later: {error}") from None


def _unreadable(path: Path, why: object) -> ValueError:
    return ValueError(
        f"{path}: cannot be decoded ({why}): convert it to WAV or FLAC; "
        "samples without a header are read by lgc-sed detect -"
    )


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
        self._is_loud = False

    def push(self, chunk: ArrayLike) -> NDArray[np.float32]:
        """Takes the next samples and gives those that are final.

        Returns (M,) float32; M may be 0.
        """
        chunk = np.asarray(chunk)
        if chunk.size == 0:
            return np.empty(0, np.float32)
        try:
            mono = as_mono(chunk)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from None
        self._check_channels(1 if chunk.ndim == 1 else chunk.shape[1])
        check_finite(mono, self.rate, self.name, self._received)
        self._warn_if_loud(mono)
        self._received += len(mono)
        return self._resampler.push(mono)

    def finish(self) -> NDArray[np.float32]:
        """Ends the recording and gives the rest of it.

        Returns (M,) float32; M may be 0.
        """
        if not self._received:
            raise ValueError(f"{self.name} holds no samples")
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
