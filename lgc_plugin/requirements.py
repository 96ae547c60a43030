"""Refuses installed packages of versions that cannot work."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

DISTRIBUTION = "lgc_plugin"

# What breaks outside the range that setup.cfg asks for.
_REASONS = {
    "torch": "torchaudio 2.11 loads with torch 2.11 only",
    "torchaudio": "the project runs on torch 2.11, its twin",
    "numpy": "psds_eval 0.5.3 takes int() of arrays, an error from 2.4 on",
    "pandas": "psds_eval 0.5.3 calls fillna(method=...), gone in 3",
    "setuptools": "sed_eval 0.2.1 needs its pkg_resources",
}


def check_versions() -> None:
    """Compares the installed packages with what ``setup.cfg`` asks for.

    pip does so when it installs the project, but not when another package is
    installed afterwards. Recipes call this first: before PyTorch, which may be
    what fails to load. A project that runs from its folder without being
    installed has nothing to compare with; that only warns.

    Raises
    ------
    RuntimeError
        If a package is missing or of a version that cannot work. It names
        each, why, and the command that mends it.

    Example
    -------
    >>> from lgc_plugin.requirements import check_versions
    >>> check_versions()
    """
    try:
        requirements = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        warnings.warn(
            f"{DISTRIBUTION} is not installed, so the versions of its "
            "packages are not checked: pip install -e .",
            stacklevel=2,
        )
        return
    needed = [Requirement(line) for line in requirements]
    needed = [
        requirement
        for requirement in needed
        if not requirement.marker or requirement.marker.evaluate({"extra": ""})
    ]
    installed = installed_versions(requirement.name for requirement in needed)
    problems = find_problems(needed, installed)
    if problems:
        raise RuntimeError("\n".join(problems))


def installed_versions(names: Iterable[str]) -> dict[str, str]:
    """Versions of the packages that are installed.

    Arguments
    ---------
    names : Iterable[str]
        Distribution names, as pip takes them.

    Returns
    -------
    dict[str, str]
        By name, without the packages that are missing.

    Example
    -------
    >>> list(installed_versions(["numpy", "no_such_package"]))
    ['numpy']
    """
    versions = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def find_problems(
    needed: Iterable[Requirement], installed: Mapping[str, str]
) -> list[str]:
    """One sentence for each package that cannot work.

    Arguments
    ---------
    needed : Iterable[Requirement]
        What must be there.
    installed : Mapping[str, str]
        Versions by name, with the names of ``needed``.

    Returns
    -------
    list[str]
        Empty if all is well.

    Example
    -------
    >>> needed = [Requirement("pandas<3,>=2.2")]
    >>> find_problems(needed, {"pandas": "2.3.1"})
    []
    >>> print(*find_problems(needed, {}))
    pandas is not installed: pip install 'pandas>=2.2,<3'
    """
    problems = []
    for requirement in needed:
        version = installed.get(requirement.name)
        if version and requirement.specifier.contains(version, True):
            continue
        problems.append(_sentence(requirement, version))
    if not problems and _are_built_apart(installed):
        problems.append(
            f"torch {installed['torch']} and torchaudio "
            f"{installed['torchaudio']} are builds for different devices: "
            "reinstall both from the same place with pip install "
            "--force-reinstall 'torch==2.11.*' 'torchaudio==2.11.*'"
        )
    return problems


def _sentence(requirement: Requirement, version: str | None) -> str:
    """What is wrong with one package, and what mends it."""
    name = requirement.name
    wanted = f"{name}{_in_order(requirement.specifier)}"
    if version is None:
        return f"{name} is not installed: pip install '{wanted}'"
    reason = _REASONS.get(name, f"{DISTRIBUTION} needs {wanted}")
    return f"{name} {version} cannot work ({reason}): pip install '{wanted}'"


def _in_order(specifiers: SpecifierSet) -> str:
    """``>=2.2,<3``, as people write it; metadata has any order."""
    return ",".join(sorted(map(str, specifiers), reverse=True))


def _are_built_apart(installed: Mapping[str, str]) -> bool:
    """Whether only one of torch and torchaudio is built for CPUs alone.

    On Linux, a version without ``+cpu`` needs CUDA's libraries, which a
    torch for CPUs does not bring.
    """
    if sys.platform != "linux":
        return False
    pair = [installed.get(name, "0") for name in ("torch", "torchaudio")]
    return len({Version(version).local == "cpu" for version in pair}) == 2
