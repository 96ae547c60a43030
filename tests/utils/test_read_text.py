"""Files of any encoding are read, or refused by name."""

from pathlib import Path

import pytest

from lgc_plugin.utils.text import read_text, shortened

TEXT = "filename\tonset\nTür.wav\t0.5\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_is_marked_is_read(
    tmp_path: Path, encoding: str, end: str
) -> None:
    file = tmp_path / "a.tsv"
    file.write_bytes(TEXT.replace("\n", end).encode(encoding))
    assert read_text(file) == TEXT


@pytest.mark.parametrize("order", ["le", "be"])
def test_both_byte_orders(tmp_path: Path, order: str) -> None:
    for size in (16, 32):
        file = tmp_path / "a.tsv"
        file.write_bytes(f"\ufeff{TEXT}".encode(f"utf-{size}-{order}"))
        assert read_text(file) == TEXT


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (TEXT.encode("latin-1"), "a.tsv, row 2: no text in UTF-8 .byte 0xfc"),
        (TEXT.encode("utf-16-le"), "a.tsv, row 2: no text|row 1: holds a NUL"),
        ("a\tb\n".encode("utf-16-be"), "a.tsv, row 1: holds a NUL"),
        (b"a\tb\n1\t\x002\n", "a.tsv, row 2: holds a NUL"),
        (TEXT.encode("utf-16")[:-1], "a.tsv: marked as UTF-16, but damaged"),
        (b"\xef\xbb\xbf\xff", "a.tsv: marked as UTF-8, but damaged"),
        (b"PK\x03\x04\x14\x00", "a.tsv: no text but a ZIP .*xlsx"),
        (b"\x1f\x8b\x08", "a.tsv: no text but compressed"),
    ],
)
def test_what_cannot_be_read_is_named_with_advice(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "a.tsv").write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        read_text(tmp_path / "a.tsv")
    assert str(error.value).endswith("save it as plain text in UTF-8")


def test_long_text_is_shortened() -> None:
    assert shortened("abc", 3) == "abc"
    assert shortened("abcd", 3) == "abc..."
