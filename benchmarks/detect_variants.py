"""What is measured of the detector: lengths, formats, options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from detect_audio import Audio

START = "start"
_START_SECONDS = 1.0
LENGTHS = (60.0, 600.0, 3600.0, 10800.0)


@dataclass(frozen=True)
class Variant:
    """Another way than one file in the model's own format.

    Arguments
    ---------
    name : str
        For the command line.
    title : str
        For the table.
    seconds : float
        Length of the recording, unless all others are shorter.
    audio : Mapping[str, Any]
        What differs from the defaults of :class:`.Audio`.
    options : tuple[str, ...]
        Of ``lgc-sed detect``.
    stream : bool
        Whether the recording comes through a pipe.
    """

    name: str
    title: str
    seconds: float = 3600.0
    audio: Mapping[str, Any] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    stream: bool = False


VARIANTS = (
    Variant(
        "stereo",
        "44.1 kHz, stereo",
        audio={"sample_rate": 44100, "channels": 2},
    ),
    Variant("flac", "FLAC", audio={"suffix": "flac"}),
    Variant("mp3", "MP3", audio={"suffix": "mp3"}),
    Variant("stream", "stream, through a pipe", stream=True),
    Variant("batch_1", "--batch-size 1", options=("--batch-size=1",)),
    Variant("batch_16", "--batch-size 16", options=("--batch-size=16",)),
    Variant("hop_1", "--hop 1", 600.0, options=("--hop=1",)),
    Variant("bf16", "--precision bf16", 60.0, options=("--precision=bf16",)),
)


@dataclass(frozen=True)
class Case:
    """One line of the table.

    Arguments
    ---------
    name, title : str
        For the results, for people.
    audio : Audio
        The recording.
    options : tuple[str, ...]
        Of ``lgc-sed detect``.
    stream : bool
        Whether the recording comes through a pipe.
    """

    name: str
    title: str
    audio: Audio
    options: tuple[str, ...] = ()
    stream: bool = False


def length_name(seconds: float) -> str:
    """Name of the case of one length.

    Arguments
    ---------
    seconds : float
        The length.

    Returns
    -------
    str
        Such as ``3600_s``.
    """
    return f"{seconds:g}_s"


def duration(seconds: float) -> str:
    """A length for people.

    Arguments
    ---------
    seconds : float
        The length.

    Returns
    -------
    str
        Such as ``90 s``, ``10 min``, ``3 h``.
    """
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def make_cases(
    lengths: Iterable[float], variants: Sequence[Variant]
) -> list[Case]:
    """All lines of the table, in order.

    Arguments
    ---------
    lengths : Iterable[float]
        Seconds of the plain recordings.
    variants : Sequence[Variant]
        What else; on recordings no longer than those.

    Returns
    -------
    list[Case]
        First how long it takes to start: one second of audio.
    """
    cases = [Case(START, "start", Audio(_START_SECONDS))]
    lengths = sorted(set(lengths))
    cases += [Case(length_name(s), "file", Audio(s)) for s in lengths]
    for each in variants:
        audio = Audio(min(each.seconds, lengths[-1]), **each.audio)
        cases.append(
            Case(each.name, each.title, audio, each.options, each.stream)
        )
    return cases
