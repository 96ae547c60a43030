"""The recipe through its real command line, on a handful of tiny clips."""

import json
import shutil
import signal
import time
from contextlib import suppress
from importlib import metadata

import pandas as pd
import pytest

from lgc_plugin.cli.main import main as lgc_sed
from lgc_plugin.evaluation.tuned_settings import TunedSettings

MORE = "--number_of_epochs=7"


def results(folder):
    return json.loads((folder / "results.json").read_text())


def last_epoch(folder):
    return (folder / "train_log.txt").read_text().splitlines()[-1]


def test_a_run_leaves_scores_detections_and_pictures(finished):
    folder, done = finished
    content = results(folder)
    for network in ("student", "teacher"):
        scores = content["scores"][network]
        for name in (
            "psds1",
            "psds2",
            "event_f1_macro",
            "segment_f1_micro",
            "intersection_f1_macro",
            "clip_ap_macro",
            "weak_f1_macro",
        ):
            assert 0 <= scores[name] <= 1
            low, high = scores["intervals"][name]
            assert 0 <= low <= high <= 1
        assert len(scores["per_class"]["event_f1"]) == 10
        files = sorted((folder / "predictions" / network).iterdir())
        assert [f.name for f in files] == [
            f"predictions_th_{t}.tsv"
            for t in ("0.10", "0.30", "0.50", "0.70", "0.90")
        ]
        table = pd.read_csv(files[0], sep="\t")
        assert {"filename", "onset", "offset", "event_label"} <= set(table)
    assert content["seed"] == 42
    assert content["coverage"]["test"] == [6, 6]
    assert content["versions"]["torch"] == metadata.version("torch")
    assert content["wall_seconds"] > 0
    for name in ("psd_roc_1", "psd_roc_2", "per_class", "timeline"):
        picture = (folder / "figures" / f"{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG") and len(picture) > 5000
    assert "PSDS1" in done.stdout and "test 6/6 clips found" in done.stdout


def test_a_run_ends_with_its_report(finished):
    folder, done = finished
    assert done.stdout.endswith(f"Report: {folder / 'report.html'}\n")
    page = (folder / "report.html").read_text()
    assert "Left out" not in page and page.count("<audio") > 0
    for name in ("mean teacher", "cutmix", "contrast", "intersection f1 macro"):
        assert f'aria-label="{name}"' in page
    command = results(folder)["command"]
    assert command.startswith("python recipes/DESED/train.py hparams/lgc.yaml")
    assert f"--output_folder={folder}" in command
    assert f"<code>{command}</code>" in page


def test_a_log_file_has_lines_and_no_bars(finished):
    """Standard error is no terminal here."""
    _, done = finished
    for text in (done.stdout, done.stderr):
        assert "\r" not in text and "%|" not in text and "it/s" not in text
    epochs = [x for x in done.stdout.splitlines() if "training loss" in x]
    assert len(epochs) == 4
    for foreign in ("torchvision", "pkg_resources", "Warning"):
        assert foreign not in done.stderr + done.stdout


def test_every_term_is_logged_and_the_prototypes_are_at_work(finished):
    folder, _ = finished
    lines = (folder / "train_log.txt").read_text().splitlines()
    assert len(lines) == 4
    for name in (
        "frame",
        "clip",
        "mean_teacher",
        "cutmix",
        "contrast",
        "n_anchors",
    ):
        assert f"train {name}:" in lines[0]
    assert "active_prototypes: 0" in lines[0]
    assert "active_prototypes: 0" not in lines[2]
    assert "n_anchors: 0.0000" in lines[1]
    assert "n_anchors: 0.0000" not in lines[3]
    assert list((folder / "tensorboard").iterdir())


def test_a_stopped_run_ends_with_the_same_numbers(train, finished, tmp_path):
    """Stopped after the initialization of the prototypes; of the same seed."""
    folder = tmp_path / "resumed"
    train(folder, "--number_of_epochs=3")
    second = train(folder)
    assert "Going into epoch 4\n" in second.stdout
    assert "Going into epoch 1\n" not in second.stdout
    assert results(folder)["scores"] == results(finished[0])["scores"]
    assert last_epoch(folder) == last_epoch(finished[0])


def kill_when(process, condition):
    """Ends a process the hard way as soon as something holds."""
    while process.poll() is None and not condition():
        time.sleep(0.002)
    process.kill()
    assert process.wait().returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def continued(train, finished, tmp_path_factory):
    """The run, continued by two processes, and what they are."""
    folder = tmp_path_factory.mktemp("run") / "continued"
    shutil.copytree(finished[0], folder)
    return folder, train(folder, MORE, processes=2, real=True)


