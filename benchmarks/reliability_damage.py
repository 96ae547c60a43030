"""Every file of a finished run, damaged in turn, and what reads it."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reliability_kills import environment, run
from reliability_stages import SED, STAGES, snapshot
from tables import markdown_table

#: What came of a damaged file.
SAME, OLDER, SENTENCE = "same results", "older whole state", "one sentence"
SILENT, TRACEBACK = "other results", "traceback"
OUTCOMES = (SAME, OLDER, SENTENCE, SILENT, TRACEBACK)


@dataclass
class Damage:
    """What became of all damaged files."""

    #: By what reads the file, how often each outcome came
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    #: Files that were read as if they were whole, or without a sentence
    wrong: list[str] = field(default_factory=list)
    failed: str | None = None

    def values(self) -> dict[str, Any]:
        """All of it, for JSON."""
        counts = {title: dict(each) for title, each in self.counts.items()}
        return {**vars(self), "counts": counts}

    def table(self) -> str:
        """A Markdown table, one line per reader."""
        if self.failed is not None:
            return f"damage: {self.failed}"
        lines = [
            [title, *(str(count[each]) for each in (*OUTCOMES,))]
            for title, count in self.counts.items()
        ]
        return markdown_table(["damaged file of, read by", *OUTCOMES], lines)


@dataclass(frozen=True)
class Reader:
    """A command that reads some of the files of a run."""

    title: str
    patterns: tuple[str, ...]


READERS = (
    Reader("the model folder, lgc-sed detect", ("model/*",)),
    Reader("checkpoints, train.py --test_only", ("save/*/*",)),
    Reader(
        "records and manifests, train.py --test_only",
        ("settings.json", "manifests/*"),
    ),
    Reader("the clip cache, train.py for one more epoch", ("../cache/*",)),
    Reader("frame scores, lgc-sed evaluate", ("scores/*",)),
)


def measure_damage(place: Path, quick: bool = False) -> Damage:
    """Trains, then damages file by file."""
    result = Damage()
    whole, out = place / "finished", place / "out"
    (train,) = (each for each in STAGES if each.name == "train")
    # Where the damaged copies will be: caches know files by their paths.
    if failed := run([*train.command(place, out), "--number_of_epochs=4"]):
        result.failed = f"undisturbed: {failed}"
        return result
    shutil.copytree(out, whole)
    for reader in READERS:
        counts = result.counts[reader.title] = Counter()
        command = _command(reader, place, out)
        expected = _outcome(command, out)[1]
        files = [
            path
            for pattern in reader.patterns
            for path in sorted((whole / "run").glob(pattern))
        ]
        for path in files[:2] if quick else files:
            path = path.resolve()
            for kind, content in damages(path.read_bytes()).items():
                _restore(whole, out)
                (out / path.relative_to(whole.resolve())).write_bytes(content)
                outcome = _judge(command, out, expected)
                counts[outcome] += 1
                if outcome in (SILENT, TRACEBACK):
                    name = path.relative_to(whole.resolve())
                    result.wrong.append(f"{name}, {kind}: {outcome}")
        _restore(whole, out)
    shutil.rmtree(out)
    shutil.rmtree(whole)
    return result


def damages(content: bytes) -> dict[str, bytes]:
    """A file cut in half, and with one bit flipped in its middle."""
    flipped = bytearray(content)
    if content:
        flipped[len(content) // 2] ^= 1 << 4
    half = content[: len(content) // 2]
    return {"cut in half": half, "one bit flipped": bytes(flipped)}


def _command(reader: Reader, place: Path, out: Path) -> list[str]:
    (train,) = (each for each in STAGES if each.name == "train")
    recipe = [*train.command(place, out), "--number_of_epochs=4"]
    first = reader.patterns[0].partition("/")[0]
    if first == "model":
        words = f"detect {place / 'recordings' / '000.wav'} --device=cpu"
        words += f" --model={out / 'run'} --output={out / 'found.tsv'} --quiet"
    elif first == "scores":
        words = f"evaluate --predictions={out}/run/scores/test_teacher.npz"
        words += f" --ground-truth={out}/run/manifests/test.csv --no-figures"
        words += f" --n-bootstrap=0 --output={out / 'scored'}"
    elif first == "..":
        return [*recipe[:-1], "--number_of_epochs=5"]
    else:
        return [*recipe, "--test_only"]
    return [*SED, *words.split()]


def _restore(whole: Path, out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(whole, out)


def _outcome(
    command: Sequence[str], out: Path
) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    done = subprocess.run(
        command, **environment(), text=True, capture_output=True
    )
    return done, snapshot(out)


def _judge(command: Sequence[str], out: Path, expected: dict[str, str]) -> str:
    done, found = _outcome(command, out)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        plain = "Traceback" not in done.stderr and "error:" in last
        return SENTENCE if plain else TRACEBACK
    results = {
        name: digest
        for name, digest in found.items()
        if name in expected and name.endswith((".tsv", "results.json"))
    }
    if all(expected[name] == digest for name, digest in results.items()):
        return SAME
    said = done.stderr + done.stdout
    return OLDER if "CKPT" in said and "older" in said else SILENT
