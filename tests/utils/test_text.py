"""What is printed cannot command a terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.utils.text import one_line, printable


@given(st.text(st.characters(), max_size=40))
def test_nothing_printed_is_a_command(text: str) -> None:
    shown = printable(text)
    kinds = {unicodedata.category(char) for char in shown}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    shown.encode()  # no half of a pair is left
    assert printable(shown) == shown
    assert one_line(shown) == " ".join(shown.split())


def test_words_of_all_languages_stay_as_they_are() -> None:
    for text in ("Bébé", "犬　の", "سگ\u200cها", "👩\u200d🚒", "a\u00a0b"):
        assert printable(text) == text


def test_control_characters_and_turned_text_are_escaped() -> None:
    assert printable("a\x1b]0;b\x07\n") == r"a\x1b]0;b\x07\n"
    assert printable("\u202egnp.exe\x9b") == r"\u202egnp.exe\x9b"
    assert printable("\udcff") == r"\udcff"
    assert one_line("a:\n  b\x1b") == r"a: b\x1b"
