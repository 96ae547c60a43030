"""The recipe with every augmentation and every term at work."""

import json
import math
import re

EVERYTHING = """
frame_shift_std: 20.0
time_mask: true
frequency_warp: [0.6, 1.0]
filter_augment: step
filter_min_bandwidth: 2
noise_snr: [20.0, 40.0]
"""


def test_everything_at_once_trains_and_is_logged(train, tmp_path):
    """Overrides combine: ICT and SCT come from the files for them."""
    overrides = tmp_path / "everything.yaml"
    overrides.write_text(EVERYTHING)
    folder = tmp_path / "run"
    train(
        folder,
        f"--overrides={overrides}",
        "--overrides=hparams/lgc_ict.yaml",
        "--overrides=hparams/lgc_sct.yaml",
    )
    lines = (folder / "train_log.txt").read_text().splitlines()
    assert len(lines) == 4
    for line in lines:
        logged = dict(re.findall(r"([\w ]+): ([\w.e+-]+)", line))
        for name in ("loss", "mean_teacher", "cutmix", "ict", "sct"):
            value = float(logged[f" train {name}"].strip())
            assert math.isfinite(value) and value > 0, (name, line)
    assert "ict_weight: 2" in lines[-1] and "sct_weight: 2" in lines[-1]
    scores = json.loads((folder / "results.json").read_text())["scores"]
    assert 0 <= scores["teacher"]["psds1"] <= 1


def test_random_consistency_trains_with_other_terms(train, tmp_path):
    """The versions of a batch, beside ICT and views of their own."""
    folder = tmp_path / "run"
    train(
        folder,
        "--overrides=hparams/lgc_rct.yaml",
        "--overrides=hparams/lgc_ict.yaml",
        "--filter_augment=step",
        "--filter_min_bandwidth=2",
        "--number_of_epochs=3",
    )
    last = (folder / "train_log.txt").read_text().splitlines()[-1]
    for name in ("rct", "ict", "mean_teacher", "cutmix"):
        assert float(re.search(rf"train {name}: ([\w.+-]+)", last)[1]) > 0


def test_two_mixups_are_an_error_at_once(train, tmp_path):
    done = train(tmp_path / "run", "--rct_weight=2.0", check=False)
    assert done.returncode == 2, done.stderr
    assert "give --mixup_probability=0" in done.stderr


def test_an_augmentation_that_cannot_be_is_an_error_at_once(train, tmp_path):
    done = train(tmp_path / "run", "--filter_augment=square", check=False)
    assert done.returncode == 2, done.stderr
    assert "train.py: error: kind must be linear or step" in done.stderr
    assert not (tmp_path / "run" / "settings.json").exists()
