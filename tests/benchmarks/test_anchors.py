"""Anchors and what they are taken for, against a loop over frames."""

import json

import anchors
import pytest
import torch
from ablation_cases import write_runs
from ablation_runs import METHODS, plan_runs
from anchor_frames import count_anchors, run_as_in_training

from lgc_plugin.inference.model.model_folder import write_model
from model_cases import small_settings, used_network


@pytest.mark.parametrize(("high", "low"), [(0.8, 0.5), (0.6, 0.3), (0.6, 0.7)])
def test_counts_are_those_of_a_loop(high, low):
    torch.manual_seed(0)
    student, teacher = torch.rand(2, 60, 2)
    truth = torch.rand(60, 2) < 0.4
    found = count_anchors(student, teacher, truth, high, low).values()
    expected = dict.fromkeys(found, 0)
    for scores, target, real in zip(student, teacher, truth, strict=True):
        scores, target = (
            [*scores, 1 - max(scores)],
            [*target, 1 - max(target)],
        )
        real = [*real, not any(real)]
        expected["frames"] += 1
        sure = [c for c in range(3) if target[c] > high]
        expected["sure"] += len(sure)
        expected["true_sure"] += sum(bool(real[c]) for c in sure)
        if not any(scores[c] < low for c in sure):
            continue
        expected["anchors"] += 1
        for c in sure:
            kind = "background_claims" if c == 2 else "event_claims"
            expected[kind] += 1
            expected[f"true_{kind}"] += bool(real[c])
    assert found == expected
    assert 0 < expected["anchors"] < 60


def test_no_anchor_is_no_share():
    none = torch.full((4, 1), 0.5)
    shares = count_anchors(none, none, none > 1, 0.8, 0.5).shares()
    assert shares["anchors"] == 0 and shares["right"] is None


@pytest.fixture
def run(tmp_path):
    write_runs(tmp_path, ["lgc"], 1)
    (run,) = plan_runs(tmp_path, [METHODS["lgc"]], [1])
    settings = small_settings()
    networks = {
        name: used_network(settings, seed=seed)
        for seed, name in enumerate(("student", "teacher"))
    }
    write_model(run.folder / "model", settings, networks)
    return run


def test_every_frame_is_processed_once_with_its_truth(run):
    """Cut with each other, but none lost; the same draws with one seed."""
    state = torch.get_rng_state()
    first = run_as_in_training(run, 4, (0.2, 0.5))
    assert torch.equal(torch.get_rng_state(), state)
    student, teacher, truth = first
    encoder = small_settings().encoder()
    assert len(truth) == 6 * encoder.n_frames
    assert student.shape == teacher.shape == truth.shape
    # All six clips have one event of 0.2 to 0.7 s, wherever they are cut.
    assert 0 < truth.float().mean() < 0.5
    again = run_as_in_training(run, 4, (0.2, 0.5))
    assert all(map(torch.equal, first, again))
    other = run_as_in_training(run, 4, (0.2, 0.5), seed=1)
    assert not torch.equal(other[0], first[0])


@pytest.mark.parametrize(
    ("word", "name"), [("--write", "anchors"), ("--write=mine", "mine")]
)
def test_from_run_to_table_and_file(
    run, word, name, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(anchors, "ABLATION", tmp_path)
    assert anchors.main([f"--folder={tmp_path}", word]) == 0
    out = capsys.readouterr().out
    assert "| **0.8, 0.5** |" in out and out.count("%") >= 12
    written = json.loads((tmp_path / f"{name}.json").read_text())
    assert written["seeds"] == [1]
    counts = written["thresholds"][0]["counts"][0]
    assert counts["frames"] == 6 * small_settings().encoder().n_frames


def test_what_is_not_finished_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        anchors.parse([f"--folder={tmp_path}", "--seeds=3"])
    assert "lgc is not finished on seed 3" in capsys.readouterr().err
