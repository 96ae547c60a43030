"""Names of strangers' files and classes never reach the terminal raw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lgc_plugin.cli.main import main
from scoring_files import frame_scores, write_table

# Sets the title of the window; clears the screen; turns the text around.
EVIL = "\x1b]0;title\x07\x1b[2J\x9b31m\u202e"
FILES = {"a.wav": 3.0, f"b{EVIL}.wav": 4.0}


@pytest.fixture
def run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    folder = tmp_path / f"data{EVIL}\udce9"
    folder.mkdir()
    rows = [(clip, 0, end, "Cat") for clip, end in FILES.items()]
    write_table(folder / "truth.txt", [*rows, ("c.wav", 1, 20, "Dog")])
    columns = ["filename", "duration"]
    lengths = [(clip, 10) for clip in (*FILES, "c.wav", f"d{EVIL}.wav")]
    write_table(folder / "lengths.txt", lengths, columns)
    write_table(folder / "found.tsv", [*rows, ("a.wav", 5, 9, f"Owl{EVIL}")])
    scores = folder / "scores"
    scores.mkdir()
    text = f"onset\toffset\tCat\tOwl{EVIL}\n0.0\t3.0\t0.9\t0.2\n"
    for clip in (*FILES, f"e{EVIL}.wav"):
        (scores / clip.replace(".wav", ".tsv")).write_text(text)

    def call(*words: str) -> tuple[int, str]:
        status = main([word.replace("@", str(folder)) for word in words])
        captured = capfd.readouterr()
        printed = captured.out + captured.err
        raw = [x for x in printed if x != "\n" and not x.isprintable()]
        assert not raw
        return status, printed

    return call


TRUTH = ("--ground-truth=@/truth.txt", "--durations=@/lengths.txt")


@pytest.mark.parametrize("name", ["found.tsv", "scores"])
def test_evaluate(run: Callable, name: str) -> None:
    words = ("evaluate", f"--predictions=@/{name}", *TRUTH, "--n-bootstrap=0")
    status, printed = run(*words, "--no-figures", "--output=@/out")
    assert status == 0
    assert r"\x1b]0;title" in printed


def test_compare(run: Callable) -> None:
    words = ("compare", "@/found.tsv", "@/scores", *TRUTH, "--n-bootstrap=2")
    status, printed = run(*words, "--output=@/out.json")
    assert status == 0 and r"\x1b" in printed


def test_tune(run: Callable) -> None:
    words = ("tune", "--scores=@/scores", *TRUTH, "--n-bootstrap=0", "--quiet")
    more = ("--metric=event_f1", "--windows=1", "--output=@/tuned.yaml")
    status, printed = run(*words, *more)
    assert status == 0 and r"\x1b" in printed


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "--predictions=@/none", *TRUTH),
        ("evaluate", "--predictions=@/lengths.txt", *TRUTH),
        ("evaluate", "--predictions=@/found.tsv", "--ground-truth=@/x"),
        (
            *("evaluate", "--predictions=@/found.tsv"),
            *("--ground-truth=@/truth.txt", "--durations=@/truth.txt"),
        ),
    ],
)
def test_errors(run: Callable, words: tuple[str, ...]) -> None:
    status, printed = run(*words)
    assert status == 2 and r"\x1b" in printed


def test_a_run_with_frame_scores(run: Callable, tmp_path: Path) -> None:
    frame_scores().save(tmp_path / f"x{EVIL}.npz")
    words = ("evaluate", f"--predictions={tmp_path}/x{EVIL}.npz", *TRUTH)
    assert run(*words)[0] == 2


def test_names_are_no_formulas_in_figures(tmp_path: Path) -> None:
    label = r"$\frac{1$ a_b"
    rows = [("a.wav", 1, 3, label), ("b.wav", 1, 3, "Cat")]
    file = write_table(tmp_path / f"{EVIL}$x^$.tsv", rows)
    lengths = [("a.wav", 10), ("b.wav", 10)]
    columns = ["filename", "duration"]
    lengths = write_table(tmp_path / "lengths.txt", lengths, columns)
    words = [f"--predictions={file}", f"--ground-truth={file}"]
    words += [f"--durations={lengths}", f"--output={tmp_path / 'out'}"]
    assert main(["evaluate", *words, "--n-bootstrap=3"]) == 0
    assert (tmp_path / "out" / "per_class.png").is_file()
