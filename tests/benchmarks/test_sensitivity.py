"""Plan, table and figure of varied settings, without any training."""

import json
import re
from contextlib import contextmanager
from pathlib import Path
from subprocess import CalledProcessError

import pytest
import sensitivity
import sensitivity_figure
from ablation_profile import read_profile
from ablation_report import SCORES
from ablation_runs import ROOT, plan_runs, train_command
from matplotlib.figure import Figure
from sensitivity_results import mean_anchors, read_settings
from sensitivity_runs import plan
from sensitivity_settings import (
    REFERENCE,
    TITLES,
    Setting,
    plan_settings,
)
from sensitivity_starts import give_starts, plan_starts, shares_start
from speechbrain.utils.train_logger import FileTrainLogger

from lgc_plugin.command_line import parse_recipe_arguments
from lgc_plugin.files import write_json
from lgc_plugin.same_run import check_same_run

EPOCHS = 4


@pytest.fixture(scope="module")
def usual():
    return read_profile([])


@pytest.fixture(scope="module")
def profile():
    return read_profile([f"--number_of_epochs={EPOCHS}", "--birth_epoch=2"])


def write_run(run, profile, psds1, anchors=5.0, tested=EPOCHS):
    """A finished run; the other scores follow from PSDS1."""
    scores = {name: psds1 + i / 10 for i, name in enumerate(SCORES)}
    changed = dict(
        word.removeprefix("--").split("=") for word in run.method.words
    )
    own = {key: json.loads(value) for key, value in changed.items()}
    record = {**profile, **own, "seed": run.seed, "labels": ["Cat", "Dog"]}
    run.folder.mkdir(parents=True)
    check_same_run(run.folder, record)  # writes what the recipe does
    results = {
        "scores": {"student": dict.fromkeys(SCORES, 0.0), "teacher": scores},
        "median_windows": {"Cat": 5},
        "versions": {"torch": "2"},
        "epoch": tested,
    }
    (run.folder / "results.json").write_text(json.dumps(results))
    logger = FileTrainLogger(str(run.folder / "train_log.txt"), precision=4)
    for epoch in range(1, EPOCHS + 1):
        n_anchors = anchors * epoch if epoch > record["birth_epoch"] else 0.0
        train = {"loss": 1.3, "contrast": 0.5, "n_anchors": n_anchors}
        meta = {"epoch": epoch, "step": 30 * epoch}
        logger.log_stats(meta, train, {"loss": 0.5}, verbose=False)


def write_runs(folder, profile, method, scores, **facts):
    for run in plan_runs(folder, [method], list(scores)):
        write_run(run, profile, scores[run.seed], **facts)


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


def value_in_files(key):
    """What the last of the ablation's files says of a key, line by line."""
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
    births = plan_settings(
        ["birth_epoch"], {"birth_epoch": 50, "number_of_epochs": 120}
    )
    assert births[0].values == (20, 50, 60, 100)


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


def test_anchors_are_those_after_the_birth(momentum, tmp_path):
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
    assert one[:2] + one[5:] == ["0.99", "1"] + 2 * ["+0.010 ± -"] + ["346.5"]
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
    monkeypatch.setattr(sensitivity, "_HERE", tmp_path / "here")
    folder = tmp_path / "runs of mine"
    train = f"--train=--number_of_epochs={EPOCHS} --birth_epoch=2"
    words = ["--report", "--folder", str(folder), train]
    words += ["--settings", "temperature,n_prototypes"]
    assert sensitivity.main(words) == 1
    assert "no finished run" in capsys.readouterr().err
    settings = plan_settings(["temperature", "n_prototypes"], profile)
    runs = plan(folder, settings, [1])
    for number, run in enumerate(runs):
        tested = 2 if number == 1 else 3
        write_run(run, profile, number / 100, tested=tested)
    said = {"bank": {"name": "mine"}, "options": {"seed": 1, "strong": 9}}
    write_json(runs[0].data / "soundscapes.json", said)
    assert sensitivity.main([*words, "--write"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if line.startswith("| temp")]
    assert len(rows) == 3
    (note,) = [line for line in lines if "before the prototypes" in line]
    assert note.startswith(f"{runs[1].method.title}, seed 1: tested is epoch 2")
    for place in (folder, tmp_path / "here" / "ablation"):
        assert (place / "sensitivity.png").stat().st_size > 10_000
    written = tmp_path / "here" / "ablation" / "sensitivity.json"
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
    words += [f"--train=--number_of_epochs={EPOCHS} --birth_epoch=2"]
    assert sensitivity.main(words) == 2
    said = capsys.readouterr().err
    assert "lr = 7.0" in said and str(run.folder) in said


def test_training_is_that_of_the_ablation(tmp_path, monkeypatch, capsys):
    made, trained, begun = [], [], []

    def train(runs, words, jobs, tell):
        assert jobs == 3
        if words != ["--lr=0.5"]:
            # Until the epoch before the birth, for the runs to continue.
            epochs = sensitivity.read_profile(["--lr=0.5"])["birth_epoch"] - 1
            assert words == ["--lr=0.5", f"--number_of_epochs={epochs}"]
            begun.extend(runs)
            return []
        trained.extend(runs)
        return runs[:1]

    monkeypatch.setattr(sensitivity, "make_data", lambda *a: made.append(a[0]))
    monkeypatch.setattr(sensitivity, "train_all", train)
    words = ["--settings=neg_threshold", "--jobs=3", "--train=--lr=0.5"]
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


def test_what_acts_after_the_birth_continues_one_start(profile, tmp_path):
    settings = plan_settings(list(TITLES), profile)
    runs = plan(tmp_path, settings, [1, 2])
    late = [run for run in runs if shares_start(run, profile)]
    names = {run.method.name.partition("=")[0] for run in late}
    assert names == {*TITLES} - {"n_prototypes"}
    assert not any("birth_epoch=1" in run.method.name for run in late)
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
    ("words", "said"),
    [
        (["--settings=magic"], "'magic' is unknown"),
        (["--jobs=0"], "--jobs must be at least 1"),
        (["--train=--seed=1"], "seed is each run's own"),
        (["--train=--no_such_key=1"], "no_such_key: unknown option"),
        (["--train=--overrides=no_such.yaml"], "no_such.yaml"),
    ],
)
def test_wrong_options(words, said, capsys):
    with pytest.raises(SystemExit):
        sensitivity.parse(words)
    assert said in capsys.readouterr().err


def test_settings_are_varied_around_what_is_set_for_all_runs(tmp_path):
    given = ["--train=--temperature=1 --birth_epoch=12", "--seeds", "1"]
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
    assert (default["temperature"], default["birth_epoch"]) == (1, 12)
    for name, overrides in trained.items():
        key, _, value = name.partition("=")
        assert overrides[key] == float(value) != default.get(key)
