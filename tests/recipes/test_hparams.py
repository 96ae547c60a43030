import inspect
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML

from lgc_plugin.augment import (
    AddNoise,
    FilterAugment,
    FrameShift,
    FrequencyWarp,
    Mixup,
    RandomVersions,
    TimeMask,
)
from lgc_plugin.data.resolution import propose_resolution
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.inference.model.hparams_settings import (
    read_arguments,
    settings_of_hparams,
)
from lgc_plugin.inference.model.model_settings import ModelSettings
from lgc_plugin.lgc import LGC
from lgc_plugin.losses.ict import InterpolationConsistency
from lgc_plugin.losses.rct import RandomConsistency
from lgc_plugin.losses.sct import ShiftConsistency
from lgc_plugin.models import encoders
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.models.features import LogMel
from lgc_plugin.utils.hparams import (
    hparams_text,
    load_hparams,
    parse_recipe_arguments,
    read_plain,
)
from lgc_plugin.utils.override_files import ObjectOverride, read_overrides

ROOT = Path(__file__).resolve().parents[2]
HPARAMS = ROOT / "hparams"
PAPER = read_plain(HPARAMS / "lgc.yaml", {})
COMBINATIONS = (
    "mean_teacher supervised lgc_ict lgc_sct lgc_rct lgc_strong_aug "
    "lgc_filter_aug"
).split()
ENCODERS = ("lgc_yamnet", "lgc_beats", "lgc_ssl")


def test_every_key_is_used():
    """By a reference, or by name in the recipe or the brain."""
    files = [HPARAMS / f"{name}.yaml" for name in ("lgc", *ENCODERS)]
    text = "".join(file.read_text() for file in files)
    code = "".join(
        (ROOT / name).read_text()
        for name in (
            "recipes/DESED/train.py",
            "recipes/DESED/pretrained_encoder.py",
            "recipes/DESED/scored_sets.py",
            "recipes/DESED/small_runs.py",
            "lgc_plugin/training/brain.py",
            "lgc_plugin/training/batch_steps.py",
            "lgc_plugin/training/learning_rates.py",
            "lgc_plugin/training/lgc_mixin.py",
            "lgc_plugin/training/async_brain.py",
            "lgc_plugin/training/resume.py",
        )
    )
    unused = [
        key
        for key in PAPER
        if not re.search(rf"<{key}>", text)
        and not re.search(rf"\b{key}\b", code)
        and not key.startswith("__")
    ]
    assert unused == []


@pytest.mark.parametrize(
    "file",
    [f for f in HPARAMS.glob("*.yaml") if f.name != "lgc.yaml"],
    ids=lambda file: file.stem,
)
def test_overrides_change_keys_that_exist(file):
    overrides = read_overrides([str(file)], list(PAPER))
    objects = [k for k, v in overrides.items() if isinstance(v, ObjectOverride)]
    assert objects == ["frame_encoder"] * (file.stem in ENCODERS)


@pytest.mark.parametrize("name", ENCODERS)
def test_files_of_encoders_name_what_there_is(name):
    words = [f"--overrides={HPARAMS / name}.yaml", "--sample_rate=8000"]
    parsed = parse_recipe_arguments([str(HPARAMS / "lgc.yaml"), *words])
    assert parsed.overrides["experiment"] == name
    arguments = read_arguments(HPARAMS / "lgc.yaml", parsed.overrides)
    encoder = arguments["frame_encoder"]
    package, _, part = encoder["!new"].rpartition(".")
    assert package == "lgc_plugin.models.encoders"
    assert encoder["weights"] == parsed.overrides["encoder_weights"]
    assert encoder["sample_rate"] == 8000
    assert arguments["model"]["encoder_size"] == arguments["encoder_size"] > 0
    assert len((HPARAMS / f"{name}.yaml").read_text().splitlines()) < 15
    given = inspect.signature(getattr(encoders, part)).parameters
    assert set(encoder) - {"!new"} <= set(given)


