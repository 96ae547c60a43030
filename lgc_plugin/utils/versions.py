"""Installed packages: their versions, and which of them work together."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import lgc_plugin

DISTRIBUTION = "lgc_plugin"

LOCKED_PAIR = ("2.11.0", "2.11.0")
"""torch and torchaudio that ``make`` installs: the whole suite passes."""

_RESULTS_COME_FROM = (
    "torch",
    "torchaudio",
    "speechbrain",
    "numpy",
    "pandas",
    "psds_eval",
    "sed_eval",
    "sed_scores_eval",
)


def package_versions(
    names: Iterable[str] = _RESULTS_COME_FROM,
) -> dict[str, str | None]:
    """Versions of Python, of this package and of those that make the scores.

    None for a package that is not installed.

    >>> package_versions(["no_such_package"])["no_such_package"] is None
    True
    """
    versions: dict[str, str | None] = {
        "lgc_plugin": lgc_plugin.__version__,
        "python": platform.python_version(),
    }
    return versions | {name: installed_version(name) for name in names}


def installed_version(name: str) -> str | None:
    """The version of a package; None if it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def requirements(extra: str = "") -> list[Requirement]:
    """What the project asks for in ``setup.cfg``, or what an extra adds.

    Those that apply to this Python and system; none where the project is used
    from its folder without being installed.
    """
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    found = [Requirement(line) for line in lines]
    return [each for each in found if _applies(each, extra)]


def _applies(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    if marker is None:
        return not extra
    always = marker.evaluate({"extra": ""})
    return marker.evaluate({"extra": extra}) and (not extra or not always)


def find_problems(
    needed: Iterable[Requirement], installed: Mapping[str, str | None]
) -> list[str]:
    """One sentence for each package that is missing or cannot work.

    >>> needed = [Requirement("pandas<3,>=2.2")]
    >>> find_problems(needed, {"pandas": "2.3.1"})
    []
    >>> print(*find_problems(needed, {}))
    pandas is not installed: pip install 'pandas>=2.2,<3'
    """
    problems = []
    for requirement in needed:
        name, version = requirement.name, installed.get(requirement.name)
        wanted = f"{name}{_in_order(requirement.specifier)}"
        if version is None:
            problems.append(f"{name} is not installed: pip install '{wanted}'")
        elif not requirement.specifier.contains(version, prereleases=True):
            problems.append(
                f"{name} {version} cannot be used, {wanted} is needed: "
                f"pip install '{wanted}'"
            )
    return problems


def installed_problems(extra: str = "") -> list[str]:
    """The problems of this environment, see :func:`find_problems`."""
    needed = requirements(extra)
    return find_problems(
        needed, {each.name: installed_version(each.name) for each in needed}
    )


def _in_order(specifiers: SpecifierSet) -> str:
    """``>=2.2,<3``, as people write it; metadata has any order."""
    return ",".join(sorted(map(str, specifiers), reverse=True))


def working_pair(torch: str | None, torchaudio: str | None) -> tuple[str, str]:
    """A torch and a torchaudio that load together, as near as can be.

    Their metadata does not say it: torchaudio 2.11.0 asks for no torch, and
    torchaudio 2.11.1 for torch 2.11 or newer, but loads with 2.13 or newer
    only. CONTRIBUTING.md has the table of what was tried.

    >>> working_pair("2.11.0", "2.11.1")
    ('2.11.0', '2.11.0')
    >>> working_pair("2.9.1", "2.11.0")
    ('2.9.1', '2.9.1')
    >>> working_pair("2.15.0+cpu", "2.11.0")
    ('2.15.0', '2.11.1')
    """
    if torch is None or Version(torch) < Version("2.8"):
        return LOCKED_PAIR
    base = Version(torch).base_version
    if Version(base) < Version("2.11"):
        partner = base
    else:
        partner = "2.11.0" if Version(base) < Version("2.13") else "2.11.1"
    return LOCKED_PAIR if partner == torchaudio else (base, partner)
