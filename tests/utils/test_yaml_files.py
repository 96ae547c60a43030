"""Any text is a value or one line of a ValueError."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lgc_plugin.utils.yaml_files import parse_yaml, read_yaml

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=20,
)


def aliases(levels: int, per_level: int) -> str:
    """Each level holds the one before several times."""
    lines = ["a0: &a0 [1]"]
    for level in range(1, levels):
        names = ", ".join([f"*a{level - 1}"] * per_level)
        lines.append(f"a{level}: &a{level} [{names}]")
    return "\n".join(lines)


@given(st.text(max_size=60) | st.text("[]{}&*!: -\n\tab1~|>?#'\"", max_size=40))
def test_any_text_is_a_value_or_a_line(text: str) -> None:
    try:
        parse_yaml(text, "a.yaml")
    except ValueError as error:
        assert str(error).startswith("a.yaml: ")
        assert str(error).isprintable() or "\u3000" in str(error)


@given(plain)
def test_values_are_those_of_yaml(value: object) -> None:
    import io

    stream = io.StringIO()
    YAML(typ="safe", pure=True).dump({"value": value}, stream)
    assert parse_yaml(stream.getvalue(), "a.yaml") == {"value": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (aliases(9, 10), "more than 100000 values"),
        ("a: &a [1, *a]", r"\*a stands within what it stands for \(line 1\)"),
        ("a: &n {b: *n}", r"\*n stands within"),
        ("a: " + 3000 * "[", "more than 50 levels"),
        ("a: " + 60 * "{a: " + 60 * "}", "more than 50 levels"),
        ("seed: 1\nseed: 2", "line 2, column 1: found duplicate key .seed."),
        ("seed: [1", "line 1, column 9: expected"),
        ("a: 1\n---\nb: 2", "line 2, column 1: but found another document"),
        ("a:\n\t- 1", "line 2, column 1: found character"),
        ("a: !new:list", "line 1, column 4: could not determine a constructor"),
        ("a: !!timestamp x", "a.yaml: "),
        ("a: \x00", "a.yaml: unacceptable character #x0000"),
        ("a: 1\x1b]0;x\x07", "a.yaml: unacceptable character #x001b"),
    ],
)
def test_what_is_wrong_is_one_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_yaml(text, "a.yaml")
    assert str(caught.value).startswith("a.yaml: ")
    assert "\n" not in str(caught.value)


def test_aliases_that_stay_small_are_read() -> None:
    assert parse_yaml("a: &a [1]\nb: [*a, *a]", "a.yaml")["b"] == [[1], [1]]
    assert parse_yaml(aliases(4, 10), "a.yaml")


def test_files_that_are_no_text_are_named(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes("\ufeffa: \u00e9".encode())
    assert read_yaml(file) == {"a": "\u00e9"}
    file.write_bytes("a: \u00e9".encode("latin-1"))
    with pytest.raises(ValueError, match=r"a\.yaml: byte 3 is not UTF-8"):
        read_yaml(file)
    with open(file, "wb") as stream:
        stream.truncate(10**11)  # no disk is used, and no memory must be
    with pytest.raises(ValueError, match=r"a\.yaml: larger than 10 MB"):
        read_yaml(file)
    with pytest.raises(FileNotFoundError, match="none"):
        read_yaml(tmp_path / "none.yaml")
