"""Cases of the detector, each in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from detect_variants import Case

_HERE = Path(__file__).resolve().parent


def measure_rounds(
    cases: Sequence[Case],
    folder: Path,
    device: str,
    rounds: int,
    *,
    warm_up: bool,
) -> dict[str, list[dict[str, Any]]]:
    """Measures all cases in turn, round after round.

    Arguments
    ---------
    cases : Sequence[Case]
        What to measure.
    folder : Path
        With ``model`` and ``audio``; what was detected is written to it.
    device : str
        For ``lgc-sed detect``.
    rounds : int
        How often.
    warm_up : bool
        Whether the first case runs once before, uncounted: it reads the
        libraries from the disk.

    Returns
    -------
    dict[str, list[dict]]
        Of each name, what ``detect_process.py`` says in each round, and the
        number of ``events``; or why it ``failed``. A case that failed is not
        tried again.
    """
    if warm_up:
        run_case(cases[0], folder, device)
    runs: dict[str, list[dict[str, Any]]] = {each.name: [] for each in cases}
    for number in range(1, rounds + 1):
        for case in cases:
            done = runs[case.name]
            if any("failed" in run for run in done):
                continue
            done.append(run_case(case, folder, device))
            said = done[-1].get("failed") or f"{done[-1]['seconds']:.2f} s"
            place = f"round {number}/{rounds}"
            print(f"{place}  {case.name}: {said}", file=sys.stderr, flush=True)
    return runs


def run_case(case: Case, folder: Path, device: str) -> dict[str, Any]:
    """One case in a fresh process.

    Arguments
    ---------
    case : Case
        What to measure.
    folder : Path
        With ``model`` and ``audio``; what was detected is written to it.
    device : str
        For ``lgc-sed detect``.

    Returns
    -------
    dict[str, Any]
        As for :func:`measure_rounds`.
    """
    audio = str(folder / "audio" / case.audio.name)
    command = [sys.executable, "-m", "lgc_plugin.cli.main", "detect"]
    command += ["-" if case.stream else audio, f"--model={folder / 'model'}"]
    command += [f"--device={device}", "--quiet", *case.options]
    if case.stream:
        command.append(f"--rate={case.audio.sample_rate}")
    request = {
        "command": command,
        "feed": audio if case.stream else None,
        "stdout": str(folder / f"{case.name}.tsv"),
        "stderr": str(folder / f"{case.name}.log"),
    }
    measured = subprocess.run(
        [sys.executable, _HERE / "detect_process.py", json.dumps(request)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    run = json.loads(measured)
    if run["status"]:
        said = Path(request["stderr"]).read_text(encoding="utf-8").split("\n")
        last = next((line for line in reversed(said) if line.strip()), "")
        return {"failed": f"status {run['status']}: {last.strip()}"}
    return {**run, "events": count_events(Path(request["stdout"]))}


def count_events(path: Path) -> int:
    """How many events a table of ``lgc-sed detect`` has.

    Arguments
    ---------
    path : Path
        The table. A row without a label says that there are none.

    Returns
    -------
    int
    """
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    label = header.split("\t").index("event_label")
    return sum(bool(row.split("\t")[label]) for row in rows)
