from __future__ import annotations

import ast
import importlib.util
import os
import re
from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

import lgc_plugin

ROOT = Path(__file__).resolve().parents[1]
CHECK = ROOT / "tools" / "check_python.py"


@pytest.fixture(scope="module")
def setup():
    parser = ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


@pytest.fixture(scope="module")
def check_python():
    spec = importlib.util.spec_from_file_location("check_python", CHECK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines(text):
    return [line for line in text.splitlines() if line.strip()]


def test_packages_that_cannot_be_used_are_not_asked_for(setup):
    groups = [setup["options"]["install_requires"]]
    groups += setup["options.extras_require"].values()
    names = {re.split("[<>=]", line)[0] for x in groups for line in lines(x)}
    assert not {"sebbs", "scaper"} & names


def test_version_is_read_without_importing():
    tree = ast.parse(Path(lgc_plugin.__file__).read_text(encoding="utf-8"))
    values = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and getattr(node.targets[0], "id", "") == "__version__"
    ]
    assert values == [lgc_plugin.__version__]
    assert f"\nversion: {values[0]}\n" in (ROOT / "CITATION.cff").read_text()


def test_every_module_and_file_of_the_package_is_installed(setup):
    package = ROOT / "lgc_plugin"
    files = [
        path
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    folders = {path.parent for path in files}
    bare = [str(f) for f in folders if not (f / "__init__.py").exists()]
    assert bare == [], "find: sees only folders with __init__.py"
    patterns = setup["options.package_data"]["*"].split(", ")
    left_out = [
        str(path)
        for path in files
        if not any(path.match(pattern) for pattern in ["*.py", *patterns])
    ]
    assert left_out == [], "package_data in setup.cfg names none of these"


def test_command_exists(setup):
    (line,) = lines(setup["options.entry_points"]["console_scripts"])
    command, target = (part.strip() for part in line.split("="))
    module, function = target.split(":")
    assert command == "lgc-sed"
    assert callable(getattr(importlib.import_module(module), function))


def test_ci_runs_what_the_readme_says():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert re.search(r"^exec make test$", script.read_text(), re.MULTILINE)


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 9), (3, 15), (4, 0)])
def test_a_python_that_cannot_work_is_refused(check_python, version):
    assert check_python.refusal(version) == (
        f"Python {version[0]}.{version[1]} cannot run lgc_plugin: use Python "
        "3.10 to 3.14."
    )


def test_the_pythons_that_were_tried_are_accepted(setup, check_python):
    allowed = SpecifierSet(setup["options"]["python_requires"])
    classifiers = setup["metadata"]["classifiers"]
    for minor in range(20):
        accepted = check_python.refusal((3, minor)) is None
        # A newer Python is not refused to users, but make has no lock for it.
        assert allowed.contains(f"3.{minor}.1") == (minor >= 10)
        assert accepted == (f":: Python :: 3.{minor}\n" in classifiers)


def test_a_python_without_ensurepip_is_an_error_with_what_to_install(
    check_python,
):
    assert "apt install python3.11-venv" in check_python.refusal(
        (3, 11), has_pip=False
    )


def test_check_is_written_for_old_pythons():
    tree = ast.parse(CHECK.read_text(encoding="ascii"), feature_version=(3, 4))
    found = {type(node).__name__ for node in ast.walk(tree)}
    assert not found & {"JoinedStr", "AnnAssign", "NamedExpr"}
