"""The command ``lgc-sed decode``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from lgc_plugin.cli.main import main
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.score_files import write_score_tsvs
from lgc_plugin.evaluation.tuned_settings import TunedSettings
from scoring_files import (
    CLIPS,
    FRAME_SECONDS,
    LABELS,
    WINDOWS,
    frame_scores,
    write_truth,
)

BY_NAME = ",".join(f"{label}={size}" for label, size in WINDOWS.items())


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    frame_scores().save(tmp_path / "scores.npz")
    return tmp_path / "scores.npz"


def decoded(scores: Path, *words: str) -> pd.DataFrame:
    output = scores.with_name("events.tsv")
    assert main(["decode", str(scores), f"--output={output}", *words]) == 0
    return pd.read_csv(output, sep="\t")


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        ([], {}),
        ([f"--median-windows={BY_NAME}"], {"median_windows": WINDOWS}),
        (["--method=hysteresis"], {"deactivation_th": 0.25}),
        (
            ["--method=hysteresis", "--threshold=0.4"],
            {"deactivation_th": 0.2, "decision_threshold": 0.4},
        ),
        (["--deactivation-th=0.3"], {"deactivation_th": 0.3}),
        (["--method=sebb"], {"step_filter_length": 0.5}),
        (
            ["--step-filter-length=0.6", "--merge-threshold-rel=1.5"],
            {"step_filter_length": 0.6, "merge_threshold_rel": 1.5},
        ),
        (
            ["--close-th=0.3", "--len-th=Cat=0.2", "--pad-after=0.1"],
            {
                "close_th": 0.3,
                "len_th": {"Cat": 0.2, "Cow": 0, "Dog": 0},
                "pad_after": 0.1,
            },
        ),
    ],
)
def test_events_are_those_of_the_settings(scores, words, settings):
    found = decoded(scores, *words)
    columns = ["filename", "onset", "offset", "event_label", "confidence"]
    assert list(found) == columns
    assert set(found.filename) == set(CLIPS)
    found = found.dropna().reset_index(drop=True)
    frames = frame_scores()
    expected = PostProcessing(**settings).operating_events(frames)
    pd.testing.assert_frame_equal(
        found, expected[columns], check_dtype=False, atol=1e-6, rtol=0
    )
    assert len(found) > 5


def test_standard_output_is_the_table_alone(tmp_path, scores, capsys):
    folder = tmp_path / "tsvs"
    write_score_tsvs(frame_scores(), folder)
    assert main(["decode", str(folder), "--threshold=0.6"]) == 0
    printed = capsys.readouterr()
    found = decoded(scores, "--threshold=0.6")
    text = found.to_csv(sep="\t", index=False, float_format="%.6f")
    assert printed.out.splitlines()[0] == text.splitlines()[0]
    assert len(printed.out.splitlines()) == len(text.splitlines())
    events = len(found.dropna())
    assert printed.err.startswith(f"{events} events of 3 classes in 12 clips, ")


def test_settings_of_tune_are_where_it_begins(tmp_path, scores):
    limits = dict.fromkeys(LABELS, 0.4)
    chosen = PostProcessing(WINDOWS, decision_threshold=limits)
    settings = TunedSettings(
        chosen, FRAME_SECONDS, "event_f1", ("x.wav",), "other.tsv"
    )
    settings.write(tmp_path / "tuned.yaml")
    found = decoded(
        scores, f"--settings={tmp_path}/tuned.yaml", "--threshold=Dog=0.7"
    )
    expected = PostProcessing(
        WINDOWS, decision_threshold={**limits, "Dog": 0.7}
    ).operating_events(frame_scores())
    assert len(found.dropna()) == len(expected)


def test_the_table_can_be_scored(tmp_path, scores):
    truth, folder = write_truth(tmp_path), tmp_path / "found"
    decoded(scores, "--median-windows=3")
    words = ["--n-bootstrap=0", "--no-figures"]
    results = []
    for path, more in (
        (tmp_path / "events.tsv", []),
        (scores, ["--median-windows=3"]),
    ):
        command = ["evaluate", f"--predictions={path}", f"--output={folder}"]
        assert main([*command, *truth, *words, *more]) == 0
        results.append(json.loads((folder / "results.json").read_text()))
    ours, own = (next(iter(each["scores"].values())) for each in results)
    for name in ("event_f1_macro", "intersection_f1_micro"):
        assert ours[name] == own[name]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--method=median", "--step-filter-length=1"], "is not for --method"),
        (
            ["--method=sebb", "--deactivation-th=0.1"],
            "is not for --method sebb",
        ),
        (["--threshold=Cat"], "--threshold is 'Cat': give one number, or"),
        (["--len-th=Cow=1,Cow=2"], "give one number, or LABEL=NUMBER"),
        (["--close-th=Owl=1"], r"unknown \['Owl'\]"),
        (["--pad-before=-1"], "pad_before is -1.0: must be at least 0"),
        (["--deactivation-th=0.6"], "must not be above its decision_threshold"),
        (["--deactivation-th=Cat=0.1"], r"missing \['Cow', 'Dog'\]"),
    ],
)
def test_mistakes_are_told_in_one_line(scores, capsys, words, message):
    output = scores.with_name("events.tsv")
    assert main(["decode", str(scores), f"--output={output}", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.match(f"lgc-sed: error: .*{message}", line)
    assert not output.exists()
