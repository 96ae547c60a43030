"""Any audio file to mono 16-bit PCM of one sample rate."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import firwin, resample_poly

from lgc_plugin.utils.files import atomic_file
from lgc_plugin.utils.parallel import parallel_map

# The filter reaches 64 zero crossings to either side; with this window it
# damps aliases by 80 dB, and falls off just below the lower Nyquist
# frequency (for 16 kHz: flat to 7.3 kHz, 80 dB down from 8 kHz on).
ZERO_CROSSINGS = 64
_KAISER_BETA = 8.0
_ROLL_OFF = 0.96
_PCM16_SCALE = 32768


@dataclass(frozen=True)
class ResampleReport:
    """What became of a list of files.

    Arguments
    ---------
    written : int
        Files that were written.
    clipped : int
        Files that were louder than full scale somewhere and were cut there.
    broken : dict[Path, str]
        Files that could not be read, and why.
    """

    written: int = 0
    clipped: int = 0
    broken: dict[Path, str] = field(default_factory=dict)


def resample(
    samples: NDArray[np.floating], rate: int, new_rate: int
) -> NDArray[np.float32]:
    """Averages the channels and changes the sample rate.

    Arguments
    ---------
    samples : ndarray
        (N,) or (N, channels) samples.
    rate : int
        Their rate in samples per second.
    new_rate : int
        The rate wanted.

    Returns
    -------
    ndarray
        (ceil(N * new_rate / rate),) samples.

    Example
    -------
    >>> resample(np.zeros((441, 2)), 44100, 16000).shape
    (160,)
    """
    mono = np.asarray(samples, dtype=np.float32)
    if mono.ndim == 2:
        mono = mono.mean(axis=1)
    if rate == new_rate:
        return mono
    common = math.gcd(rate, new_rate)
    up, down = new_rate // common, rate // common
    return resample_poly(mono, up, down, window=_low_pass(max(up, down)))


def resample_file(
    source: str | Path, target: str | Path, sample_rate: int = 16000
) -> bool:
    """Writes a mono 16-bit PCM copy of an audio file, whole or not at all.

    Arguments
    ---------
    source : str or Path
        Any file that libsndfile reads.
    target : str or Path
        The ``.wav`` file to write.
    sample_rate : int
        Samples per second of the copy.

    Returns
    -------
    bool
        Whether samples beyond full scale were cut.

    Raises
    ------
    ValueError
        If the source cannot be read, holds no samples, or samples that are
        not numbers.
    OSError
        If the target cannot be written.

    Example
    -------
    >>> folder = getfixture("tmp_path")
    >>> soundfile.write(folder / "a.wav", np.full(882, 2.0), 44100, "FLOAT")
    >>> resample_file(folder / "a.wav", folder / "b.wav")
    True
    >>> soundfile.info(folder / "b.wav").frames
    320
    """
    samples, rate = _read(Path(source))
    mono = resample(samples, rate, sample_rate)
    loudest = np.abs(mono).max()
    pcm = np.clip(
        np.round(mono * _PCM16_SCALE), -_PCM16_SCALE, _PCM16_SCALE - 1
    ).astype(np.int16)
    try:
        with atomic_file(target) as temporary:
            soundfile.write(temporary, pcm, sample_rate, "PCM_16")
    except soundfile.LibsndfileError as error:
        # This exception does not survive the way back from a worker process.
        raise OSError(f"cannot write {target}: {error.error_string}") from None
    return bool(loudest > 1)


def resample_files(
    pairs: Iterable[tuple[Path, Path]],
    sample_rate: int = 16000,
    *,
    n_jobs: int | None = None,
    description: str = "resampling",
    progress: bool = True,
) -> ResampleReport:
    """Writes mono 16-bit PCM copies in parallel.

    A file that cannot be read is reported, and the others are done.

    Arguments
    ---------
    pairs : Iterable[tuple[Path, Path]]
        What to read and what to write.
    sample_rate : int
        Samples per second of the copies.
    n_jobs : int, optional
        Worker processes; None takes every core.
    description : str
        What the progress bar says.
    progress : bool
        Whether a progress bar is shown.

    Returns
    -------
    ResampleReport

    Raises
    ------
    OSError
        If a copy cannot be written.

    Example
    -------
    >>> resample_files([], n_jobs=1, progress=False)
    ResampleReport(written=0, clipped=0, broken={})
    """
    pairs = list(pairs)
    outcomes = parallel_map(
        partial(_try_resample, sample_rate=sample_rate),
        pairs,
        n_jobs=n_jobs,
        description=description,
        progress=progress,
    )
    broken = {
        source: outcome
        for (source, _), outcome in zip(pairs, outcomes, strict=True)
        if isinstance(outcome, str)
    }
    return ResampleReport(
        written=len(pairs) - len(broken),
        clipped=sum(outcome is True for outcome in outcomes),
        broken=broken,
    )


def _try_resample(pair: tuple[Path, Path], sample_rate: int) -> bool | str:
    """Whether the copy was cut at full scale, or why there is none."""
    try:
        return resample_file(*pair, sample_rate)
    except ValueError as error:
        return str(error)


def _read(path: Path) -> tuple[NDArray[np.float32], int]:
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise ValueError(f"cannot read {path}: {error}") from None
    if not len(samples):
        raise ValueError(f"{path} holds no samples")
    if not np.isfinite(samples).all():
        raise ValueError(f"{path} holds samples that are not numbers")
    return samples, rate


@lru_cache(maxsize=4)
def _low_pass(factor: int) -> NDArray[np.float32]:
    """Low-pass filter for a polyphase change of rate by ``factor``."""
    return firwin(
        2 * ZERO_CROSSINGS * factor + 1,
        _ROLL_OFF / factor,
        window=("kaiser", _KAISER_BETA),
    ).astype(np.float32)
