"""The model folder of a run needs nothing else of it."""

import json
import logging
import shutil
from importlib import metadata

import numpy as np
import pandas as pd
import pytest
import soundfile

from finished_model import plan_model
from lgc_plugin import SoundEventDetector
from lgc_plugin.cli.main import main
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.inference.model.hparams_settings import read_arguments
from lgc_plugin.inference.model.model_files import MODEL_FOLDER
from lgc_plugin.inference.model.model_folder import read_model

HPARAMS = "hparams/lgc.yaml"
NEEDED = {"labels": ["Cat", "Dog"], "median_windows": 7}


@pytest.fixture(scope="module")
def finished(train, tmp_path_factory):
    """A run, and its process."""
    folder = tmp_path_factory.mktemp("run") / "whole"
    return folder, train(folder)


@pytest.fixture(scope="module")
def model(finished, tmp_path_factory):
    """The model folder alone, somewhere else."""
    folder = tmp_path_factory.mktemp("elsewhere") / "copy"
    return shutil.copytree(finished[0] / MODEL_FOLDER, folder)


@pytest.mark.parametrize("network", ["student", "teacher"])
def test_clips_get_the_scores_of_the_test(dataset, finished, model, network):
    tested = FrameScores.load(finished[0] / f"scores/test_{network}.npz")
    detector = SoundEventDetector.from_hparams(
        model, network, run_opts={"device": "cpu"}
    )
    assert detector.labels == tested.labels
    for clip in tested.clips:
        (path,) = dataset.rglob(f"validation/{clip}")
        scores = detector.scores(*soundfile.read(path))
        np.testing.assert_allclose(scores, tested.of(clip), atol=1e-6, rtol=0)


def test_clips_get_the_events_of_the_test(dataset, finished, model):
    detector = SoundEventDetector.from_hparams(model)
    file = finished[0] / "predictions/teacher/predictions_th_0.50.tsv"
    expected = pd.read_csv(file, sep="\t")
    assert len(expected) > 5
    columns = ["filename", "onset", "offset", "event_label"]
    found = pd.concat(
        detector.detect_file(path).assign(filename=path.name)
        for path in dataset.rglob("audio/validation/**/*.wav")
        if "synthetic" not in str(path)
    )
    pd.testing.assert_frame_equal(
        found[columns].sort_values(columns, ignore_index=True),
        expected[columns].sort_values(columns, ignore_index=True),
        check_exact=False,
        atol=1e-6,
    )


def test_what_is_detected_scores_as_the_run_says(
    dataset, finished, model, tmp_path
):
    folder = dataset / "audio/validation/validation"
    table, scores = tmp_path / "events.tsv", tmp_path / "scores"
    words = f"detect {folder} --model {model} --output {table} --quiet"
    assert main(words.split()) == 0
    words = f"evaluate --predictions {table} --profile dcase --n-bootstrap 0 "
    words += (
        f"--ground-truth {finished[0]}/manifests/test.csv --output {scores} "
    )
    # Six clips do not have all classes of the model in them.
    words += f"--labels {' '.join(read_model(model).settings.labels)}"
    assert main([*words.split(), "--no-figures"]) == 0
    (found,) = results(scores).values()
    expected = results(finished[0])["teacher"]
    names = ("event_f1", "segment_f1", "intersection_f1")
    for name in (f"{n}_{mean}" for n in names for mean in ("macro", "micro")):
        assert found[name] == pytest.approx(expected[name], abs=1e-12)
    assert expected["segment_f1_micro"] > 0


def results(folder):
    return json.loads((folder / "results.json").read_text())["scores"]


def test_the_model_names_its_run(finished, model):
    settings = SoundEventDetector.from_hparams(model).settings
    assert settings.notes["seed"] == 42
    assert settings.notes["epoch"] in (1, 2, 3, 4)
    assert settings.versions["torch"] == metadata.version("torch")
    assert settings.post_processing.decision_threshold == 0.5
    assert set(settings.post_processing.median_windows.values()) == {3}
    assert f"--model {finished[0]}" in finished[1].stdout


def test_other_networks_train_without_a_model_folder(tmp_path, caplog):
    hparams = tmp_path / "own.yaml"
    text = open(HPARAMS).read()
    hparams.write_text(
        text.replace("!new:lgc_plugin.models.crnn.CRNN", "!new:my.Transformer")
    )
    with caplog.at_level(logging.WARNING):
        arguments = read_arguments(hparams, NEEDED)
        assert plan_model(arguments, tmp_path / "run") is None
    assert "model is made by my.Transformer" in caplog.text
    arguments = read_arguments(HPARAMS, NEEDED)
    assert plan_model(arguments, tmp_path / "run") is not None


def test_what_is_in_the_way_is_refused_before_training(train, tmp_path):
    (tmp_path / "run" / MODEL_FOLDER).mkdir(parents=True)
    (tmp_path / "run" / MODEL_FOLDER / "thesis.txt").touch()
    done = train(tmp_path / "run", check=False)
    assert done.returncode == 2
    assert "something else than a model (thesis.txt)" in done.stderr
    assert not (tmp_path / "run" / "save").exists()
