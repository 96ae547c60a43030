"""Text of files that others wrote: how it is read, and how it is printed."""

from __future__ import annotations

import codecs
import math
import unicodedata
from pathlib import Path

# Control characters, halves of pairs, ends of lines and paragraphs.
_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# They turn around the order in which a terminal shows what follows.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# The longer mark first: that of UTF-32 begins as that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# First bytes of files that are often given where text is expected.
_BINARY = {
    b"PK\x03\x04": "a ZIP archive or spreadsheet (.xlsx, .ods)",
    b"PK\x05\x06": "a ZIP archive without content",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (.xls)",
    b"\x1f\x8b": "compressed (gzip)",
}
_ADVICE = "save it as plain text in UTF-8"


def read_text(path: str | Path) -> str:
    """The text of a file; lines end in a line feed.

    UTF-8, or UTF-16 and UTF-32 with a byte order mark. Anything else is a
    ValueError that names the file and what it seems to be.
    """
    content = Path(path).read_bytes()
    for start, kind in _BINARY.items():
        if content.startswith(start):
            raise ValueError(f"{path}: no text but {kind}: {_ADVICE}")
    encoding = next((x for mark, x in _MARKS if content.startswith(mark)), "")
    try:
        text = content.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(_undecodable(path, content, encoding, error)) from None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise ValueError(
            f"{path}, row {row}: holds a NUL character, as a damaged file or "
            f"UTF-16 without its mark does: {_ADVICE}"
        )
    return text


def printable(text: object) -> str:
    r"""Escapes what a terminal would obey instead of showing it.

    >>> print(printable("a\x1b]0;title\x07.wav"))
    a\x1b]0;title\x07.wav
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(map(_escaped, text))


def one_line(message: object) -> str:
    r"""A message, such as an error's, in one printable line.

    >>> print(one_line("a.wav:\n  no \x1b[2J samples"))
    a.wav: no \x1b[2J samples
    """
    return printable(" ".join(str(message).split()))


def plain_number(text: str) -> float:
    """A number in plain digits; NaN for all else that Python takes for one.

    >>> plain_number("1e-3"), plain_number("1_000")
    (0.001, nan)
    """
    try:
        return float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return math.nan


def counted(number: int, noun: str, ending: str = "s") -> str:
    """A number and what is counted.

    >>> counted(1, "clip"), counted(2, "class", "es")
    ('1 clip', '2 classes')
    """
    return f"{number} {noun}{'' if number == 1 else ending}"


def shortened(text: str, limit: int = 120) -> str:
    """The beginning of a text, for messages."""
    return text if len(text) <= limit else f"{text[:limit]}..."


def _escaped(char: str) -> str:
    if char in _BIDI or unicodedata.category(char) in _CATEGORIES:
        return char.encode("unicode_escape").decode("ascii")
    return char


def _undecodable(
    path: str | Path, content: bytes, encoding: str, error: UnicodeDecodeError
) -> str:
    if encoding:
        name = encoding.removesuffix("-sig").upper()
        return f"{path}: marked as {name}, but damaged or cut: {_ADVICE}"
    row = content[: error.start].count(b"\n") + 1
    byte = content[error.start]
    return (
        f"{path}, row {row}: no text in UTF-8 (byte 0x{byte:02x}, perhaps "
        f"Latin-1 or Windows-1252): {_ADVICE}"
    )
