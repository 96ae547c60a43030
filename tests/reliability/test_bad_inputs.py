"""Bad input of every kind: one sentence, no traceback, nothing written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bad_inputs import BAD, make_place

from lgc_plugin.cli.main import main


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    make_place(folder)
    return folder


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_bad_input_is_one_sentence(bad, place, monkeypatch, capsys):
    for name, content in bad.files.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_bytes(content)
    before = sorted(place.rglob("*"))
    monkeypatch.chdir(place)
    assert main(bad.words.split()) == bad.status
    lines = capsys.readouterr().err.strip().splitlines()
    assert all(line.isprintable() for line in lines)
    # Of several recordings each has a line, and the last one counts them.
    shown = lines[-1:] if bad.status == 2 else lines
    assert any(re.search(bad.expected, line) for line in shown), lines
    if bad.status == 2:
        assert sorted(place.rglob("*")) == before
    for name in bad.files:
        (place / name).unlink()
