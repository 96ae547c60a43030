from __future__ import annotations

import platform
from importlib import metadata

import pytest
from packaging.requirements import Requirement

import lgc_plugin
from lgc_plugin.utils.versions import (
    LOCKED_PAIR,
    find_problems,
    installed_problems,
    package_versions,
    requirements,
    working_pair,
)

PANDAS = Requirement("pandas<3,>=2.2")


@pytest.fixture
def needs(monkeypatch):
    """Lets the project ask for other packages than it does."""

    def pretend(*lines):
        monkeypatch.setattr(metadata, "requires", lambda name: list(lines))

    return pretend


@pytest.mark.parametrize("version", ["2.2", "2.2.0", "2.3.5", "2.9"])
def test_a_version_in_range_is_fine(version):
    assert find_problems([PANDAS], {"pandas": version}) == []


@pytest.mark.parametrize("version", ["2.1.4", "3.0.1", "3.0.0", "10.0"])
def test_a_version_out_of_range_is_a_problem(version):
    (sentence,) = find_problems([PANDAS], {"pandas": version})
    assert sentence == (
        f"pandas {version} cannot be used, pandas>=2.2,<3 is needed: "
        "pip install 'pandas>=2.2,<3'"
    )


def test_every_problem_is_told_at_once():
    needed = [PANDAS, Requirement("torch>=2"), Requirement("torchaudio>=2")]
    sentences = find_problems(needed, {"torch": "1.13"})
    assert [line.split()[0] for line in sentences] == [
        "pandas",
        "torch",
        "torchaudio",
    ]


def test_requirements_are_those_of_the_project(needs):
    needs("numpy>=1", 'old==1; python_version < "3"', 'more; extra == "some"')
    assert [each.name for each in requirements()] == ["numpy"]
    assert [each.name for each in requirements("some")] == ["more"]
    assert requirements("other") == []


def test_problems_are_those_of_the_environment(needs):
    needs("numpy>=1", "pytest>=1000", "no_such_package==1")
    too_old, missing = installed_problems()
    assert "pip install 'pytest>=1000'" in too_old
    assert missing.startswith("no_such_package is not installed")


def test_a_project_that_is_not_installed_asks_for_nothing(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", missing)
    assert requirements() == []


def test_this_environment_has_no_problem():
    assert installed_problems() == []


def test_versions_name_what_made_the_scores():
    versions = package_versions()
    assert versions["python"] == platform.python_version()
    assert versions["lgc_plugin"] == lgc_plugin.__version__
    assert versions["psds_eval"] and versions["sed_eval"]


# What was tried: CONTRIBUTING.md has the table.
LOADS = {
    ("2.8.0", "2.8.0"),
    ("2.9.1", "2.9.1"),
    ("2.10.0", "2.10.0"),
    ("2.11.0", "2.11.0"),
    ("2.12.1", "2.11.0"),
    ("2.13.0", "2.11.0"),
    ("2.13.0", "2.11.1"),
    ("2.14.1", "2.11.0"),
    ("2.14.1", "2.11.1"),
    ("2.15.0", "2.11.1"),
}
FAILS = {
    ("2.9.1", "2.8.0"),
    ("2.9.1", "2.11.0"),
    ("2.10.0", "2.9.1"),
    ("2.10.0", "2.11.0"),
    ("2.11.0", "2.10.0"),
    ("2.11.0", "2.11.1"),
    ("2.12.0", "2.11.1"),
    ("2.12.1", "2.10.0"),
    ("2.15.0", "2.11.0"),
}


@pytest.mark.parametrize("pair", sorted(FAILS))
def test_the_pair_that_is_named_loads_and_keeps_torch(pair):
    torch, torchaudio = working_pair(*pair)
    assert torch == pair[0]
    # 2.12.0 was tried with the torchaudio that fails, 2.12.1 with the other.
    assert (torch.replace("2.12.0", "2.12.1"), torchaudio) in LOADS


@pytest.mark.parametrize(
    "pair",
    [(None, None), (None, "2.11.0"), ("2.3.0", "2.3.0"), ("2.15.0", "2.11.1")],
)
def test_where_torch_cannot_stay_the_locked_pair_is_named(pair):
    assert working_pair(*pair) == LOCKED_PAIR


def test_builds_for_other_devices_have_the_same_partners():
    assert working_pair("2.9.1+cpu", "2.11.0") == ("2.9.1", "2.9.1")
