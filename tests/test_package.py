"""The built package, used where there is no checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from lgc_plugin.cli.main import COMMANDS
from scoring_files import write_detections, write_truth

ROOT = Path(__file__).resolve().parents[1]
BUILT_FROM = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")


def python(*words, cwd, **environment):
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pip(*words, cwd):
    return python(
        *("-m", "pip", *words, "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-build-isolation", "--no-index"),
        cwd=cwd,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel, and what is in the archive of sources that it is built from."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    source.mkdir()
    for name in BUILT_FROM:
        shutil.copy(ROOT / name, source)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "lgc_plugin", source / "lgc_plugin", ignore=ignored)
    backend = "from setuptools import build_meta; build_meta.build_sdist('..')"
    python("-c", backend, cwd=source)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        names = file.getnames()
    pip("wheel", archive, "--wheel-dir", folder, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel, names


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """Runs Python outside the checkout, with the wheel installed."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", built[0], "--target", folder / "site", cwd=folder)

    def run(*words):
        # Before what is installed in place.
        return python(*words, cwd=folder, PYTHONPATH=str(folder / "site"))

    run.folder = folder
    return run


def test_both_archives_hold_every_file_of_the_package(built):
    wheel, names = built
    inside = set(zipfile.ZipFile(wheel).namelist())
    sources = {name.partition("/")[2] for name in names}
    for path in (ROOT / "lgc_plugin").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(ROOT).as_posix()
            assert name in inside and name in sources
    assert not any(name.startswith("tests/") for name in inside)
    assert "lgc_plugin/py.typed" in inside, "type checkers need it"
    assert sources >= set(BUILT_FROM)


def test_the_public_names_come_from_the_wheel(installed):
    code = (
        "import lgc_plugin; from lgc_plugin import LGC, SoundEventDetector; "
        "print(lgc_plugin.__file__); "
        "from lgc_plugin.cli.main import main; main(['info'])"
    )
    file, *info = installed("-c", code).splitlines()
    site = installed.folder / "site"
    assert Path(file) == site / "lgc_plugin" / "__init__.py"
    assert "problems" in "\n".join(info)


def test_every_command_has_a_help(installed):
    program = installed.folder / "site" / "bin" / "lgc-sed"
    shown = installed(program, "--help")
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2].replace("_", "-")
        assert f"    {name}" in shown
        assert installed(program, name, "--help").startswith("usage: lgc-sed")


def test_commands_work_without_a_recipe(installed):
    program = installed.folder / "site" / "bin" / "lgc-sed"
    data = installed.folder / "data"
    counts = "--strong=3 --strong-validation=1 --weak=1 --unlabeled=1"
    sizes = "--validation=2 --sounds-per-class=6 --clip-seconds=2 --n-jobs=1"
    words = ("--bank=synthetic", f"--output={data}", *counts.split())
    installed(program, "soundscapes", *words, *sizes.split())
    assert len(list(data.rglob("*.wav"))) == 8
    truth = write_truth(installed.folder)
    found = write_detections(installed.folder / "net", thresholds=(0.3, 0.5))
    words = (f"--predictions={found}", *truth, "--n-bootstrap=20")
    words += ("--no-figures",)
    assert "PSDS1" in installed(program, "evaluate", *words)
