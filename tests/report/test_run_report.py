import json

import numpy as np
import pytest
import soundfile
import torch

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.data.manifest import ClipRow, write_manifest
from lgc_plugin.data.preparation import Coverage, Preparation
from lgc_plugin.evaluation.network_metrics import metrics_of_manifest
from lgc_plugin.report.run_report import report_test
from lgc_plugin.types import Event, LabelKind, SEDOutput

ENCODER = EventEncoder(["Cat", "Dog"], clip_seconds=2.0)


@pytest.fixture
def tested(tmp_path):
    """Metrics of two clips that were tested, and their data set."""
    events = {
        "one": (Event(0.0, 0.64, "Cat"),),
        "two": (Event(0.64, 1.28, "Cat"), Event(1.28, 1.92, "Dog")),
    }
    rows = []
    for name, of_clip in events.items():
        wav = tmp_path / f"{name}.wav"
        soundfile.write(
            wav, 0.1 * np.random.default_rng(0).normal(size=32000), 16000
        )
        rows.append(
            ClipRow(
                name,
                2.0,
                f"$data_root/{name}.wav",
                LabelKind.STRONG,
                of_clip,
                (),
            )
        )
    write_manifest(rows, tmp_path / "test.csv")
    metrics = metrics_of_manifest(
        tmp_path / "test.csv", ENCODER, n_thresholds=2, median_windows=1
    )
    frames = torch.stack([ENCODER.encode(x) for x in events.values()]) * 0.9
    output = SEDOutput(frames, frames.amax(-1), torch.zeros(2, 1, 1))
    metrics.append(
        ["one.wav", "two.wav"],
        {"student": output, "teacher": output},
        torch.tensor([LabelKind.STRONG] * 2),
        torch.zeros(2, 2),
    )
    data = Preparation(
        {"test": tmp_path / "test.csv"},
        ENCODER.labels,
        tmp_path,
        {"test": Coverage("test", 2, 3, {"three": "not found"})},
    )
    return metrics, data


@pytest.mark.parametrize("prefix", ["", "eval_public_"])
def test_a_report_is_complete(tested, tmp_path, capsys, prefix):
    metrics, data = tested
    name = "test" if not prefix else "eval_public"
    data.manifests[name] = data.manifests["test"]
    data.coverage[name] = Coverage(name, 2, 3)
    report_test(
        tmp_path,
        name,
        metrics,
        metrics.summarize(),
        data,
        seed=7,
        energy_kwh=None,
        wall_seconds=1.5,
    )
    content = json.loads((tmp_path / f"{prefix}results.json").read_text())
    assert content["scores"]["teacher"]["event_f1_macro"] == 1.0
    for counts in content["scores"]["student"]["operating"].values():
        assert counts["hours"] == pytest.approx(4 / 3600)
        found = counts["overall"]
        assert found["precision"] == found["recall"] == 1
        assert counts["overall"]["false_alarms_per_hour"] == 0
    assert content["coverage"][name] == [2, 3]
    assert content["seed"] == 7 and content["profile"] == "dcase"
    files = list((tmp_path / f"{prefix}predictions" / "student").iterdir())
    assert len(files) == 2
    for figure in ("psd_roc_1", "psd_roc_2", "timeline"):
        assert (tmp_path / "figures" / f"{prefix}{figure}.png").is_file()
    printed = capsys.readouterr().out
    assert f"{name} 2/3 clips found" in printed and "PSDS1" in printed


def test_generated_data_are_told_next_to_the_scores(tested, tmp_path, capsys):
    metrics, data = tested
    (tmp_path / "soundscapes.json").write_text("{}")
    report_test(
        tmp_path,
        "test",
        metrics,
        metrics.summarize(),
        data,
        seed=7,
        wall_seconds=1.5,
    )
    assert "generated soundscapes" in capsys.readouterr().out
    content = json.loads((tmp_path / "results.json").read_text())
    assert content["generated_soundscapes"] is True
