"""No content of a file gets past a reader but as data or as one sentence."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readers import READERS

TOKENS = [
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe4", b"\r", b"\n\n", b"\t"),
    *(b'"', b"'", b",", b";", b":", b"#", b"[", b"]", b"{", b"}", b"- ", b"|"),
    *(b"nan", b"inf", b"-1", b"1e999", b"9" * 40, b"0x10", b"null", b"~"),
    *(b"&a [*a]", b"*a", b"!!python/name:os.system", b"!new:list", b"!ref <a>"),
    *(b"\x1b]0;t\x07", b"\xe2\x80\xae", b"..", b"/", b"[" * 99, b"\xff" * 8),
]


@st.composite
def damage(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file after one to three edits, or something else altogether."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.binary(max_size=200))
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["flip", "cut", "drop", "put", "twice"]))
        start = draw(st.integers(0, max(len(content) - 1, 0)))
        end = start + draw(st.integers(1, 40))
        if kind == "flip" and content:
            content[start] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del content[start:]
        elif kind == "drop":
            del content[start:end]
        elif kind == "put":
            keep = draw(st.booleans())
            token = draw(st.sampled_from(TOKENS))
            content[start : start if keep else end] = token
        else:
            content[start:start] = content[start:end]
    return bytes(content)


def assert_one_sentence(error: Exception, path: Path) -> None:
    """Names the file, in one line that a terminal shows as it is."""
    message = str(error)
    assert path.name in message or str(path.parent) in message, message
    assert "\n" not in message.strip() and message.strip().isprintable()
    assert len(message) > len(str(path)) + 5, message


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzzed")


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_damaged_file_is_data_or_one_sentence(reader, folder: Path) -> None:
    path = folder / reader.file
    whole = reader.content(folder)
    path.write_bytes(whole)
    reader.read(path)  # the whole file

    @settings(
        max_examples=reader.examples,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(damage(whole))
    def read(content: bytes) -> None:
        path.write_bytes(content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reader.read(path)
        except (ValueError, OSError) as error:
            assert_one_sentence(error, path)

    read()
