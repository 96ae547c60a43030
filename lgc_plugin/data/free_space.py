"""How much memory and disk there is left."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

# Files of a control group (what containers and job schedulers limit memory
# with) that tell its limit and its use, for its versions 2 and 1; by the name
# of the controller.
_GROUP_FILES = {
    "": ("memory.max", "memory.current"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes"),
}


def free_disk(folder: str | Path) -> int:
    """Bytes that may be written to a folder."""
    folder = Path(folder).absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def free_memory(root: str | Path = "/") -> float:
    """Bytes of memory that this process may still take.

    The limits of its control groups count as well as the machine's memory.
    """
    root = Path(root)
    return min([*_machine(root), *_groups(root)], default=math.inf)


def _machine(root: Path) -> Iterator[int]:
    available = _table(root / "proc/meminfo").get("MemAvailable:")
    if available is not None:
        yield 1024 * available


def _groups(root: Path) -> Iterator[int]:
    """What is left to each control group that this process is in."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers not in _GROUP_FILES:
            continue
        top = root / "sys/fs/cgroup" / controllers
        group = top / path.strip("/")
        # A group inside others may take no more than they have left.
        while group.is_relative_to(top):
            yield from _left(group, *_GROUP_FILES[controllers])
            group = group.parent


def _left(group: Path, limit: str, used: str) -> Iterator[int]:
    limits, uses = _lines(group / limit), _lines(group / used)
    if limits and uses and limits[0].isdigit():  # "max" means no limit
        stat = _table(group / "memory.stat")
        # Cached files count as used, but give way to who needs memory.
        cached = stat.get("total_inactive_file", stat.get("inactive_file", 0))
        yield int(limits[0]) - int(uses[0]) + cached


def _table(path: Path) -> dict[str, int]:
    """Lines of a name and a number."""
    rows = (line.split() for line in _lines(path))
    return {row[0]: int(row[1]) for row in rows}


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
