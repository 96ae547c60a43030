"""Text of strangers, made safe to print."""

from __future__ import annotations

import unicodedata

# Control characters, halves of pairs, ends of lines and paragraphs.
_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# They turn around the order in which a terminal shows what follows.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


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


def _escaped(char: str) -> str:
    if char in _BIDI or unicodedata.category(char) in _CATEGORIES:
        return char.encode("unicode_escape").decode("ascii")
    return char
