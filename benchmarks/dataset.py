"""Time and memory of ``lgc-sed dataset`` and ``lgc-sed verify``.

Noise is written as recordings of half an hour; labels cover all of them.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

_MINUTES = 30


def write_recordings(
    folder: Path, hours: float, suffix: str, rate: int, channels: int
) -> None:
    """Noise with an event of two seconds every 6.5 s, and its labels."""
    (folder / "recordings").mkdir()
    rng = np.random.default_rng(0)
    rows = ["filename\tonset\toffset\tevent_label\n"]
    minutes = max(1, round(60 * hours / 2)) if hours < 1 else _MINUTES
    for number in range(max(2, round(2 * hours))):
        name = f"r{number}.{suffix}"
        path = folder / "recordings" / name
        with soundfile.SoundFile(path, "w", rate, channels, "PCM_16") as file:
            for _ in range(minutes):
                size = 60 * rate, channels
                file.write(0.1 * rng.standard_normal(size, np.float32))
        for onset in np.arange(5, 60 * minutes - 5, 6.5):
            label = "ab"[int(onset) % 2]
            rows.append(f"{name}\t{onset:.3f}\t{onset + 2:.3f}\t{label}\n")
    (folder / "labels.tsv").write_text("".join(rows))


def measure(words: list[str]) -> None:
    """Runs a command, and prints what it took."""
    begin, before = time.perf_counter(), _used()
    command = [sys.executable, "-m", "lgc_plugin.cli.main", *words, "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds, cpu = time.perf_counter() - begin, _used() - before
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{words[0]}: {seconds:.1f} s, {cpu:.1f} s of CPU time, at most "
        f"{peak:.0f} MiB in a process"
    )


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measures both commands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--suffix", default="wav", help="wav, flac, ogg ...")
    parser.add_argument("--rate", type=int, default=44100)
    parser.add_argument("--channels", type=int, default=2)
    parser.add_argument("--n-jobs", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_recordings(
            folder, args.hours, args.suffix, args.rate, args.channels
        )
        jobs = ["--n-jobs", str(args.n_jobs)]
        words = f"{folder}/recordings --annotations {folder}/labels.tsv"
        words += " --annotated whole --sample-rate 16000 --valid-share 0"
        measure(["dataset", *words.split(), f"--output={folder}/out", *jobs])
        words = f"{folder}/recordings --annotations {folder}/labels.tsv"
        measure(["verify", *words.split(), *jobs])


if __name__ == "__main__":
    main()
