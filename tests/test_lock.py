"""What `make` installs: exact versions, and those that setup.cfg needs."""

from __future__ import annotations

import ast
import os
import re
import sys
import sysconfig
from configparser import ConfigParser
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from lgc_plugin.evaluation.reference_check import check_libraries
from lgc_plugin.utils.versions import LOCKED_PAIR

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
#: Which of requirements/*.txt is installed here; `make` sets it.
ENVIRONMENT = os.environ.get("TESTED_ENVIRONMENT")
#: An extra that no make target installs.
NOT_LOCKED = {"energy"}


def read_setup():
    parser = ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    groups = dict(parser["options.extras_require"])
    groups[""] = parser["options"]["install_requires"]
    return {
        extra: [
            Requirement(line)
            for line in text.splitlines()
            if line.strip() and not line.strip().startswith("lgc_plugin[")
        ]
        for extra, text in groups.items()
    }


def read_lock(name):
    """Every line of a lock file, as a requirement."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return [
        Requirement(line)
        for line in text.splitlines()
        if not line.lstrip().startswith("#")
    ]


def pins(name, python, **more):
    """Version by package that a lock gives to one Python on Linux."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": "linux",
        "platform_machine": "x86_64",
        "platform_system": "Linux",
        **more,
    }
    found = {}
    for line in read_lock(name):
        if line.marker is None or line.marker.evaluate(environment):
            assert canonicalize_name(line.name) not in found, line
            (specifier,) = line.specifier
            assert specifier.operator == "==" and "*" not in specifier.version
            found[canonicalize_name(line.name)] = specifier.version
    return found


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_has_what_setup_cfg_asks_for(python):
    locked = pins("locked", python)
    for extra, wanted in read_setup().items():
        for each in wanted if extra not in NOT_LOCKED else ():
            version = locked[canonicalize_name(each.name)]
            assert each.specifier.contains(version), f"{each}: make lock"


def test_the_lowest_versions_of_setup_cfg_are_those_that_are_tried():
    oldest = pins("oldest", PYTHONS[0])
    for extra, wanted in read_setup().items():
        for each in wanted if extra not in NOT_LOCKED else ():
            bounds = [s for s in each.specifier if s.operator == ">="]
            for bound in bounds:
                tried = oldest[canonicalize_name(each.name)]
                assert Version(bound.version) == Version(tried), each


def test_no_upper_bound_but_those_of_the_reference_libraries():
    bounded = {
        (extra, each.name)
        for extra, wanted in read_setup().items()
        for each in wanted
        if re.search("<|==|~", str(each.specifier))
    }
    assert bounded == {
        ("scores", "pandas"),
        ("scores", "setuptools"),
        ("verify", "numpy"),
        ("verify", "pandas"),
        ("verify", "setuptools"),
    }


@pytest.mark.parametrize("name", ["locked", "oldest"])
def test_what_is_locked_needs_no_index_of_its_own(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text and "--" not in text


def test_the_pair_in_the_docs_is_the_one_of_the_lock():
    locked = pins("locked", PYTHONS[-1])
    assert (locked["torch"], locked["torchaudio"]) == LOCKED_PAIR


@pytest.mark.skipif(
    ENVIRONMENT not in ("locked", "oldest"),
    reason="not an environment of make test or make test-oldest",
)
def test_what_is_installed_is_what_is_locked():
    python = ".".join(map(str, sys.version_info[:2]))
    machine = {
        "sys_platform": sys.platform,
        "platform_machine": os.uname().machine,
    }
    locked = pins(ENVIRONMENT, python, **machine)
    # Not those that setuptools carries within itself.
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    installed = {
        canonicalize_name(each.metadata["Name"]): each.version
        for each in metadata.distributions(path=list(places))
    }
    installed.pop("lgc-plugin")
    # A build for CPUs may have been installed first.
    installed = {
        name: version.partition("+")[0] if name.startswith("torch") else version
        for name, version in installed.items()
    }
    other = {
        name: (version, locked.get(name))
        for name, version in installed.items()
        if version != locked.get(name)
    }
    assert other == {}, "(installed, locked)"


@pytest.mark.skipif(
    ENVIRONMENT not in ("locked", "oldest"), reason="reads make's environment"
)
def test_our_numbers_are_held_to_the_reference_libraries_here():
    check_libraries()


def imported_modules():
    """Top-level name of every import of the project, and where it is."""
    folders = ("lgc_plugin", "recipes", "benchmarks", "tests", "tools")
    files = [ROOT / "conftest.py"]
    files += chain.from_iterable((ROOT / x).rglob("*.py") for x in folders)
    ours = {path.stem for path in files} | {"lgc_plugin", "oracles"}
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if top not in ours and top not in sys.stdlib_module_names:
                    yield top, path.relative_to(ROOT)


def test_every_package_that_is_imported_is_asked_for():
    asked = {
        canonicalize_name(each.name)
        for wanted in read_setup().values()
        for each in wanted
    }
    # Not every distribution lists its modules.
    known = {"sklearn": ["scikit-learn"], **metadata.packages_distributions()}
    missing = {
        (module, str(path))
        for module, path in imported_modules()
        if not asked
        & {canonicalize_name(x) for x in known.get(module, [module])}
    }
    assert missing == set(), "neither in setup.cfg nor in the lock"