def test_a_run_killed_within_an_epoch_ends_the_same(
    train, finished, continued, tmp_path
):
    """Two processes: each has draws and batch statistics of its own."""
    folder = tmp_path / "killed"
    shutil.copytree(finished[0], folder)

    def checkpoints():
        # Their names are of the second: a later one may have the same.
        for file in folder.glob("save/CKPT*/brain.ckpt"):
            with suppress(FileNotFoundError):
                yield file.stat().st_mtime_ns

    seen = set(checkpoints())
    # The first step of an epoch of three leaves one.
    enough = len(seen) + 1

    def within_an_epoch():
        seen.update(checkpoints())
        return len(seen) >= enough

    often = "--ckpt_interval_steps=1"
    killed = train(folder, MORE, often, start_only=True, processes=2)
    kill_when(killed, within_an_epoch)
    second = train(folder, MORE, processes=2)
    assert "Going into epoch 4\n" not in second.stdout
    assert "Going into epoch 7\n" in second.stdout
    assert results(folder)["scores"] == results(continued[0])["scores"]
    assert last_epoch(folder) == last_epoch(continued[0])


def test_test_only_repeats_the_scores(train, finished):
    """Whatever the number of processes."""
    folder, _ = finished
    before = results(folder)["scores"]
    (folder / "results.json").unlink()
    done = train(folder, "--test_only", processes=2)
    assert results(folder)["scores"] == before
    assert "is up to date: nothing to prepare" in done.stderr + done.stdout


def test_debugging_leaves_the_results_of_a_run_alone(train, finished):
    folder, _ = finished
    before = (folder / "results.json").read_bytes()
    train(folder, "--debug", "--lr=0.5")
    assert (folder / "results.json").read_bytes() == before
    assert results(folder / "debug")["scores"]["student"]["clips_scored"] == 6


def test_two_processes_train_test_once_and_write_once(
    train, continued, tmp_path
):
    """Begun by one process, continued by two, finished by one."""
    folder, done = continued
    # One process prints for all, and both count the same steps.
    assert done.stdout.count("Epoch 6: training loss") == 1
    assert done.stdout.count("Saved a checkpoint") == 3
    log = (folder / "train_log.txt").read_text().splitlines()
    assert [line.split(" - ")[0].split(", ")[0:2] for line in log] == [
        [f"epoch: {epoch}", f"step: {3 * epoch}"] for epoch in range(1, 8)
    ]
    scores = results(folder)["scores"]["teacher"]
    assert scores["clips_scored"] == 6 and scores["weak_f1_macro"] >= 0
    assert results(folder)["processes"] == 2
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    last = train(moved, "--number_of_epochs=8")
    assert "Going into epoch 8" in last.stdout
    assert results(moved)["coverage"]["test"] == [6, 6]


def test_another_run_is_not_continued(train, finished):
    done = train(finished[0], "--lr=0.5", check=False)
    assert done.returncode == 2
    message = done.stderr.strip().splitlines()[-1]
    assert "began with lr = 0.01, now it is 0.5" in message


def test_what_is_tuned_on_the_validation_set_is_used_on_the_test_set(
    train, finished, tmp_path
):
    folder = tmp_path / "run"
    shutil.copytree(finished[0], folder)

    def tune(name):
        words = f"--scores {folder}/scores/{name}_teacher.npz --ground-truth "
        words += (
            f"{folder}/manifests/{name}.csv --output {tmp_path}/{name}.yaml "
        )
        words += "--metric intersection_f1 --thresholds --windows 1 3 9"
        assert lgc_sed(["tune", *words.split(), "--n-bootstrap=0"]) == 0
        return f"--overrides={tmp_path}/{name}.yaml"

    train(folder, tune("valid_strong"), "--test_only")
    tuned = TunedSettings.read(tmp_path / "valid_strong.yaml").post_processing
    content = results(folder)
    assert content["median_windows"] == tuned.median_windows
    assert content["decision_threshold"] == tuned.decision_threshold
    # One with the windows of the run, on what it wrote, comes to its scores.
    before = results(finished[0])["scores"]["teacher"]
    test = f"--ground-truth {folder}/manifests/test.csv --profile dcase"
    words = f"evaluate --predictions {folder}/scores/test_teacher.npz {test} "
    words += f"--output {tmp_path}/again --n-bootstrap 0 --no-figures "
    windows = results(finished[0])["median_windows"].values()
    words += f"--median-windows {' '.join(map(str, windows))} "
    words += f"--labels {' '.join(tuned.median_windows)}"
    assert lgc_sed(words.split()) == 0
    (again,) = results(tmp_path / "again")["scores"].values()
    for name in ("event_f1_macro", "segment_f1_micro", "clip_ap_macro"):
        assert again[name] == before[name]

    refused = train(folder, tune("test"), "--test_only", check=False)
    assert refused.returncode == 2
    assert "6 of the 6 clips of the test set are tuned on" in refused.stderr
