"""Files are told from raw samples by their content."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lgc_plugin.inference.files.containers import container_of
from lgc_plugin.inference.files.live_stream import read_raw

NOISE = np.random.default_rng(0).normal(0, 0.1, 16000).clip(-1, 1)
FORMATS = sorted(set(soundfile.available_formats()) - {"RAW", "SD2"})
CASE = Path(__file__).parents[4] / "shared/cases/small-ones/no_id3.mp3"

# As their specifications have them; what follows is any number.
OTHERS = {
    "an MP4 file": (b"\0\0\0\x1cftypM4A ", b"\0\0\0\x14ftyp3gp4"),
    "a Matroska or WebM file": (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81",),
    "a WMA file": (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),),
    "an AMR file": (b"#!AMR\n", b"#!AMR-WB\n"),
    "an MP3 file": (b"ID3\x02\0\0", b"ID3\x03\0\0", b"ID3\x04\0\0"),
    "an APE file": (b"MAC \x96\x0f",),
    "a WavPack file": (b"wvpk\x10\0",),
    "an archive": (b"PK\x03\x04\x14\0", b"\x1f\x8b\x08\0"),
    "text": (b"<!DOCTYPE html><html><head>\n" + 100 * b"abc ",),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("length", [1600, 3200, 8000])
def test_every_format_of_libsndfile(name: str, length: int) -> None:
    file = io.BytesIO()
    kind = soundfile.default_subtype(name)
    soundfile.write(file, NOISE, 16000, format=name, subtype=kind)
    assert container_of(file.getvalue()[:length])


@pytest.mark.parametrize("bit_rate", ["CONSTANT", "VARIABLE"])
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_mp3_without_a_tag(bit_rate: str, rate: int) -> None:
    file = io.BytesIO()
    soundfile.write(file, NOISE, rate, format="MP3", bitrate_mode=bit_rate)
    assert container_of(file.getvalue()[:3200]) == "an MP3 file"


@pytest.mark.parametrize("name", OTHERS)
def test_other_containers(name: str) -> None:
    rest = np.random.default_rng(1).bytes(3000) if name != "text" else b""
    for begin in OTHERS[name]:
        assert container_of(begin + rest) == name


def test_aac_frames() -> None:
    body = np.random.default_rng(2).bytes(300)
    length = len(body) + 7
    header = bytes(
        (0xFF, 0xF1, 0x50, 0x80 | length >> 11, length >> 3 & 255)
    ) + bytes(((length & 7) << 5 | 0x1F, 0xFC))
    assert container_of(5 * (header + body)) == "an AAC file"


@given(
    hnp.arrays(np.int16, st.integers(1, 800), elements=st.integers(-4, 4))
    | hnp.arrays(np.int16, st.integers(100, 800), unique=True)
)
def test_samples_are_no_file(samples: np.ndarray) -> None:
    assert container_of(samples.astype("<i2").tobytes()) == ""


def test_noise_tones_and_constants_are_no_files() -> None:
    rng, time = np.random.default_rng(3), np.arange(1600)
    for number in range(1000):
        level = rng.choice([1, 30, 1000, 20000])
        noise = rng.normal(size=1600) * level
        tone = np.sin(time * rng.uniform(0, 3) + rng.uniform(0, 6)) * level
        constant = np.full(1600, rng.integers(-32768, 32768))
        samples = (noise, tone, constant)[number % 3]
        raw = np.round(samples).clip(-32768, 32767).astype("<i2").tobytes()
        assert container_of(raw) == "", raw[:16]


def test_a_stream_is_refused_at_once() -> None:
    file = io.BytesIO()
    soundfile.write(file, NOISE, 16000, format="CAF")
    file.seek(0)
    with pytest.raises(ValueError, match="standard input is a CAF file, not r"):
        next(read_raw(file, 16000))


@pytest.mark.skipif(not CASE.exists(), reason=f"no {CASE}")
def test_an_mp3_of_the_wild() -> None:
    with open(CASE, "rb") as file:
        with pytest.raises(ValueError, match="is an MP3 file"):
            next(read_raw(file, 16000))
