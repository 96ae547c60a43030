"""The command ``lgc-sed soundscapes`` and the frame of the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lgc_plugin import __version__
from lgc_plugin.cli import main as cli
from lgc_plugin.data.soundscapes.options import SoundscapeOptions

SIZES = [
    f"--{name}={n}"
    for name, n in {
        "strong": 2,
        "strong-validation": 0,
        "weak": 1,
        "unlabeled": 1,
        "validation": 1,
        "clip-seconds": 1,
        "sample-rate": 8000,
        "n-jobs": 1,
    }.items()
]


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for folder in ("foreground/Dog", "foreground/Cat", "background"):
        (tmp_path / "bank" / folder).mkdir(parents=True)
        for take in range(3):
            file = tmp_path / "bank" / folder / f"{folder[-3:]}{take}.wav"
            soundfile.write(file, rng.uniform(-0.5, 0.5, 4000), 8000)
    return tmp_path / "bank"


def test_command_writes_a_dataset(
    bank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["soundscapes", f"--bank={bank}", f"--output={out}", *SIZES]
    options = ["--seed=5", "--snr", "3", "9", "--non-target", "Cat", "--quiet"]
    assert cli.main([*command, *options]) == 0
    assert str(out) in capsys.readouterr().out
    described = json.loads((out / "soundscapes.json").read_text())
    assert described["labels"] == ["Dog"]
    assert described["options"]["snr"] == [3, 9]
    assert described["seed"] == 5
    assert described["sets"]["strong"]["clips"] == 2
    assert described["sets"]["strong_validation"]["clips"] == 0
    # Whatever was not said has the default of the options.
    assert described["options"]["max_events"] == SoundscapeOptions.max_events


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bank=no/such"], "no/such/foreground is no folder"),
        (["--max-events=0"], "max_events is 0"),
        (["--n-jobs=0"], "n_jobs is 0: give 1 or more"),
        (["--recording-pattern=(^.)"], "'Cat' has 1 recording"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    bank: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    out = tmp_path / "out"
    command = ["soundscapes", f"--bank={bank}", f"--output={out}", *SIZES]
    assert cli.main([*command, *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith("lgc-sed: error: ")
    assert error.count("\n") == 1
    assert message in error
    assert not out.exists()


def test_interrupt_is_status_130(
    bank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    monkeypatch.setattr(
        "lgc_plugin.data.soundscapes.generate.parallel_map", interrupted
    )
    command = ["soundscapes", f"--bank={bank}", f"--output={out}", *SIZES]
    assert cli.main(command) == 130
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bank"]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.strip() == f"lgc-sed {__version__}"


@pytest.mark.parametrize("command", [[], ["soundscapes"]])
def test_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main([*command, "--help"])
    assert stop.value.code == 0
    assert "soundscapes" in capsys.readouterr().out
