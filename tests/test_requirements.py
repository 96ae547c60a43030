from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from lgc_plugin import requirements
from lgc_plugin.requirements import check_versions, find_problems

PANDAS = Requirement("pandas<3,>=2.2")
PAIR = [Requirement("torch==2.11.*"), Requirement("torchaudio==2.11.*")]


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
def test_a_version_out_of_range_is_refused(version):
    (sentence,) = find_problems([PANDAS], {"pandas": version})
    assert sentence == (
        f"pandas {version} cannot work (psds_eval 0.5.3 calls "
        "fillna(method=...), gone in 3): pip install 'pandas>=2.2,<3'"
    )


def test_a_package_without_a_known_reason_is_refused_too():
    needed = [Requirement("scipy<2,>=1.13")]
    (sentence,) = find_problems(needed, {"scipy": "2.0"})
    assert "scipy 2.0 cannot work (lgc_plugin needs scipy>=1.13,<2)" in sentence


def test_every_problem_is_told_at_once():
    sentences = find_problems([PANDAS, *PAIR], {"torch": "2.12.0"})
    assert [line.split()[0] for line in sentences] == [
        "pandas",
        "torch",
        "torchaudio",
    ]


@pytest.mark.parametrize(
    ("torch", "torchaudio", "problems"),
    [
        ("2.11.0", "2.11.0", 0),
        ("2.11.0+cpu", "2.11.0+cpu", 0),
        ("2.11.0+cu130", "2.11.0", 0),
        ("2.11.0+cpu", "2.11.0", 1),
        ("2.11.0", "2.11.0+cpu", 1),
    ],
)
def test_torch_and_torchaudio_are_twins(
    monkeypatch, torch, torchaudio, problems
):
    monkeypatch.setattr(sys, "platform", "linux")
    found = find_problems(PAIR, {"torch": torch, "torchaudio": torchaudio})
    assert len(found) == problems


def test_elsewhere_than_on_linux_a_plain_version_may_be_for_cpus(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    installed = {"torch": "2.11.0", "torchaudio": "2.11.0+cpu"}
    assert find_problems(PAIR, installed) == []


def test_check_reads_what_the_project_asks_for(needs):
    needs("numpy>=1", "pytest>=1000")
    with pytest.raises(RuntimeError, match=r"pip install 'pytest>=1000'"):
        check_versions()


def test_check_leaves_extras_and_other_systems_alone(needs):
    needs(
        'no_such_package==1; extra == "scores"',
        'no_such_package==1; python_version < "3"',
    )
    check_versions()


def test_check_names_a_missing_package(needs):
    needs("no_such_package==1")
    with pytest.raises(RuntimeError, match="no_such_package is not installed"):
        check_versions()


def test_check_warns_where_the_project_is_not_installed(monkeypatch):
    monkeypatch.setattr(requirements, "DISTRIBUTION", "no_such_package")
    with pytest.warns(UserWarning, match="versions .* are not checked"):
        check_versions()


def test_check_does_not_load_pytorch():
    code = (
        "import sys, lgc_plugin.requirements as r; r.check_versions(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
