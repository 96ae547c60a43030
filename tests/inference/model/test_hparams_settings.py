"""Settings of a detector from the hparams file of its training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hyperpyyaml import load_hyperpyyaml
from ruamel.yaml import YAML

from encoder_model_cases import SAVED
from lgc_plugin.inference.model.hparams_settings import (
    OtherPartError,
    read_arguments,
    settings_of_hparams,
)
from lgc_plugin.inference.model.model_folder import read_model, write_model
from lgc_plugin.utils.hparams import hparams_text, read_plain, save_hparams

HPARAMS = Path(__file__).resolve().parents[3] / "hparams"
LGC = HPARAMS / "lgc.yaml"
LABELS = ["Dog", "Bell", "Cat"]
MINI = YAML(typ="safe").load((HPARAMS / "mini.yaml").read_text())
VERSIONS = {"torch": torch.__version__}
SMALL = {**MINI, "labels": LABELS, "seed": 7}


def settings_of(overrides, file=LGC, **options):
    plain = read_arguments(file, overrides)
    return settings_of_hparams(plain, VERSIONS, **options)


def test_the_papers_settings():
    labels = list("abcdefghij")
    settings = settings_of({"labels": labels})
    assert settings.labels == tuple(labels)
    assert settings.frame_seconds == 0.064 and settings.clip_seconds == 10.0
    assert settings.network["filters"][-1] == 128
    assert list(settings.post_processing.median_windows.values())[:3] == [
        3,
        28,
        7,
    ]
    assert settings.post_processing.decision_threshold == 0.5
    assert settings.notes == {"experiment": "lgc", "seed": 42}
    assert settings.versions == VERSIONS


def test_plain_values_are_those_of_the_recipe():
    arguments, plain = read_arguments(LGC, SMALL), read_plain(LGC, SMALL)
    assert list(arguments) == list(plain)
    objects = ("modules", "wav_augmentations", "augmentations", "views")
    for key, value in plain.items():
        if value is not None and key not in objects:
            assert arguments[key] == value, key
    assert arguments["opt_class"] is None  # !name
    assert arguments["n_classes"] is None  # !apply


def test_a_folder_gives_the_scores_of_the_recipes_own_parts(tmp_path):
    """Whatever was overridden, also within a part."""
    overrides = {
        **SMALL,
        "front_end": {"n_fft": 1024, "f_min": 50.0},
        "model": {"rnn_layers": 2, "rnn_dropout": 0.1},
        "output_folder": str(tmp_path / "run"),
    }
    text = hparams_text(LGC, overrides)
    wavs = torch.rand(2, 40_000) - 0.5
    with torch.random.fork_rng(devices=[]):
        hparams = load_hyperpyyaml(text)
    student, teacher = hparams["model"], hparams["lgc"].teacher.network
    with torch.no_grad():
        student.frame_head.bias += 1.0
    networks = {"student": student.eval(), "teacher": teacher.eval()}
    settings = settings_of(overrides)
    write_model(tmp_path / "run" / "model", settings, networks)
    assert settings.network["rnn_dropout"] == 0.1
    encoder, ours = hparams["encoder"], settings.encoder()
    assert vars(encoder) == vars(ours)
    for name, network in networks.items():
        model = read_model(tmp_path / "run", name)
        with torch.no_grad():
            expected = network(hparams["front_end"](wavs)).frame
            found = model.network(model.front_end(wavs)).frame
        assert torch.equal(found, expected)


def test_the_file_that_a_run_keeps_gives_the_same(tmp_path):
    save_hparams(tmp_path, hparams_text(LGC, SMALL))
    saved = settings_of({}, file=tmp_path / "hyperparams.yaml")
    assert saved == settings_of(SMALL)


def test_arguments_that_the_file_leaves_out_are_the_defaults(tmp_path):
    file = tmp_path / "short.yaml"
    file.write_text(
        "labels: [Cat]\nclip_seconds: 4.0\nmedian_windows: 3\n"
        "decision_threshold: 0.4\nfront_end: !new:lgc_plugin.LogMel {}\n"
        "model: !new:lgc_plugin.models.crnn.CRNN\n  rnn_size: 8\n"
    )
    settings = settings_of({}, file)
    assert settings.network["rnn_size"] == 8
    assert settings.network["rnn_layers"] == 2
    assert settings.front_end["n_fft"] == 2048
    assert settings.notes == {}


def test_windows_by_class_and_where_they_come_from():
    windows = {"Cat": 1, "Bell": 2, "Dog": 3}
    tuned_on = {
        "metric": "psds1",
        "frame_seconds": 0.128,
        "ground_truth": "valid.csv",
        "clips": ["a.wav", "b.wav"],
    }
    overrides = {**SMALL, "median_windows": windows, "tuned_on": tuned_on}
    settings = settings_of(overrides, notes={"epoch": 3})
    assert list(settings.post_processing.median_windows.items()) == [
        ("Dog", 3),
        ("Bell", 2),
        ("Cat", 1),
    ]
    assert settings.notes["tuned_on"] == {**tuned_on, "clips": 2}
    assert settings.notes["epoch"] == 3


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"labels": None}, "labels are not known"),
        ({"model": None}, "read the hparams file with read_arguments"),
        (
            {"model": {"!new": "my.Transformer", "heads": 4}},
            "model is made by my.Transformer: only one of lgc_plugin.models",
        ),
        (
            {"model": {"!new": "lgc_plugin.CRNN", "n_mels": 40, "heads": 4}},
            "network: unknown heads",
        ),
        ({"median_windows": [1, 2]}, "2 median windows for 3 classes"),
        ({"n_mels": 64, "front_end": {}}, "front_end is made by None"),
    ],
)
def test_what_cannot_be_written_is_refused_before_training(changes, message):
    plain = {**read_arguments(LGC, SMALL), **changes}
    with pytest.raises(ValueError, match=message):
        settings_of_hparams(plain, VERSIONS)


@pytest.mark.parametrize(
    "key", ["labels", "clip_seconds", "front_end", "model"]
)
def test_a_key_that_is_missing_is_named(key):
    plain = read_arguments(LGC, SMALL)
    del plain[key]
    with pytest.raises(ValueError, match=f"hparams have no {key}"):
        settings_of_hparams(plain, VERSIONS)


def with_encoder(**entry):
    """What read_arguments gives for a run with a pretrained encoder."""
    plain = read_arguments(LGC, {**SMALL, "model": {"encoder_size": 6}})
    return {**plain, "frame_encoder": entry}


def test_the_encoder_is_named_with_all_its_arguments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain = with_encoder(**{"!new": SAVED, "weights": "tiny.pt"})
    settings = settings_of_hparams(plain, VERSIONS)
    assert settings.network["encoder_size"] == 6
    assert settings.frame_encoder == {
        "class": SAVED,
        "arguments": {
            "weights": str(tmp_path / "tiny.pt"),
            "size": 6,
            "sample_rate": 16000,
        },
        "fingerprint": None,
    }


def test_an_encoder_of_another_class_cannot_be_named():
    plain = with_encoder(**{"!new": "my.Encoder", "weights": "tiny.pt"})
    with pytest.raises(OtherPartError, match="frame_encoder is made by my.En"):
        settings_of_hparams(plain, VERSIONS)


@pytest.mark.parametrize(
    "entry, message",
    [
        ({}, "frame_encoder.arguments: missing weights"),
        ({"weights": None}, "weights is None: must be a path"),
        ({"weights": "a", "layer": 3}, "arguments: unknown layer"),
        ({"weights": "a", "sample_rate": 8000}, "the front end has 16000"),
    ],
)
def test_an_encoder_that_cannot_be_made_is_refused(entry, message):
    plain = with_encoder(**{"!new": SAVED, **entry})
    with pytest.raises(ValueError, match=message):
        settings_of_hparams(plain, VERSIONS)


def test_encoder_and_encoder_size_belong_together():
    plain = with_encoder(**{"!new": SAVED, "weights": "tiny.pt"})
    with pytest.raises(ValueError, match="encoder_size is 6, and there is no"):
        settings_of_hparams({**plain, "frame_encoder": None}, VERSIONS)
    plain["model"]["encoder_size"] = 0
    with pytest.raises(ValueError, match="encoder_size is 0, and there is a"):
        settings_of_hparams(plain, VERSIONS)
