"""Runs of the recipe with other options, and what is refused."""

import json

import pytest

from references import hidden


def results(folder):
    return json.loads((folder / "results.json").read_text())


def test_batches_that_cannot_be_shared_are_refused(train, tmp_path):
    done = train(
        tmp_path / "odd",
        "--batch_sizes={strong: 3}",
        check=False,
        processes=2,
    )
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if "error:" in line]
    assert any("strong" in line and "3" in line for line in lines)


def test_half_precision_and_accumulation_run(train, tmp_path):
    train(
        tmp_path / "half",
        "--precision=bf16",
        "--eval_precision=bf16",
        "--grad_accumulation_factor=2",
        "--number_of_epochs=2",
        "--contrast_start_epoch=1",
    )
    log = (tmp_path / "half" / "train_log.txt").read_text().splitlines()
    assert "step: 1," in log[0] and "nan" not in log[1]


def test_baselines_run_without_prototypes(train, tmp_path):
    done = train(
        tmp_path / "supervised",
        "--number_of_epochs=1",
        "--contrast_start_epoch=1",
        "--consistency_weight=0",
        "--cutmix_weight=0",
        "--contrast_weight=0",
        before=hidden(),  # scores need none of them
    )
    assert "psds1" in results(tmp_path / "supervised")["scores"]["student"]
    assert "Prototypes" not in done.stderr + done.stdout
    assert (
        "mean_teacher: 0.0"
        in (tmp_path / "supervised" / "train_log.txt").read_text()
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--cutmix_wieght=0"], "did you mean --cutmix_weight?"),
        (["--median_windows=[3, 4]"], "2 median windows for 10 classes"),
        (["--batch_sizes={weak: 50}"], "fewer than the 50 of a batch"),
        (["--test_only"], "no checkpoint to test"),
        (["--precision=fp16"], "not yet supported on CPU"),
        (["--data_cache=ram"], "one of none, disk, memory"),
    ],
)
def test_mistakes_are_refused_in_one_line(train, tmp_path, words, message):
    done = train(tmp_path / "wrong", *words, check=False)
    assert done.returncode != 0
    assert message in done.stderr.strip().splitlines()[-1]
    # Nothing stands in the way of the corrected command.
    assert not (tmp_path / "wrong" / "settings.json").exists()


def test_missing_data_is_refused_in_one_line(train, tmp_path):
    done = train(tmp_path / "wrong", data=tmp_path / "nowhere", check=False)
    assert done.returncode == 2
    assert "nowhere" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
