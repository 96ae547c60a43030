"""Commands that are killed, and repeated until they end."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

from reliability_stages import ROOT, Stage, snapshot

_GRACE_SECONDS = 10.0
_LIMIT_SECONDS = 900.0


@dataclass
class Kills:
    """What became of the kills of one stage."""

    name: str
    title: str
    #: Of the command that was not killed, in seconds
    seconds: float = 0.0
    #: Moments of the kills, as shares of that time; and who was killed
    moments: list[tuple[float, str]] = field(default_factory=list)
    #: The command had ended before
    too_late: int = 0
    #: The repeated command ended, with the same results
    same: int = 0
    #: Kills after which a process was still there
    orphans: int = 0
    #: Temporary files of the killed that are left at the end
    left: int = 0
    #: What was different, or why the repeated command failed
    wrong: list[str] = field(default_factory=list)
    failed: str | None = None

    def values(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)


def measure_kills(
    stage: Stage, place: Path, n_kills: int, seed: int = 0
) -> Kills:
    """Runs a stage undisturbed, then kills it at random moments."""
    result = Kills(stage.name, stage.title)
    draws = random.Random(f"{seed}-{stage.name}")
    with _folder(place / "out") as out:
        began = time.monotonic()
        failed = run(stage.command(place, out))
        result.seconds = time.monotonic() - began
        if failed:
            result.failed = f"undisturbed: {failed}"
            return result
        expected, hidden = snapshot(out), _hidden(out)
    for number in range(n_kills):
        # In even parts of the time, so that few kills reach all of it.
        share = (number + draws.random()) / n_kills
        whom = "parent" if number % 2 else "all"
        with _folder(place / "out") as out:
            _kill_once(stage, place, out, share, whom, expected, result)
            result.left += len(_hidden(out) - hidden)
    return result


def _kill_once(
    stage: Stage,
    place: Path,
    out: Path,
    share: float,
    whom: str,
    expected: Mapping[str, str],
    result: Kills,
) -> None:
    result.moments.append((round(share, 3), whom))
    command = stage.command(place, out)
    killed, orphans = kill_at(command, share * result.seconds, whom)
    result.too_late += not killed
    result.orphans += orphans
    where = f"killed at {share:.0%} ({whom})"
    was_done = snapshot(out) == expected
    failed = run(command)
    found = snapshot(out)
    # Soundscapes that are there are not written again.
    if failed and was_done and "exists" in failed and found == expected:
        result.too_late += killed
    elif failed:
        result.wrong.append(f"{where}: {failed}")
        return
    differing = [
        name
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]
    if differing:
        result.wrong.append(f"{where}: differ: {', '.join(differing)[:200]}")
    result.same += not differing


def _hidden(folder: Path) -> set[str]:
    """Names of files that are not, or not yet, results."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.name.startswith((".", "unfinished"))
    }


def run(command: Sequence[str]) -> str | None:
    """Runs a command to its end; the reason if it fails."""
    done = subprocess.run(
        command,
        **environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_LIMIT_SECONDS,
    )
    if done.returncode == 0:
        return None
    return f"status {done.returncode}: {reason(done.stdout)}"


def reason(printed: str) -> str:
    r"""The line with the error; the last one if none has that word.

    What a command of ours says comes first: ``torchrun`` adds a traceback.

    >>> reason("a\nValueError: b\n===")
    'ValueError: b'
    """
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    own = [line for line in lines if re.match(r"[\w.-]+: error: ", line)]
    errors = [line for line in lines if re.search(r"[Ee]rror\b", line)]
    return (own[:1] or errors or lines or [""])[-1][:300]


def kill_at(
    command: Sequence[str], seconds: float, whom: str
) -> tuple[bool, bool]:
    """SIGKILL after some seconds: whether it came in time, whether any stays.

    ``whom``: the parent alone, or all processes of the command.
    """
    process = subprocess.Popen(
        command,
        **environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
        return False, False
    # Not those of its session: torchrun gives each process its own.
    family = _family(process.pid)
    for pid in family if whom == "all" else [process.pid]:
        _kill(pid)
    process.wait()
    end = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < end:
        processes = _processes()
        left = [n for n in family if processes.get(n, (0, 0))[1] == family[n]]
        if not left:
            return True, False
        time.sleep(0.1)
    for pid in left:
        _kill(pid)
    return True, True


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _family(pid: int) -> dict[int, int]:
    """A process and all that it or these started, with their start times."""
    processes = _processes()
    family: dict[int, int] = {}
    new = {pid}
    while new:
        family.update({n: processes[n][1] for n in new & processes.keys()})
        new = {n for n, (parent, _) in processes.items() if parent in new}
    return family


def _processes() -> dict[int, tuple[int, int]]:
    """Parent and start time of all processes that are no zombies."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    found[int(entry.name)] = int(fields[1]), int(fields[19])
    return found


def environment() -> dict[str, Any]:
    """Where commands are run: options of ``subprocess``."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    more = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    return {"cwd": ROOT, "env": {**os.environ, **more}}


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """An empty folder, which is removed afterwards."""
    path.mkdir()
    try:
        yield path
    finally:
        rmtree(path)
