"""Hysteresis, boxes and rules: options, model folders, files and streams."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from detect_cases import small_detector, sound, write_sound
from lgc_plugin.cli import main as cli
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.inference.detector import SoundEventDetector
from lgc_plugin.inference.event_stream import detection_table
from lgc_plugin.inference.model.export import export_model
from lgc_plugin.inference.model.model_folder import write_model
from model_cases import small_settings, used_network

RUNS = {
    "deactivation_th": {"Cat": 0.505, "Dog": 0.591, "yes": 0.457},
    "close_th": 0.05,
    "len_th": {"Cat": 0.1, "Dog": 0.05, "yes": 0.07},
    "pad_before": 0.03,
    "pad_after": 0.01,
    "decision_threshold": {"Cat": 0.508, "Dog": 0.594, "yes": 0.46},
}
BOXES = {
    "step_filter_length": {"Cat": 0.1, "Dog": 0.25, "yes": 0.17},
    "merge_threshold_abs": {"Cat": 0.005, "Dog": 0.01, "yes": 0.02},
    "merge_threshold_rel": 3.0,
    "close_th": 0.05,
    "decision_threshold": {"Cat": 0.508, "Dog": 0.594, "yes": 0.46},
}
kinds = pytest.mark.parametrize("chosen", [RUNS, BOXES], ids=["runs", "boxes"])


def small_model(folder: Path, **chosen: object) -> Path:
    settings = small_settings(**chosen)
    write_model(folder, settings, {"teacher": used_network(settings, 2)})
    return folder


def words(chosen: dict[str, object]) -> list[str]:
    """The settings as options."""
    options = []
    for name, value in chosen.items():
        name = name.replace("_", "-").replace("decision-", "")
        if isinstance(value, dict):
            value = ",".join(f"{k}={v}" for k, v in value.items())
        options.append(f"--{name}={value}")
    return options


def recording_events(
    detector: SoundEventDetector, wav: np.ndarray
) -> list[tuple]:
    """What post-processing makes of the scores of a whole recording."""
    scores, seconds = detector.scores(wav, 16000), len(wav) / 16000
    count = scores.shape[1]
    edges = np.round(np.arange(count + 1) * detector.frame_seconds, 6)
    frames = FrameScores(
        detector.labels, ("a",), scores[None], np.array([count]), edges
    )
    found = detector.post_processing.operating_events(frames)
    return sorted(
        (row.event_label, row.onset, min(row.offset, seconds), row.confidence)
        for row in found.itertuples()
    )


def rows(table: object) -> list[tuple]:
    return sorted(
        (row.event_label, row.onset, row.offset, row.confidence)
        for row in table.itertuples()
    )


def check_equal(found: list[tuple], expected: list[tuple]) -> None:
    assert [row[0] for row in found] == [row[0] for row in expected]
    numbers = [[row[1:] for row in each] for each in (found, expected)]
    np.testing.assert_allclose(*numbers, rtol=0, atol=1e-4)


@kinds
def test_a_model_keeps_its_post_processing(
    tmp_path: Path, chosen: dict[str, object]
) -> None:
    """In its folder, in a copy, for recordings and streams."""
    model = small_model(tmp_path / "model", **chosen)
    export_model(model, tmp_path / "copy")
    text = (model / "model.yaml").read_text()
    assert (tmp_path / "copy" / "model.yaml").read_text() == text
    detector = small_detector(tmp_path / "copy")
    assert detector.post_processing == small_settings(**chosen).post_processing
    wav = sound(7.3)
    expected = recording_events(detector, wav)
    table = detector.detect(wav, 16000)
    assert len(table) > 5
    check_equal(rows(table), expected)
    chunks = np.array_split(wav, 23)
    events = detection_table(detector.detect_stream(chunks), detector.labels)
    check_equal(rows(events), expected)


@kinds
def test_options_win_over_the_model(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    chosen: dict[str, object],
) -> None:
    """Those of files and of standard input alike."""
    own = small_model(tmp_path / "own", **chosen)
    model = small_model(tmp_path / "model", len_th=0.5)
    wav = write_sound(tmp_path / "a.wav", 3.1)
    options = [*words({"len_th": 0.0} | chosen), "--device=cpu"]
    command = ["detect", f"--model={model}", "--format=json", *options]
    assert cli.main([*command, str(wav)]) == 0
    content = json.loads(capsys.readouterr().out)
    for name in chosen.keys() - {"decision_threshold"}:
        assert content["model"][name] == chosen[name]
    found = content["recordings"][0]["events"]
    detector = small_detector(own)
    expected = rows(detector.detect_file(wav))
    events = [SimpleNamespace(**event) for event in found]
    check_equal(rows(SimpleNamespace(itertuples=lambda: events)), expected)
    raw = io.BytesIO(sound(3.1).tobytes())
    stdin = SimpleNamespace(buffer=raw, isatty=lambda: False)
    monkeypatch.setattr("sys.stdin", stdin)
    assert cli.main([*command, "-"]) == 0
    printed = capsys.readouterr()
    lines = map(json.loads, printed.out.splitlines())
    events = [SimpleNamespace(**event) for event in lines]
    check_equal(rows(SimpleNamespace(itertuples=lambda: events)), expected)
    late = "once the scores behind it rule out that it goes on"
    assert (late in printed.err) == (chosen is BOXES)


def test_what_does_not_go_together_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = small_model(tmp_path / "model", **RUNS)
    wav = write_sound(tmp_path / "a.wav")
    for option, message in (
        ("--threshold=0.2", "deactivation_th of 'Cat' is 0.505: must not"),
        ("--step-filter-length=0.5", "leave one of them out"),
        ("--len-th=-1", "len_th is -1.0: must be at least 0"),
        ("--close-th=Cow=1", "unknown ['Cow']"),
        ("--pad-after=much", "--pad-after is 'much': give one number"),
    ):
        command = ["detect", f"--model={model}", "--device=cpu", option]
        assert cli.main([*command, str(wav)]) == 2
        assert message in capsys.readouterr().err
