"""The Makefile and its scripts, run with stand-ins for Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WORKS = f'exec "{sys.executable}" "$@"'
TOO_OLD = "echo 'Python 3.9 cannot run' >&2; exit 1"
EMPTY_NAME = "echo 'pyenv: command not found' >&2; exit 127"

LOCKED = (
    "-m pip install --disable-pip-version-check "
    "--constraint requirements/locked.txt"
)
BUILD = "--use-pep517 --no-build-isolation"

needs_make = pytest.mark.skipif(
    shutil.which("make") is None, reason="make is not installed"
)


def make(*arguments):
    # The make that runs these tests hands its flags and options down.
    handed_down = re.compile(
        "MAKE|MFLAGS|(PYTHON|ARGS|JOBS|ENVIRONMENT|VENV|LOCK|EXTRAS)$"
    )
    return subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not handed_down.match(k)},
        capture_output=True,
        text=True,
    )


def write_script(path, body):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@needs_make
def test_make_train_runs_the_recipe():
    commands = make("-n", "train", "VENV=none", "ARGS=--seed=1").stdout
    assert f"{LOCKED} setuptools packaging\n" in commands
    assert f"{LOCKED} {BUILD} -e .\n" in commands
    assert commands.splitlines()[-1] == (
        "none/bin/python recipes/DESED/train.py hparams/lgc.yaml --seed=1"
    )


@needs_make
def test_make_test_runs_pytest():
    commands = make("-n", "test", "VENV=none", "JOBS=3", "ARGS=-x").stdout
    assert f"{LOCKED} {BUILD} -e '.[dev]'" in commands
    assert commands.splitlines()[-1] == (
        "TESTED_ENVIRONMENT=locked "
        "none/bin/python -m pytest -n 3 --dist loadfile "
        "--no-loadscope-reorder -x"
    )


@needs_make
@pytest.mark.parametrize("target", ["train", "test", "lint", "lock"])
def test_everything_that_is_installed_is_locked(target):
    commands = make("-n", target, "VENV=none", "-W", "setup.cfg").stdout
    installs = [x for x in commands.splitlines() if "pip install" in x]
    installs += [x for x in commands.splitlines() if "make_venv.sh" in x]
    assert len(installs) >= 2
    for line in installs:
        assert "--constraint requirements/locked.txt" in line
        # What is built is built with what is locked, too.
        assert ("-e " in line) <= ("--no-build-isolation" in line)


@needs_make
def test_both_ends_have_environments_of_their_own():
    for words, line in [
        (["test-oldest"], "ENVIRONMENT=oldest VENV=.venv-oldest"),
        (["test-oldest"], "PYTHON=python3.10"),
        (["test-oldest", "PYTHON=python3.11"], "PYTHON=python3.11"),
        (["test-newest"], "ENVIRONMENT=newest VENV=.venv-newest CONSTRAIN= "),
        (["test-newest"], "rm -rf .venv-newest"),
    ]:
        assert line in make("-n", *words).stdout
    oldest = make("-n", "test", "VENV=none", "ENVIRONMENT=oldest").stdout
    assert oldest.count("--constraint requirements/oldest.txt") >= 3
    newest = make("-n", "test", "VENV=none", "CONSTRAIN=", "LOCK=").stdout
    assert "--constraint" not in newest


@needs_make
def test_make_alone_names_the_targets():
    shown = make().stdout
    for target in ("train", "test", "lint", "lock", "test-oldest", "clean"):
        assert f"make {target} " in shown


@pytest.fixture
def venv(tmp_path):
    """A virtual environment whose Python only notes its commands."""
    folder = tmp_path / "venv"
    write_script(
        folder / "bin" / "python",
        f"""
        echo "$*" >> '{tmp_path}/asked'
        case "$*" in
            "-c "*) exec "{sys.executable}" "$@" ;;
            "-m pip install"*) test ! -e '{tmp_path}/offline' ;;
        esac
        """,
    )
    return folder


def asked(venv):
    """The commands of the stand-in since the last call."""
    log = venv.parent / "asked"
    lines = log.read_text().splitlines()
    log.unlink()
    return lines


@needs_make
def test_the_second_run_installs_nothing(venv):
    assert make("test", f"VENV={venv}").returncode == 0
    assert any("pip install" in line for line in asked(venv))
    for target in ("test", "train", "lint"):
        assert make(target, f"VENV={venv}").returncode == 0
        assert not any("pip" in line for line in asked(venv))


@needs_make
def test_what_is_free_on_the_disk_is_printed_before_an_install(venv):
    first = make("test", f"VENV={venv}")
    assert re.search(r"^Installing .* \(free: [\d.]+\w\)", first.stdout, re.M)
    assert "Installing" not in make("test", f"VENV={venv}").stdout


@needs_make
def test_an_install_that_broke_off_is_taken_up_again(venv):
    offline = venv.parent / "offline"
    offline.touch()
    assert make("train", f"VENV={venv}").returncode != 0
    assert not any("train.py" in line for line in asked(venv))
    offline.unlink()
    assert make("train", f"VENV={venv}").returncode == 0
    commands = asked(venv)
    assert f"{LOCKED} {BUILD} -e ." in commands
    assert commands[-1] == "recipes/DESED/train.py hparams/lgc.yaml"


@needs_make
def test_a_copied_folder_installs_again(venv):
    assert make("train", f"VENV={venv}").returncode == 0
    (venv / ".place").write_text("/somewhere/else\n")
    asked(venv)
    assert make("train", f"VENV={venv}").returncode == 0
    assert any("pip install" in line for line in asked(venv))


@needs_make
def test_make_lint_installs_its_tools_and_no_pytorch(venv):
    assert make("lint", f"VENV={venv}").returncode == 0
    *_, install = (line for line in asked(venv) if "pip install" in line)
    assert install.startswith(LOCKED)
    names = install.removeprefix(LOCKED).split()
    tools = ["ruff", "yamllint", "mypy"]
    assert [name.split(">")[0] for name in names] == tools


@pytest.fixture
def find_python(tmp_path):
    """Runs find_python.sh where only the given names are on the PATH."""
    (tmp_path / "dirname").symlink_to(shutil.which("dirname"))

    def find(names, wanted=""):
        for name, body in names.items():
            write_script(tmp_path / name, body)
        return subprocess.run(
            ["/bin/sh", str(ROOT / "tools" / "find_python.sh"), wanted],
            env={"PATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )

    return find


def test_python3_is_taken_if_it_works(find_python):
    done = find_python({"python3": WORKS, "python3.12": WORKS})
    assert (done.returncode, done.stdout) == (0, "python3\n")


def test_another_python_is_taken_if_python3_is_too_old(find_python):
    done = find_python(
        {"python3": TOO_OLD, "python3.12": EMPTY_NAME, "python3.13": WORKS}
    )
    assert (done.returncode, done.stdout) == (0, "python3.13\n")


def test_no_python_is_an_error_with_what_to_do(find_python):
    done = find_python({"python3": TOO_OLD, "python3.10": EMPTY_NAME})
    assert done.returncode != 0 and done.stdout == ""
    assert "Python 3.9 cannot run" in done.stderr
    assert "make PYTHON=" in done.stderr


def test_a_python_that_was_given_is_not_replaced(find_python):
    done = find_python({"old": TOO_OLD, "python3": WORKS}, wanted="old")
    assert done.returncode != 0 and done.stdout == ""
    assert "Python 3.9 cannot run" in done.stderr
