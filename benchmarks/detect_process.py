"""One command in a process of its own: how long it takes, how large it gets.

    python benchmarks/detect_process.py REQUEST

REQUEST is JSON: ``command``, ``stdout`` and ``stderr`` (files), and ``feed`` (a
16-bit WAV file whose samples the command gets through a pipe, or null). This
program imports nothing large: what Linux reports as the size of a process is at
least the size of the one that started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import wave
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

_FRAMES_PER_WRITE = 16000


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Runs the command to its end."""
    feed = request["feed"]
    with (
        open(request["stdout"], "wb") as out,
        open(request["stderr"], "wb") as err,
    ):
        began = time.perf_counter()
        process = subprocess.Popen(
            request["command"],
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        if feed:
            _feed(feed, process.stdin)
        # Unlike getrusage, of this child alone.
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    # Kilobytes on Linux, bytes on macOS.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return {
        "status": process.returncode,
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / unit,
    }


def _feed(path: str, pipe: IO[bytes]) -> None:
    """Writes all samples, as fast as they are taken."""
    # A command that ends early reports it by its status.
    with suppress(BrokenPipeError), pipe, wave.open(path, "rb") as file:
        while chunk := file.readframes(_FRAMES_PER_WRITE):
            pipe.write(chunk)


def main(words: Sequence[str]) -> int:
    """Runs the command of the request and prints what was measured."""
    print(json.dumps(run(json.loads(words[0]))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
