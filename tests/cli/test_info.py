"""``lgc-sed info``."""

from __future__ import annotations

import re
from importlib import metadata

import pytest
import torch

from lgc_plugin.cli import info
from lgc_plugin.cli.main import main
from lgc_plugin.utils.loading import LoadError


def rows(capsys):
    """What was printed, as pairs of a name and what is said of it."""
    lines = capsys.readouterr().out.splitlines()
    return [re.split(r"  +", line.rstrip(), maxsplit=1) for line in lines]


def test_it_names_what_a_bug_report_needs(capsys):
    assert main(["info"]) == 0
    found = rows(capsys)
    facts = dict(found)
    for name in ("torch", "torchaudio", "speechbrain", "psds_eval", "pandas"):
        assert facts[name] == metadata.version(name)
    assert facts["threads"].startswith(f"{torch.get_num_threads()} of PyTorch")
    assert any(row[0] == "device" and "cpu: " in row[1] for row in found)
    assert facts["extra onnx"].startswith("onnx 1.")
    assert facts["problems"] == "none"


def test_what_is_wrong_is_said_and_the_status_is_1(capsys, monkeypatch):
    def broken(name):
        raise LoadError(f"{name} 1.0 does not load")

    monkeypatch.setattr(info, "import_module", broken)
    monkeypatch.setattr(info, "installed_problems", lambda: ["numpy is old"])
    assert main(["info"]) == 1
    problems = [row[1] for row in rows(capsys) if row[0] == "problem"]
    assert problems == ["numpy is old", "torch 1.0 does not load"]


@pytest.mark.parametrize(
    ("installed", "state"),
    [
        (None, "not installed (numpy, pandas, setuptools)"),
        ("999.0", "numpy 999.0 cannot be used, numpy<2.4 is needed"),
    ],
)
def test_an_extra_says_what_it_lacks(capsys, monkeypatch, installed, state):
    monkeypatch.setattr(info, "installed_version", lambda name: installed)
    assert main(["info"]) == 0
    extra = dict(rows(capsys))["extra verify"]
    assert state in extra and extra.endswith("lgc-sed evaluate --verify")
