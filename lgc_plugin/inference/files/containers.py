"""Tells files from raw samples, by how they begin."""

from __future__ import annotations

import io
import string
from collections.abc import Callable

import soundfile

# How files begin, in text or as hexadecimal numbers, and what they are.
_BEGINNINGS = {
    "a WAV file": ("RIFF", "RIFX", "RF64", "BW64"),
    "a W64 file": ("riff",),
    "a FLAC file": ("fLaC",),
    "an OGG file": ("OggS",),
    "an AIFF file": ("FORM",),
    "an MP3 file": ("ID3", "TAG"),
    "a CAF file": ("caff",),
    "an AU file": (".snd", "dns."),
    "a NIST file": ("NIST_1A",),
    "a PAF file": (" paf", "fap "),
    "a Matroska or WebM file": ("1a 45 df a3",),
    "a WMA file": ("30 26 b2 75 8e 66 cf 11",),
    "an MPEG file": ("00 00 01 ba", "00 00 01 b3"),
    "an APE file": ("MAC ",),
    "a WavPack file": ("wvpk",),
    "a TTA file": ("TTA1", "TTA2"),
    "an MPC file": ("MPCK", "MP+"),
    "an AMR file": ("#!AMR",),
    "a DSD file": ("DSD ", "FRM8"),
    "a RealAudio file": (".RMF", ".ra"),
    "a DTS file": ("7f fe 80 01",),
    "an AAC file": ("ADIF",),
    "an FLV file": ("FLV",),
    "a MIDI file": ("MThd",),
    "an archive": (
        *("50 4b 03 04", "1f 8b 08", "BZh", "fd 37 7a 58 5a 00"),
        *("28 b5 2f fd", "Rar!", "37 7a bc af 27 1c"),
    ),
    "a NumPy file": ("93 4e 55 4d 50 59",),
    "a picture": ("89 50 4e 47", "ff d8 ff e0", "ff d8 ff e1", "GIF8"),
}
# Behind the length of the first part.
_MP4_PARTS = {b"ftyp", b"moov", b"mdat", b"wide", b"moof", b"styp"}
_TEXT = frozenset(string.printable.encode())
_LEAST_LETTERS = 10
_HTK_PERIODS = {
    (10**7 // rate).to_bytes(4, "big")
    for rate in (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000)
}
# One sample is all that the last begins with.
_VAGUE = {"MP3", "MPC2K"}

# Of MPEG audio: kbit/s by version (1, or 2 and 2.5) and layer, Hz by version.
_BITRATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {
    3: (44100, 48000, 32000),
    2: (22050, 24000, 16000),
    0: (11025, 12000, 8000),
}


def container_of(head: bytes) -> str:
    """What a file is that begins so; empty for raw samples.

    >>> container_of(b"OggS" + bytes(100))
    'an OGG file'
    >>> container_of(bytes(100))
    ''
    """
    for name, starts in _BEGINNINGS.items():
        if head.startswith(tuple(map(_as_bytes, starts))):
            return name
    if head[4:8] in _MP4_PARTS:
        return "an MP4 file"
    if _frames(head, _mpeg_length):
        return "an MP3 file"
    if _frames(head, _adts_length):
        return "an AAC file"
    if len(set(head)) >= _LEAST_LETTERS and _TEXT.issuperset(head):
        return "text"
    if head[8:12] == b"\0\2\0\0" and head[4:8] in _HTK_PERIODS:
        return "an HTK file"
    if head[:2] == b"\1\4" and _TEXT.issuperset(head[2:18]):
        return "an MPC2000 file"
    return _known_to_libsndfile(head)


def _as_bytes(start: str) -> bytes:
    is_hexadecimal = " " in start.strip()
    return bytes.fromhex(start) if is_hexadecimal else start.encode()


def _known_to_libsndfile(head: bytes) -> str:
    if head[:1] == b"\xff":
        return ""  # its decoder of MP3 would print what it thinks of it
    try:
        with soundfile.SoundFile(io.BytesIO(head)) as file:
            kind = file.format
    except (soundfile.LibsndfileError, OSError, TypeError, ValueError):
        return ""
    return "" if kind in _VAGUE else f"a file of the format {kind}"


def _frames(head: bytes, length_at: Callable[[bytes], int]) -> bool:
    """Whether frames of compressed audio follow one another."""
    position = count = 0
    while position + 8 <= len(head):
        length = length_at(head[position : position + 8])
        if not length:
            return False
        position += length
        count += 1
    # One alone may be chance: one of 4,000 random beginnings has it.
    return count >= 2


def _mpeg_length(header: bytes) -> int:
    """Bytes of a frame of MPEG audio; 0 if it is none."""
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    sync = header[0] == 0xFF and header[1] >> 5 == 7
    if not sync or version == 1 or layer == 4 or rate == 3:
        return 0
    if not 0 < bitrate < 15:
        return 0
    kbits = _BITRATES[1 if version == 3 else 2, layer][bitrate - 1]
    hertz, padding = _RATES[version][rate], header[2] >> 1 & 1
    if layer == 1:
        return (12000 * kbits // hertz + padding) * 4
    halved = version != 3 and layer == 3
    return (72000 if halved else 144000) * kbits // hertz + padding


def _adts_length(header: bytes) -> int:
    """Bytes of a frame of AAC; 0 if it is none."""
    if header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 and header[2] >> 2 & 15 < 13 else 0
