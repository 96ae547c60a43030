"""Bad input of every kind: one sentence, no traceback, nothing written."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bad_inputs import BAD, make_place
from lgc_plugin.cli.main import main


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    make_place(folder)
    return folder


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_bad_input_is_one_sentence(bad, good, tmp_path, monkeypatch, capsys):
    place = tmp_path / "place"
    shutil.copytree(good, place)
    words = bad.write(place)
    before = sorted(place.rglob("*"))
    monkeypatch.chdir(place)
    assert main(words) == bad.status
    lines = capsys.readouterr().err.strip().splitlines()
    assert re.search(bad.expected, lines[-1]), lines
    assert all(line.isprintable() for line in lines)
    if bad.status == 2:
        assert sorted(place.rglob("*")) == before
