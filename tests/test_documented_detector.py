"""What README and docs show of the detector is run as it stands there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from lgc_plugin.cli.main import main
from lgc_plugin.inference.model.model_files import MODEL_FOLDER
from lgc_plugin.inference.model.model_folder import write_model
from model_cases import small_settings, used_network

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
PAGE = (ROOT / "docs" / "detector.md").read_text()


def blocks(text, heading, kind=""):
    """The code under a heading."""
    section = re.split(r"^## ", text.split(f"\n## {heading}\n")[1], flags=re.M)
    found = re.findall(r"^```(\w*)\n(.*?)^```$", section[0], re.M | re.S)
    return [code for name, code in found if name == kind]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a finished run, recordings and a microphone."""
    place = tmp_path_factory.mktemp("place")
    settings = small_settings()
    networks = {"teacher": used_network(settings, 0)}
    write_model(place / "results/mini/42" / MODEL_FOLDER, settings, networks)
    (place / "recordings").mkdir()
    (place / "more" / "day").mkdir(parents=True)
    noise = np.random.default_rng(0).normal(0, 0.1, (40000, 2))
    soundfile.write(place / "recording.wav", noise, 16000)
    soundfile.write(place / "clip.wav", noise[:12000, 0], 16000)
    soundfile.write(place / "recordings" / "a.flac", noise, 44100)
    soundfile.write(place / "recordings" / "b.ogg", noise, 16000)
    soundfile.write(place / "more" / "day" / "c.mp3", noise, 16000)
    microphone = place / "bin" / "arecord"
    microphone.parent.mkdir()
    # Half a minute of noise, whatever the options.
    microphone.write_text("#!/bin/sh\nhead -c 960000 /dev/urandom\n")
    microphone.chmod(0o755)
    return place


@pytest.fixture(scope="module")
def exports():
    """The lines of ONNX exports that were run, which take seconds."""
    return set()


@pytest.fixture
def run(place, exports, monkeypatch, capsys):
    """Runs a line of a shell in that folder; returns what it printed."""
    monkeypatch.chdir(place)

    def run_line(line):
        line = line.replace("Speech=", "Cat=")  # a class of the tests
        line = line.replace(".venv/bin/", "")
        if " export " in line:
            if line in exports:
                return ""
            exports.add(line)
        *source, words = line.split(" | ")
        program, *words = shlex.split(words)
        assert program == "lgc-sed"
        if source:
            return pipe(source[0], words)
        capsys.readouterr()
        assert main(words) == 0
        return capsys.readouterr().out

    return run_line


def pipe(source, words):
    """The second program takes what the first one writes."""
    command = shlex.join([sys.executable, "-m", "lgc_plugin.cli.main", *words])
    paths = {"PATH": f"bin:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        f"{source} | {command}",
        shell=True,
        env={**os.environ, **paths, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_readme(place, run, capsys):
    (python,) = blocks(README, "Use your detector", "python")
    exec(python, {})
    assert capsys.readouterr().out.split()[:4] == [
        "onset",
        "offset",
        "event_label",
        "confidence",
    ]
    (shell,) = blocks(README, "Use your detector")
    files, stream, export = shell.strip().splitlines()
    run(files)
    table = pd.read_csv(place / "events.tsv", sep="\t")
    assert set(table.filename) == {"a.flac", "b.ogg"}
    assert (place / "detections" / "a.flac.png").is_file()
    events = run(stream).splitlines()
    assert events[0].split("\t")[-2:] == ["event_label", "confidence"]
    assert len(events) > 1
    pytest.importorskip("onnxruntime")
    run(export)
    assert (place / "my_detector" / "teacher.onnx").is_file()


def test_the_page(place, run):
    (python,) = blocks(PAGE, "In Python", "python")
    exec(python, {})
    (python,) = blocks(PAGE, "From scores to events", "python")
    exec(python.replace("Speech", "Cat"), {})
    shell, _ = blocks(PAGE, "On the command line")  # the rest needs a test set
    printed = [run(line) for line in shell.strip().splitlines()]
    assert "c.mp3" in (place / "events.tsv").read_text()
    assert (place / "labels" / "b.ogg.txt").is_file()
    assert '"recordings"' in printed[2]
    assert all(text.startswith("filename\t") for text in printed[3:-1])
    assert list((place / "tables").glob("*.txt"))
    pytest.importorskip("onnxruntime")
    install, export = blocks(PAGE, "As ONNX")[0].strip().splitlines()
    assert install == "pip install -e '.[onnx]'"
    run(export)
    (onnx,) = blocks(PAGE, "As ONNX", "python")
    scope = {}
    exec(onnx, scope)
    assert scope["frame_scores"].shape == (1, 3, 31)
    assert scope["clip_scores"].shape == (1, 3)
