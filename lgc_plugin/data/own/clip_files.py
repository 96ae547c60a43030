"""Writes the clips of a recording, in memory that its length does not grow."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lgc_plugin.data.audio_files import (
    FULL_SCALE,
    decode_blocks,
    write_pcm16,
)
from lgc_plugin.data.channels import ChannelCheck
from lgc_plugin.data.own.cutting import Span
from lgc_plugin.data.resample import Resampler


@dataclass(frozen=True)
class ClipJob:
    """The clips of one recording."""

    source: Path
    #: Of the clips, in Hz.
    sample_rate: int
    #: From 1; None for the mean of all.
    channel: int | None
    #: Milliseconds and file of each clip, by start.
    clips: tuple[tuple[Span, Path], ...]


@dataclass
class ClipReport:
    """What became of a recording."""

    #: Samples of each clip.
    n_samples: list[int] = field(default_factory=list)
    #: Whether it is louder than full scale somewhere, and was cut there.
    clipped: bool = False
    #: What is odd about its channels, the first time.
    channels: str = ""
    #: Why it cannot be used; its clips are removed then.
    error: str = ""


def write_clips(job: ClipJob) -> ClipReport:
    """Decodes a recording once, and writes all of its clips."""
    report = ClipReport()
    try:
        with warnings.catch_warnings():
            # What is odd about the file was noted when it was measured.
            warnings.simplefilter("ignore")
            _write(job, report)
    except ValueError as error:
        report.error = str(error)
        for _, path in job.clips:
            path.unlink(missing_ok=True)
    return report


def _write(job: ClipJob, report: ClipReport) -> None:
    blocks = _resampled(job, report)
    # What is held of the recording, and the place of its first sample.
    held, first = np.empty(0, np.float32), 0
    for span, path in job.clips:
        start, stop = (_samples(ms, job.sample_rate) for ms in span)
        # Clips are sorted: nothing before this one is needed again.
        n_old = min(max(start - first, 0), len(held))
        held, first = held[n_old:], first + n_old
        parts, n_held = [held], len(held)
        while first + n_held < stop:
            block = next(blocks, None)
            if block is None:
                break
            if not n_held and first + len(block) <= start:
                first += len(block)
            else:
                parts.append(block)
                n_held += len(block)
        held = np.concatenate(parts)
        clip = held[start - first : stop - first]
        if not len(clip):
            seconds = span.start / 1000
            raise ValueError(f"{job.source}: ends before {seconds:.3f} s")
        report.clipped |= bool(np.abs(clip).max() > 1)
        scaled = np.rint(clip * np.float32(FULL_SCALE))
        pcm = scaled.clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
        write_pcm16(path, pcm, job.sample_rate)
        report.n_samples.append(len(clip))
    blocks.close()


def _resampled(
    job: ClipJob, report: ClipReport
) -> Generator[NDArray[np.float32], None, None]:
    """The recording in one channel at the rate of the clips."""
    resampler = check = None
    done = 0
    try:
        for rate, samples in decode_blocks(job.source):
            if resampler is None or check is None:
                resampler = Resampler(rate, job.sample_rate)
                check = ChannelCheck(rate)
            mono = _one_channel(samples, job)
            _check_finite(mono, job, done / rate)
            if job.channel is None and samples.shape[1] > 1:
                report.channels = report.channels or check.push(samples, mono)
            done += len(mono)
            yield resampler.push(mono)
        if resampler is not None:
            yield resampler.finish()
    finally:  # also where nothing behind the last clip is read
        if check is not None:
            report.channels = report.channels or check.finish()


def _one_channel(
    samples: NDArray[np.float32], job: ClipJob
) -> NDArray[np.float32]:
    n_channels = samples.shape[1]
    if job.channel is None:
        return samples[:, 0] if n_channels == 1 else samples.mean(axis=1)
    if job.channel > n_channels:
        raise ValueError(
            f"{job.source}: has no channel {job.channel}, but {n_channels}"
        )
    return np.ascontiguousarray(samples[:, job.channel - 1])


def _check_finite(
    mono: NDArray[np.float32], job: ClipJob, seconds: float
) -> None:
    if not np.isfinite(mono).all():
        raise ValueError(
            f"{job.source}: NaN or infinity instead of samples after "
            f"{seconds:.0f} s: repair or cut the recording"
        )


def _samples(milliseconds: int, rate: int) -> int:
    return (milliseconds * rate + 500) // 1000
