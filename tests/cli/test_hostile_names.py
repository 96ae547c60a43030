"""File names of strangers do not reach the terminal as commands."""

import logging

import pytest

from lgc_plugin.cli.main import main
from lgc_plugin.training.run_log import start_log

TITLE = "\x1b]0;owned\x07"


@pytest.mark.parametrize(
    "words",
    [
        ["soundscapes", f"--bank={TITLE}", "--output=x"],
        ["evaluate", f"--ground-truth={TITLE}.tsv", "--predictions=x"],
        ["export", f"{TITLE}", "--output=x"],
        ["import-checkpoint", f"{TITLE}.ckpt", "--output=x"],
    ],
)
def test_errors_show_them_escaped(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    message = capsys.readouterr().err
    assert r"\x1b]0;owned\x07" in message and "\x1b" not in message


def test_logs_show_them_escaped(capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    start_log()
    logging.getLogger("x").warning("clips without file:\n  %s.wav", TITLE)
    message = capsys.readouterr().err
    assert message == "clips without file:\n  \\x1b]0;owned\\x07.wav\n"