@pytest.mark.parametrize(
    ("part", "prefix"),
    [
        (CRNN, ""),
        (LGC, ""),
        (LogMel, ""),
        (Mixup, "mixup_"),
        (TimeMask, "time_mask_"),
        (FilterAugment, "filter_"),
        (RandomVersions, "rct_"),
        (RandomConsistency, "rct_"),
        (InterpolationConsistency, "ict_"),
        (ShiftConsistency, "sct_shift_"),
    ],
)
def test_defaults_in_code_are_the_papers(part, prefix):
    compared = 0
    for name, parameter in inspect.signature(part).parameters.items():
        key = prefix + {"changes": "augmentations"}.get(name, name)
        # A term of the file is off; where it is on is compared below.
        if key.endswith("ct_weight"):
            continue
        if key in PAPER and parameter.default is not inspect.Parameter.empty:
            default, paper = parameter.default, PAPER[key]
            compared += 1
            if paper is None:  # made, or taken from the data
                continue
            if isinstance(paper, list):
                default = [
                    list(x) if isinstance(x, tuple) else x for x in default
                ]
            assert default == paper, name
    assert compared > 0


@pytest.mark.parametrize("pooling", [1, 2, 4])
def test_frames_follow_the_pooling_of_the_network(tmp_path, pooling):
    """Of the network, of the labels, and of the finished detector."""
    resolution = propose_resolution({"Cat": [0.008 * pooling]}, 250000)
    overrides = {
        "clip_seconds": 1.0,
        "labels": ["Cat"],
        "sample_rate": 250000,
        "hop_length": resolution.hop_length,
        "pooling": [list(pair) for pair in resolution.pooling],
        "win_length": resolution.win_length,
        "n_fft": resolution.n_fft,
        "f_max": resolution.f_max,
        "median_windows": resolution.median_windows,
    }
    words = [f"--{key}={json.dumps(each)}" for key, each in overrides.items()]
    hparams = made_by(tmp_path, words=words)
    encoder, model = hparams["encoder"], hparams["model"]
    assert encoder.pooling == model.time_pooling == resolution.time_pooling
    assert encoder.frame_seconds == resolution.frame_seconds
    mels = hparams["front_end"](torch.rand(1, 25000))
    n_frames = (25000 // resolution.hop_length + 1) // encoder.pooling
    assert model(mels).frame.shape == (1, 1, n_frames)
    arguments = read_arguments(HPARAMS / "lgc.yaml", overrides)
    settings = settings_of_hparams(arguments, {})
    assert settings.frame_seconds == resolution.frame_seconds
    assert settings.front_end["f_max"] == 125000
    assert settings.front_end["win_length"] == resolution.win_length
    assert ModelSettings.from_mapping(settings.as_mapping()) == settings


def test_the_numbers_of_the_method():
    assert PAPER["batch_sizes"] == {"strong": 12, "weak": 12, "unlabeled": 24}
    assert PAPER["number_of_epochs"] == 200
    assert (PAPER["rampup_epochs"], PAPER["contrast_start_epoch"]) == (50, 100)
    assert PAPER["n_thresholds"] == 50 and len(PAPER["median_windows"]) == 10
    assert (PAPER["mixup_alpha"], PAPER["mixup_probability"]) == (0.2, 0.5)
    # 118 steps an epoch on DESED, for as many epochs as the ramp takes.
    default = inspect.signature(LGC).parameters["rampup_steps"].default
    assert default == 118 * PAPER["rampup_epochs"]


def test_post_processing_has_the_defaults_of_the_object():
    plain = {x.name: x.default for x in fields(PostProcessing)}
    text = (HPARAMS / "lgc.yaml").read_text()
    for name in plain.keys() - {"median_windows", "thresholds"}:
        assert PAPER[name] == plain[name], name
        assert f"    {name}: !ref <{name}>" in text
        assert name in PAPER["may_change"]


def test_terms_in_code_have_the_numbers_of_the_files():
    """The weight where one is switched on."""
    for part, name in (
        (InterpolationConsistency, "ict"),
        (ShiftConsistency, "sct"),
        (RandomConsistency, "rct"),
    ):
        file = HPARAMS / f"lgc_{name}.yaml"
        assert part().weight == YAML(typ="safe").load(file)[f"{name}_weight"]


def made_by(tmp_path, *names, words=()):
    """The objects of lgc.yaml with files of overrides, as the recipe does."""
    files = [f"--overrides={HPARAMS / name}.yaml" for name in names]
    words = ["--labels=[Cat, Dog]", *files, *words]
    words += [f"--output_folder={tmp_path}"]
    parsed = parse_recipe_arguments([str(HPARAMS / "lgc.yaml"), *words])
    overrides = {**parsed.overrides, "checkpointer": None}
    overrides.update(train_logger=None, tensorboard_logger=None)
    return load_hparams(hparams_text(HPARAMS / "lgc.yaml", overrides))


def switches(hparams):
    """What of the combinations is on."""
    lgc = hparams["lgc"]
    assert lgc._augment == hparams["views"]
    steps = {
        type(step): step
        for name in ("wav_augmentations", "augmentations", "views")
        for step in hparams[name]
    }
    return {
        "mean_teacher": lgc.consistency_weight > 0,
        "cutmix": lgc.cutmix_weight > 0,
        "contrast": lgc.contrast_weight > 0,
        **{name: term.weight > 0 for name, term in lgc.terms.items()},
        "versions": steps[RandomVersions].active > 0,
        "shift": steps[FrameShift].std > 0,
        "mask": steps[TimeMask].active,
        "mixup": steps[Mixup].probability > 0,
        "warp": steps[FrequencyWarp].ratio is not None,
        "filter": steps[FilterAugment].kind is not None,
        "noise": steps[AddNoise].snr is not None,
    }


def test_steps_follow_each_other_as_published(tmp_path):
    """Shift, mask and mixup for both networks; views are warped first."""
    hparams = made_by(tmp_path)
    order = [type(s) for s in hparams["augmentations"] + hparams["views"]]
    shared, views = (
        [FrameShift, TimeMask, Mixup],
        [FrequencyWarp, FilterAugment],
    )
    assert order == [*shared, *views, AddNoise]


@pytest.mark.parametrize(
    ("names", "others", "missing"),
    [
        ((), "", ""),
        (("mean_teacher",), "", "cutmix contrast"),
        (("supervised",), "", "mean_teacher cutmix contrast"),
        (("lgc_ict",), "ict", ""),
        (("mini", "lgc_sct"), "sct", ""),
        (("lgc_rct",), "rct versions", "mixup"),
        (("mini", "lgc_filter_aug"), "filter", ""),
        (("mini", "lgc_strong_aug"), "shift mask warp filter", ""),
        (("mean_teacher", "lgc_ict", "lgc_sct"), "ict sct", "cutmix contrast"),
    ],
    ids=str,
)
def test_files_of_overrides_combine(tmp_path, names, others, missing):
    expected = {"mean_teacher", "cutmix", "contrast", "mixup"}
    expected |= set(others.split())
    expected -= set(missing.split())
    hparams = made_by(tmp_path, *names)
    on = {name for name, is_on in switches(hparams).items() if is_on}
    assert on == expected
    assert hparams["n_mels"] == (40 if "mini" in names else 128)


@pytest.mark.parametrize("name", COMBINATIONS)
def test_a_combination_is_a_few_lines_with_results_of_its_own(name):
    text = (HPARAMS / f"{name}.yaml").read_text()
    assert text.startswith("# Overrides of lgc.yaml")
    assert len(text.splitlines()) < 15
    assert YAML(typ="safe").load(text)["experiment"] == name
