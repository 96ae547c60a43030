"""The sound of a clip, for the report: small, and its spectrogram."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from lgc_plugin.report.page.palette_png import palette_png
from lgc_plugin.report.spectrogram import (
    TICKS_HERTZ,
    hertz_to_mel,
    long_log_mel,
    shown_range,
)

#: Of longer clips, only so much of the beginning can be played.
LONGEST_SECONDS = 60.0
_BLOCK_SECONDS = 30
# Wider than the column of a page is on most screens.
_COLUMNS = 800
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


@dataclass(frozen=True)
class ClipAudio:
    """A clip as a page holds it; ``sound`` and ``image`` are data URLs."""

    seconds: float
    sound: str
    image: str
    #: Frequencies in kHz and where they are, from 0 (bottom) to 1.
    ticks: tuple[tuple[str, float], ...]
    #: What of the sound is left out; empty if nothing is.
    note: str


def read_clip_audio(path: str | Path) -> ClipAudio:
    """Reads a clip of any length, mixed down to mono."""
    pieces: list[NDArray[np.float32]] = []
    with soundfile.SoundFile(path) as file:
        rate, seconds = file.samplerate, file.frames / file.samplerate
        limit = round(LONGEST_SECONDS * rate)

        def blocks() -> Iterator[NDArray[np.float32]]:
            kept = 0
            size = _BLOCK_SECONDS * rate
            for block in file.blocks(size, dtype="float32", always_2d=True):
                mono = block.mean(axis=1)
                pieces.append(mono[: max(limit - kept, 0)])
                kept += len(mono)
                yield mono

        image = long_log_mel(blocks(), rate, _COLUMNS).values
    if not image.size or not file.frames:
        raise ValueError(f"{path}: holds no sound")
    top = float(hertz_to_mel(rate / 2))
    ticks = tuple(
        (f"{hertz / 1000:g}", float(hertz_to_mel(hertz)) / top)
        for hertz in TICKS_HERTZ
        if 0 < hertz <= rate / 2
    )
    note = ""
    if seconds > LONGEST_SECONDS:
        note = f"the first {LONGEST_SECONDS:g} s can be played"
    return ClipAudio(
        seconds,
        _sound_url(np.concatenate(pieces), rate),
        _data_url(palette_png(image, *shown_range(image)), "image/png"),
        ticks,
        note,
    )


def _sound_url(samples: NDArray[np.float32], rate: int) -> str:
    """MP3, which every browser plays, or FLAC at rates that MP3 has not."""
    mp3 = rate in _MP3_RATES and "MP3" in soundfile.available_formats()
    kind, options = ("MP3", {}) if mp3 else ("FLAC", {"subtype": "PCM_16"})
    buffer = io.BytesIO()
    clipped = np.clip(samples, -1, 1)
    soundfile.write(buffer, clipped, rate, format=kind, **options)
    return _data_url(buffer.getvalue(), "audio/mpeg" if mp3 else "audio/flac")


def _data_url(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
