import inspect
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lgc_plugin.command_line import read_plain
from lgc_plugin.lgc import LGC
from lgc_plugin.nnet.crnn import CRNN
from lgc_plugin.nnet.features import LogMel

ROOT = Path(__file__).resolve().parents[2]
HPARAMS = ROOT / "hparams"
PAPER = read_plain(HPARAMS / "lgc.yaml", {})


def test_every_key_is_used():
    """By a reference, or by name in the recipe or the brain."""
    text = (HPARAMS / "lgc.yaml").read_text()
    code = "".join(
        (ROOT / name).read_text()
        for name in (
            "recipes/DESED/train.py",
            "recipes/DESED/scored_sets.py",
            "recipes/DESED/small_runs.py",
            "lgc_plugin/brain.py",
            "lgc_plugin/device_brain.py",
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
    overrides = YAML(typ="safe").load(file.read_text())
    assert set(overrides) <= set(PAPER)
    assert "!new" not in file.read_text()


@pytest.mark.parametrize("part", [CRNN, LGC, LogMel])
def test_defaults_in_code_are_the_papers(part):
    for name, parameter in inspect.signature(part).parameters.items():
        if name in PAPER and parameter.default is not inspect.Parameter.empty:
            default, paper = parameter.default, PAPER[name]
            if paper is None:  # made, or taken from the data
                continue
            if isinstance(paper, list):
                default = [
                    list(x) if isinstance(x, tuple) else x for x in default
                ]
            assert default == paper, name


def test_the_numbers_of_the_method():
    assert PAPER["batch_sizes"] == {"strong": 12, "weak": 12, "unlabelled": 24}
    assert PAPER["number_of_epochs"] == 200
    assert (PAPER["ramp_epochs"], PAPER["birth_epoch"]) == (50, 100)
    assert PAPER["n_thresholds"] == 50 and len(PAPER["median_windows"]) == 10
    assert (PAPER["mixup_alpha"], PAPER["mixup_probability"]) == (0.2, 0.5)
    # 118 steps an epoch on DESED, for as many epochs as the ramp takes.
    default = inspect.signature(LGC).parameters["ramp_steps"].default
    assert default == 118 * PAPER["ramp_epochs"]
