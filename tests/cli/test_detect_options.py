"""The options of ``lgc-sed detect``: their help, and what they mean."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect_cases import write_small_model, write_sound
from lgc_plugin.cli import main as cli
from lgc_plugin.cli.detect_options import add_detect_arguments
from lgc_plugin.cli.post_processing_arguments import given_settings

labels = st.text(
    st.characters(codec="utf-8", exclude_characters=",:;=", categories=["L"]),
    min_size=1,
)
numbers = st.floats(0, 1)


PARSER = argparse.ArgumentParser()
add_detect_arguments(PARSER)


def parse_threshold(text: str) -> object:
    args = PARSER.parse_args(["a.wav", "--model=m", f"--threshold={text}"])
    return given_settings(args)["decision_threshold"]


@given(st.dictionaries(labels, numbers, min_size=1, max_size=5))
def test_thresholds_of_classes(limits: dict[str, float]) -> None:
    text = ",".join(f"{label}={limit!r}" for label, limit in limits.items())
    assert parse_threshold(text) == limits


@given(numbers)
def test_one_threshold(limit: float) -> None:
    assert parse_threshold(repr(limit)) == limit


def test_labels_may_hold_spaces_and_equals_signs() -> None:
    found = parse_threshold("Running water=.5, a=b=0.3")
    assert found == {"Running water": 0.5, "a=b": 0.3}


@pytest.mark.parametrize(
    "text", ["", "x", "0.5,0.3", "Cat", "Cat=", "Cat=1,Cat=0", "Cat=0.1,0.2"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="give one number, or LABEL=NUMBER"):
        parse_threshold(text)


@pytest.fixture
def recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_small_model(Path("model"))
    for name in ("rec/a.wav", "other/a.wav"):
        write_sound(Path(name))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.wav"], "none.wav: no such file or folder"),
        (["rec/*.mp3"], "rec/*.mp3: no audio file has such a name"),
        (["rec", "other"], "would both be called 'a.wav': give a folder that"),
        (["rec", "-"], "- stands for standard input, which is processed alone"),
        (["rec", "--threshold=Cow=0.3"], "decision_threshold must name each"),
        (["rec", "--threshold=1.5"], "threshold is 1.5: must be a number from"),
        (["rec", "--threshold=nan"], "threshold is nan: must be a number from"),
        (["rec", "--threshold=Cat=2"], "threshold is 2.0: must be a number"),
        (
            ["rec", "--threshold=high"],
            "--threshold is 'high': give one number,",
        ),
        (
            ["rec", "--threshold=Cat=.1,Cat=.2"],
            "LABEL=NUMBER once for each class",
        ),
        (["rec", "--output=rec"], "rec: is a folder; --output needs a file"),
        (
            ["rec", "--output=rec/a.wav"],
            "rec/a.wav: is called like a recording",
        ),
        (
            ["rec", "--output=rec/a.wav", "--format=audacity"],
            "a.wav: is a file; give",
        ),
        (["rec", "--format=rttm"], "is written when all is done: add --output"),
        (
            ["rec", "--format=realdesed", "--output=other"],
            "other: exists; give the name of a new folder",
        ),
        (["-", "--format=raven"], "--format raven is for files: a stream is"),
        (
            ["rec", "--plot", "--plot-output=rec/a.wav"],
            "a.wav: is a file; give",
        ),
        (
            ["rec", "--plot-output=pictures"],
            "--plot-output says where pictures go",
        ),
        (["rec", "--rate=8000"], "--rate and --channels are for raw samples"),
        (["rec", "--hop=7"], "a window every 7.0 s"),
        (["rec", "--batch-size=0"], "batch_size is 0"),
        (["rec", "--device=gpu"], "device 'gpu' is none"),
        (["rec", "--model=nowhere"], "nowhere: no such folder"),
    ],
)
def test_what_cannot_be_is_one_line_and_status_2(
    recordings: None,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*")}
    assert cli.main(["detect", "--device=cpu", "--model=model", *words]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("lgc-sed: error: ")
    assert printed.err.count("\n") == 1
    assert message in printed.err
    after = {path: path.stat().st_mtime_ns for path in Path().rglob("*")}
    assert after == before


def test_help_is_there_in_a_moment() -> None:
    code = (
        "import sys; from lgc_plugin.cli import main as cli; "
        "sys.argv = ['lgc-sed', 'detect', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'pandas', 'matplotlib', 'speechbrain'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "lgc-sed detect cat.wav --model" in ran.stdout
