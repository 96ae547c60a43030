"""A file that is worth something before it is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from lgc_plugin.inference.files.growing_file import growing_file, partial_path


def test_it_grows_beside_and_gets_its_name(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.tsv"
    with growing_file(file) as text:
        text.write("é\n")
        text.flush()
        assert partial_path(file).read_bytes() == b"\xc3\xa9\n"
        assert not file.exists()
    assert file.read_bytes() == b"\xc3\xa9\n"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_was_written_stays(
    tmp_path: Path, error: type[BaseException]
) -> None:
    file = tmp_path / "a.tsv"
    file.write_text("old")
    with pytest.raises(error):
        with growing_file(file) as text:
            text.write("half")
            raise error
    assert file.read_text() == "old"
    assert partial_path(file).read_text() == "half"
    with growing_file(file) as text:
        text.write("new")
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]
