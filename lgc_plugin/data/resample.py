"""Any audio file to mono 16-bit PCM of one sample rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from lgc_plugin.data.audio_files import read_samples, write_pcm16
from lgc_plugin.data.audio_stream import check_whole, open_audio
from lgc_plugin.utils.files import atomic_file
from lgc_plugin.utils.parallel import parallel_map

_PCM16_SCALE = 32768
# soxr's filters work on blocks: at usual rates no sample comes later than
# this, in samples of the lower rate.
_DELAY_SAMPLES = 1400


@dataclass(frozen=True)
class ResampleReport:
    """What became of a list of files."""

    #: Files that were written.
    written: int = 0
    #: Files that were louder than full scale somewhere and were cut there.
    clipped: int = 0
    #: Files that could not be read, and why.
    broken: dict[Path, str] = field(default_factory=dict)


class Resampler:
    """Changes the sample rate of a mono recording that comes in chunks.

    The sizes of the chunks change no bit of the output. The filter of soxr's
    quality ``HQ`` is flat up to 92 % of the lower Nyquist frequency, and
    rejects aliases by more than 120 dB. The output is late, by less than
    :func:`delay_seconds` (40 ms from 44.1 kHz to 16 kHz).
    """

    def __init__(self, rate: int, new_rate: int) -> None:
        self.rate = check_sample_rate(rate)
        self.new_rate = check_sample_rate(new_rate)
        # The rate that stays needs no filter.
        self._stream = (
            None
            if self.rate == self.new_rate
            else soxr.ResampleStream(self.rate, self.new_rate, 1)
        )
        self._received = self._given = 0
        self._finished = False

    def push(self, samples: NDArray[np.floating]) -> NDArray[np.float32]:
        """(M,) samples that are final after the next (N,); M may be 0."""
        if self._finished:
            raise RuntimeError("this recording is finished: begin another one")
        samples = np.asarray(samples, dtype=np.float32)
        self._received += len(samples)
        if self._stream is None:
            return samples.copy()
        new = self._stream.resample_chunk(samples)
        self._given += len(new)
        return new

    def finish(self) -> NDArray[np.float32]:
        """The rest: with those before, ceil(N * new_rate / rate) samples."""
        rest = self.push(np.empty(0, np.float32))
        self._finished = True
        if self._stream is None:
            return rest
        # soxr rounds the length. Zeros behind the end give the last sample.
        zeros = np.zeros(2 * self.rate // self.new_rate + 2, np.float32)
        end = self._stream.resample_chunk(zeros, last=True)
        n_samples = -(-self._received * self.new_rate // self.rate)
        rest = np.concatenate([rest, end[: n_samples - self._given]])
        return rest


def resample(
    samples: NDArray[np.floating], rate: int, new_rate: int
) -> NDArray[np.float32]:
    """Averages the channels of (N,) or (N, channels) samples, and changes
    the sample rate: (ceil(N * new_rate / rate),) samples.
    """
    mono = np.asarray(samples, dtype=np.float32)
    if mono.ndim == 2:
        mono = mono.mean(axis=1)
    if rate == new_rate:
        return mono
    resampler = Resampler(rate, new_rate)
    return np.concatenate([resampler.push(mono), resampler.finish()])


def delay_seconds(rate: int, new_rate: int) -> float:
    """How much audio a sample of :class:`Resampler` waits for, at most."""
    return 0.0 if rate == new_rate else _DELAY_SAMPLES / min(rate, new_rate)


def check_sample_rate(rate: int) -> int:
    """A sample rate as an int; refuses what is no positive whole number."""
    try:
        whole = int(rate)
    except (TypeError, ValueError, OverflowError):
        whole = 0
    if whole <= 0 or whole != rate:
        raise ValueError(
            f"sample rate {rate!r}: give samples per second as a positive "
            "integer, such as 16000"
        )
    return whole


def resample_file(
    source: str | Path, target: str | Path, sample_rate: int = 16000
) -> bool:
    """Writes a mono 16-bit PCM copy of an audio file, whole or not at all."""
    samples, rate = _read(Path(source))
    mono = resample(samples, rate, sample_rate)
    loudest = np.abs(mono).max()
    pcm = np.clip(
        np.round(mono * _PCM16_SCALE), -_PCM16_SCALE, _PCM16_SCALE - 1
    ).astype(np.int16)
    with atomic_file(target) as temporary:
        write_pcm16(temporary, pcm, sample_rate, name=target)
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
    check_whole(path)
    with open_audio(path) as file:
        samples, rate = read_samples(file, None, "float32"), file.samplerate
    if not len(samples):
        raise ValueError(f"{path} holds no samples")
    if not np.isfinite(samples).all():
        raise ValueError(f"{path} holds samples that are not numbers")
    return samples, rate
