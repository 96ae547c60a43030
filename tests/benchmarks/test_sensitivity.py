"""Table and figure of varied settings, without any training."""

import json
from contextlib import contextmanager

import pytest
import sensitivity
import sensitivity_figure
from matplotlib.figure import Figure
from sensitivity_cases import EPOCHS, small_profile, write_run, write_runs
from sensitivity_plan import (
    REFERENCE,
    Setting,
    plan,
    plan_settings,
)
from sensitivity_report import mean_anchors, read_settings

from lgc_plugin.utils.files import write_json


@pytest.fixture(scope="module")
def profile():
    return small_profile()


@pytest.fixture
def momentum(tmp_path, profile):
    """Default with two seeds, one value with both, one with one, one none."""
    setting = Setting("prototype_momentum", (0.5, 0.9, 0.99, 0.996), 0.996)
    assert profile["prototype_momentum"] == setting.default
    scores = {
        0.5: {},
        0.9: {1: 0.20, 2: 0.34},
        0.99: {2: 0.36},
        0.996: {1: 0.25, 2: 0.35},
    }
    for value, of_value in scores.items():
        method = setting.method(value)
        write_runs(tmp_path, profile, method, of_value, anchors=100 * value)
    found = read_settings(tmp_path, [setting], [1, 2, 3], profile)
    return tmp_path, setting, found


def test_anchors_are_those_after_initialization(momentum, tmp_path):
    folder, setting, found = momentum
    # Epochs 3 and 4, with 50 or 90 anchors times the epoch.
    assert found[setting.name][0.9][1].n_anchors == pytest.approx(90 * 3.5)
    log = tmp_path / "runs/prototype_momentum=0.9/1/train_log.txt"
    text = log.read_text()
    assert "e+02" in text
    assert mean_anchors(log, 1) == pytest.approx(90 * 3.5 * 2 / 3)
    assert mean_anchors(log, EPOCHS) is None
    # An epoch that was done again counts once.
    last = text.splitlines()[-1].replace("3.6000e+02", "10.0000")
    log.write_text(f"{text}{last}\n")
    assert mean_anchors(log, 2) == pytest.approx((90 * 3 + 10) / 2)
    assert mean_anchors(tmp_path / "none.txt", 2) is None


def test_table_by_hand(momentum):
    _, setting, found = momentum
    table = sensitivity.sensitivity_table([setting], found)
    none, both, one, default = (
        [cell.strip() for cell in line.strip("|").split("|")][1:]
        for line in table.splitlines()[2:]
    )
    assert none == ["0.5", "0", "-", "-", "-", "-", "-", "-"]
    # -0.05 and -0.01: mean -0.03, deviation 0.02 * sqrt(2).
    gap = "-0.030 ± 0.028"
    assert both == ["0.9", "2", "0.270", "0.370", "0.570", gap, gap, "315.0"]
    # Seed 2 alone is compared with the default's seed 2, not with its mean.
    assert one[:2] + one[5:] == ["0.99", "1"] + 2 * ["+0.010"] + ["346.5"]
    assert default[:3] == ["0.996 (default)", "2", "0.300"]
    assert default[5:7] == ["", ""]


def test_figure_shows_seeds_means_and_reference(
    momentum, profile, monkeypatch, tmp_path
):
    folder, setting, found = momentum
    drawn = []

    @contextmanager
    def keep(path, width, height):
        drawn.append(Figure((width, height)))
        yield drawn[0]

    monkeypatch.setattr(sensitivity_figure, "new_figure", keep)
    write_runs(folder, profile, REFERENCE, {2: 0.11}, anchors=0.0)
    reference = sensitivity.read_method(folder, REFERENCE, [1, 2], profile)
    sensitivity.plot_settings([setting], found, reference, tmp_path / "a.png")
    psds1, psds2 = drawn[0].axes
    first, second, means, level = (
        (list(line.get_xdata()), list(line.get_ydata())) for line in psds1.lines
    )
    assert first == ([1, 3], [0.20, 0.25])
    assert second == ([1, 2, 3], [0.34, 0.36, 0.35])
    # Seed 2 is the only one that all three values have.
    assert means == second
    assert level[1] == [0.11, 0.11]
    assert psds2.lines[2].get_ydata() == pytest.approx([0.44, 0.46, 0.45])
    ticks = [label.get_text() for label in psds2.get_xticklabels()]
    assert ticks == ["0.5", "0.9", "0.99", "0.996"]
    # Without its seed the reference is no level to compare with.
    del drawn[:]
    sensitivity.plot_settings([setting], found, {1: None}, tmp_path / "a.png")
    assert len(drawn[0].axes[0].lines) == 3


def no_training(*_):
    raise AssertionError("--report must not train")


def test_report_of_what_is_finished(profile, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sensitivity, "make_data", no_training)
    monkeypatch.setattr(sensitivity, "train_all", no_training)
    monkeypatch.setattr(sensitivity, "ABLATION", tmp_path / "here")
    folder = tmp_path / "runs of mine"
    train = f"--train=--number_of_epochs={EPOCHS} --contrast_start_epoch=2"
    words = ["--report", "--folder", str(folder), train]
    words += ["--settings", "temperature,n_prototypes"]
    assert sensitivity.main(words) == 1
    assert "no finished run" in capsys.readouterr().err
    settings = plan_settings(["temperature", "n_prototypes"], profile)
    runs = plan(folder, settings, [1])
    for number, run in enumerate(runs):
        tested = 2 if number == 1 else 3
        write_run(run, profile, number / 100, tested=tested)
    made = {"bank": {"name": "mine"}, "options": {"seed": 1, "strong": 9}}
    write_json(runs[0].data / "soundscapes.json", made)
    assert sensitivity.main([*words, "--write"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if line.startswith("| temp")]
    assert len(rows) == 3
    (note,) = [line for line in lines if "before the prototypes" in line]
    assert note.startswith(f"{runs[1].method.title}, seed 1: tested is epoch 2")
    for place in (folder, tmp_path / "here"):
        assert (place / "sensitivity.png").stat().st_size > 10_000
    written = tmp_path / "here" / "sensitivity.json"
    found = json.loads(written.read_text())
    assert found["seeds"] == [1]
    assert found["data"] == {"bank": "mine", "options": {"strong": 9}}
    values = found["settings"]["temperature"]["values"]
    assert [entry["value"] for entry in values] == list(settings[0].values)
    assert values[0]["seeds"]["1"]["psds1"] == 0.01
    assert values[0]["seeds"]["1"]["tested_epoch"] == 2


def test_runs_of_another_profile_are_refused(profile, tmp_path, capsys):
    (run,) = plan(tmp_path, [], [1])
    write_run(run, {**profile, "lr": 7.0}, 0.2)
    words = ["--report", f"--folder={tmp_path}", "--settings=temperature"]
    words += [f"--train=--number_of_epochs={EPOCHS} --contrast_start_epoch=2"]
    assert sensitivity.main(words) == 2
    printed = capsys.readouterr().err
    assert "lr = 7.0" in printed and str(run.folder) in printed
