"""Which runs vary which setting, without any training."""

import re
from pathlib import Path
from subprocess import CalledProcessError

import pytest
import sensitivity
from ablation_profile import read_profile
from ablation_runs import ROOT, train_command
from sensitivity_cases import small_profile, write_run
from sensitivity_plan import (
    TITLES,
    give_starts,
    plan,
    plan_settings,
    plan_starts,
    shares_start,
)

from lgc_plugin.utils.hparams import parse_recipe_arguments


@pytest.fixture(scope="module")
def usual():
    return read_profile([])


@pytest.fixture(scope="module")
def profile():
    return small_profile()


def value_in_files(key):
    """What the last of the ablation's files sets for a key, line by line."""
    files = ("hparams/lgc.yaml", "hparams/mini.yaml")
    files += ("benchmarks/ablation/steps.yaml",)
    lines = "\n".join((ROOT / file).read_text() for file in files)
    return float(re.findall(rf"^{key}: ([\d.]+)", lines, re.MULTILINE)[-1])


def test_defaults_are_those_of_the_files_and_among_the_values(usual):
    settings = plan_settings(list(TITLES), usual)
    assert [setting.name for setting in settings] == list(TITLES)
    for setting in settings:
        assert setting.default == value_in_files(setting.name)
        assert setting.default in setting.values
        assert len(setting.values) >= 3
        assert list(setting.values) == sorted(set(setting.values))
    starts = plan_settings(
        ["contrast_start_epoch"],
        {"contrast_start_epoch": 50, "number_of_epochs": 120},
    )
    assert starts[0].values == (20, 50, 60, 100)


def test_each_run_differs_from_lgc_by_its_own_setting(usual):
    settings = plan_settings(list(TITLES), usual)
    runs = plan(Path("/x"), settings, [4, 7])
    assert len({run.folder for run in runs}) == len(runs)
    n_values = sum(len(setting.values) - 1 for setting in settings)
    assert len(runs) == 2 * (1 + n_values)
    assert [run.seed for run in runs] == sorted(run.seed for run in runs)

    def overrides(run):
        words = train_command(run, [])[2:]
        words.remove("--noprogressbar")
        found = parse_recipe_arguments(words).overrides
        assert found.pop("output_folder") == str(run.folder)
        return found

    default = overrides(runs[0])
    for run in runs[1 : 1 + n_values]:
        own = overrides(run)
        assert default.keys() <= own.keys()
        changed = {k: v for k, v in own.items() if default.get(k) != v}
        ((name, value),) = changed.items()
        assert name in TITLES and value != usual[name]
        assert run.folder.parent.name == f"{name}={value}"


def test_settings_are_varied_around_what_is_set_for_all_runs(tmp_path):
    given = [
        "--train=--temperature=1 --contrast_start_epoch=12",
        "--seeds",
        "1",
    ]
    options = sensitivity.parse([*given, f"--folder={tmp_path}"])
    settings = {setting.name: setting for setting in options.settings}
    assert settings["temperature"].default == 1
    assert settings["temperature"].values == (0.05, 0.1, 0.5, 1)
    runs = plan(tmp_path, options.settings, [1])
    trained = {}
    for run in runs:
        words = train_command(run, options.train.split())[2:]
        words.remove("--noprogressbar")
        trained[run.method.name] = parse_recipe_arguments(words).overrides
    default = trained.pop("lgc")
    assert (default["temperature"], default["contrast_start_epoch"]) == (1, 12)
    for name, overrides in trained.items():
        key, _, value = name.partition("=")
        assert overrides[key] == float(value) != default.get(key)


def test_training_is_that_of_the_ablation(tmp_path, monkeypatch, capsys):
    made, trained, begun = [], [], []

    def train(runs, words, n_jobs, tell):
        assert n_jobs == 3
        if words != ["--lr=0.5"]:
            # Until the epoch before the initialization, for the runs to
            # continue.
            epochs = (
                sensitivity.read_profile(["--lr=0.5"])["contrast_start_epoch"]
                - 1
            )
            assert words == ["--lr=0.5", f"--number_of_epochs={epochs}"]
            begun.extend(runs)
            return []
        trained.extend(runs)
        return runs[:1]

    monkeypatch.setattr(sensitivity, "make_data", lambda *a: made.append(a[0]))
    monkeypatch.setattr(sensitivity, "train_all", train)
    words = ["--settings=neg_threshold", "--n-jobs=3", "--train=--lr=0.5"]
    words += ["--seeds", "5", "6", "5", "--folder", str(tmp_path)]
    assert sensitivity.main(words) == 1
    assert [run.data.name for run in made] == ["5", "6"]
    names = [run.method.name for run in trained]
    assert names[0] == names[3] == "lgc"
    assert len(set(names)) == 3 and len(names) == 6
    assert [run.seed for run in begun] == [5, 6]
    assert len({run.method.name for run in begun} | set(names)) == 4

    def fail(*_):
        raise CalledProcessError(2, ["lgc-sed", "soundscapes"])

    monkeypatch.setattr(sensitivity, "make_data", fail)
    assert sensitivity.main(words) == 2
    assert "no data: lgc-sed soundscapes failed" in capsys.readouterr().err


def test_what_acts_after_initialization_continues_one_start(profile, tmp_path):
    settings = plan_settings(list(TITLES), profile)
    runs = plan(tmp_path, settings, [1, 2])
    late = [run for run in runs if shares_start(run, profile)]
    names = {run.method.name.partition("=")[0] for run in late}
    assert names == {*TITLES} - {"n_prototypes"}
    assert not any("contrast_start_epoch=1" in run.method.name for run in late)
    starts = plan_starts(runs, profile, tmp_path)
    assert [start.seed for start in starts] == [1, 2]
    # One start failed; one run began by itself, another is finished.
    write_run(starts[1], profile, 0.1)
    (starts[1].folder / "save" / "CKPT").mkdir(parents=True)
    begun, finished, *others = [run for run in late if run.seed == 2]
    (begun.folder / "save" / "its own").mkdir(parents=True)
    write_run(finished, profile, 0.2)
    give_starts(runs, starts, profile)
    given = [run for run in runs if (run.folder / "save" / "CKPT").exists()]
    assert given == others and len(others) > 5
    assert [f.name for f in begun.folder.glob("save/*")] == ["its own"]
    assert plan_starts([*others, finished, begun], profile, tmp_path) == []


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["--settings=magic"], "'magic' is unknown"),
        (["--n-jobs=0"], "--n-jobs must be at least 1"),
        (["--train=--seed=1"], "seed is each run's own"),
        (["--train=--no_such_key=1"], "no_such_key: unknown option"),
        (["--train=--overrides=no_such.yaml"], "no_such.yaml"),
    ],
)
def test_wrong_options(words, printed, capsys):
    with pytest.raises(SystemExit):
        sensitivity.parse(words)
    assert printed in capsys.readouterr().err
