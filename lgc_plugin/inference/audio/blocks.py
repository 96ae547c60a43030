"""Any file, array or stream as mono blocks of the rate that a model knows."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import ArrayLike, NDArray

from lgc_plugin.data.resample import check_sample_rate
from lgc_plugin.inference.audio.recording import Recording
from lgc_plugin.inference.audio.samples import samples_in

Blocks = Iterator[NDArray[np.float32]]


def read_blocks(
    path: str | Path, sample_rate: int, seconds_per_block: float = 10.0
) -> Blocks:
    """Reads a file piece by piece, in memory that its length does not change.

    Joined, the blocks are what the data preparation makes of the file,
    before it rounds to 16 bits
    (:func:`lgc_plugin.inference.audio.samples.round_to_16_bits`).

    Arguments
    ---------
    path : str or Path
        Any file that libsndfile reads.
    sample_rate : int
        The rate wanted, in samples per second.
    seconds_per_block : float
        How much is read at once.

    Returns
    -------
    Iterator[ndarray]
        (N,) float32 blocks of about that length, none empty. Joined, they
        have ceil(frames * sample_rate / rate of the file) samples.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        At once if the file cannot be decoded or a setting is wrong; on
        reading, if it is damaged further on, holds no samples, or NaN or
        infinity.

    Example
    -------
    >>> path = getfixture("tmp_path") / "a.wav"
    >>> soundfile.write(path, np.zeros((44100, 2)), 44100)
    >>> sum(len(block) for block in read_blocks(path, 16000, 0.3))
    16000
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

    Arguments
    ---------
    wav : ArrayLike
        (N,) or (N, channels) samples, see
        :func:`lgc_plugin.inference.audio.samples.as_mono`.
    rate : int
        Their rate, in samples per second.
    sample_rate : int
        The rate wanted.
    seconds_per_block : float
        How much is resampled at once.
    name : str
        What the recording is called in messages.

    Returns
    -------
    Iterator[ndarray]
        (N,) float32 blocks, none empty.

    Raises
    ------
    ValueError
        At once if a setting is wrong; on reading, if the recording is
        empty, of another shape or type, or holds NaN or infinity.

    Example
    -------
    >>> blocks = array_blocks(np.zeros(8000, np.int16), 16000, 16000, 0.2)
    >>> [len(block) for block in blocks]
    [3200, 3200, 1600]
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

    Arguments
    ---------
    chunks : Iterable[ArrayLike]
        (N,) or (N, channels) samples, see
        :func:`lgc_plugin.inference.audio.samples.as_mono`; N may be 0.
    rate : int
        Their rate, in samples per second.
    sample_rate : int
        The rate wanted.
    name : str
        What the stream is called in messages.

    Returns
    -------
    Iterator[ndarray]
        (N,) float32 blocks, none empty.

    Raises
    ------
    ValueError
        At once if a rate is wrong; on reading, if no sample comes, a chunk
        has another shape or type or changes the number of channels, or holds
        NaN or infinity.

    Example
    -------
    >>> blocks = stream_blocks([[0.1], [], [0.2, 0.3]], 16000, 16000)
    >>> [len(block) for block in blocks]
    [1, 2]
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
        "samples without a header are heard by lgc-sed detect -"
    )
