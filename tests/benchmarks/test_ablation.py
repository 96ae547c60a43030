"""Pooled comparisons and tables of an ablation, without any training."""

import json

import ablation
import numpy as np
import pytest
from ablation_profile import changed_settings, check_runs, read_profile
from ablation_report import (
    SCORES,
    compare_pair,
    difference_table,
    plot_scores,
    pool,
    score_table,
    seed_scores,
)
from ablation_runs import (
    HEADLINE,
    METHODS,
    pairs,
    plan_runs,
    train_all,
    train_command,
)

from forked import run_forked
from lgc_plugin.data.manifest import ClipRow, write_manifest
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.training.resume import check_same_run
from lgc_plugin.types import Event, LabelKind
from lgc_plugin.utils.hparams import parse_recipe_arguments

LABELS = ("Cat", "Dog")
WINDOWS = {"Cat": 1, "Dog": 1}


def write_run(run, hit_rate, n_clips=20):
    """A run whose network finds that share of the events, of whole seconds."""
    rng = np.random.default_rng(run.seed)
    clips = [f"{number:02}" for number in range(n_clips)]
    scores, rows = np.full((n_clips, 2, 8), 0.1, dtype=np.float32), []
    for number, clip in enumerate(clips):
        label, onset = int(rng.integers(2)), int(rng.integers(6))
        event = Event(float(onset), float(onset + 2), LABELS[label])
        rows.append(ClipRow(clip, 8.0, "a.wav", LabelKind.STRONG, (event,)))
        if rng.random() < hit_rate:
            scores[number, label, onset : onset + 2] = 0.9
    (run.folder / "manifests").mkdir(parents=True)
    write_manifest(rows, run.folder / "manifests" / "test.csv")
    FrameScores(
        LABELS,
        tuple(f"{clip}.wav" for clip in clips),
        scores,
        np.full(n_clips, 8),
        np.arange(9.0),
    ).save(run.folder / "scores" / "test_teacher.npz")
    numbers = {name: hit_rate + run.seed / 100 for name in SCORES}
    results = {"scores": {"teacher": numbers}, "median_windows": WINDOWS}
    results["versions"] = {"torch": "2"}
    (run.folder / "results.json").write_text(json.dumps(results))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablation")
    methods = [METHODS[name] for name in HEADLINE[::-1]]
    runs = plan_runs(folder, methods, [1, 2])
    for run in runs:
        write_run(run, {"lgc": 1.0, "supervised": 0.5}[run.method.name])
    return folder, runs


def pooled(runs, name, folder):
    return pool([run for run in runs if run.method.name == name], folder)


def test_methods_are_compared_on_the_clips_of_all_seeds(runs, tmp_path):
    lgc, teacher = (pooled(runs[1], name, tmp_path) for name in HEADLINE)
    assert len(FrameScores.load(lgc).clips) == 40
    found = compare_pair(lgc, teacher, WINDOWS, resamples=50)
    event_f1 = found["event_f1"]["micro"]
    # Of 40 events one finds all, the other some, and neither makes any up.
    loud = FrameScores.load(teacher).scores > 0.5
    hits = int(loud.any(axis=(1, 2)).sum())
    assert 10 < hits < 30
    expected = 1 - 2 * hits / (40 + hits)
    assert event_f1["difference"] == pytest.approx(expected)
    assert event_f1["interval"][0] > 0
    same = compare_pair(lgc, lgc, WINDOWS, resamples=50)
    assert same["psds1"]["value"]["difference"] == 0
    scores = {
        name: dict.fromkeys(SCORES, numbers)
        for name, numbers in zip(
            HEADLINE, ([0.3, 0.2], [0.2, 0.2]), strict=True
        )
    }
    pairs = {HEADLINE: found, HEADLINE[::-1]: same}
    table = difference_table(pairs, scores)
    better, equal = table.splitlines()[2:]
    assert better.startswith("| + prototypes = LGC - supervised | **+0.")
    assert "**" not in equal
    assert better.endswith("| 1/2 | 1/2 |") and equal.endswith("| 0/2 | 0/2 |")


def test_tables_and_picture(runs, tmp_path):
    scores = seed_scores(runs[1])
    assert scores["lgc"]["psds1"] == [1.01, 1.02]
    row = score_table(scores).splitlines()[2]
    assert row.startswith("| supervised | 2 | 0.515 ± 0.007 |")
    plot_scores(scores, tmp_path / "scores.png")
    assert (tmp_path / "scores.png").stat().st_size > 10_000


def test_each_method_differs_from_what_it_is_compared_with():
    (run,) = plan_runs(ablation.Path("x"), [METHODS["lgc"]], [7])
    known = {}
    for name, method in METHODS.items():
        words = train_command(run._replace(method=method), [])[2:]
        words = [w for w in words if w != "--noprogressbar"]
        overrides = parse_recipe_arguments(words).overrides
        known[name] = {k: v for k, v in overrides.items() if k != "experiment"}
    for name, method in METHODS.items():
        assert known[name]["seed"] == 7
        if method.against:
            assert known[name] != known[method.against]


def test_which_methods_are_compared():
    assert pairs(list(METHODS))[:3] == [
        ("mean_teacher", "supervised"),
        ("cutmix", "mean_teacher"),
        ("lgc", "cutmix"),
    ]
    assert pairs(["lgc", "mean_teacher", "lgc_sct", "supervised"]) == [
        ("mean_teacher", "supervised"),
        ("lgc_sct", "lgc"),
        ("lgc", "mean_teacher"),
        HEADLINE,
    ]
    assert pairs(["sct", "mean_teacher", "lgc_sct"]) == [
        ("sct", "mean_teacher"),
        ("lgc_sct", "sct"),
    ]


def test_what_lgc_is_combined_with_is_trained_without_it_too():
    for name in METHODS:
        if name.startswith("lgc_"):
            other = read_profile(METHODS[name.removeprefix("lgc_")].words)
            both = read_profile(METHODS[name].words)
            weights = {"cutmix_weight", "contrast_weight"}
            for key in both.keys() - weights:
                if not key.endswith("_folder"):
                    assert other[key] == both[key], (name, key)
            assert all(other[key] == 0 < both[key] for key in weights)


def test_what_is_finished_is_not_done_again(runs, tmp_path, monkeypatch):
    monkeypatch.setattr("ablation_runs.subprocess.run", run_forked)
    lines = []
    assert train_all(runs[1], [], 2, lines.append) == []
    assert lines == []
    (other,) = plan_runs(tmp_path, [METHODS["lgc"]], [3])
    assert train_all([other], ["--no_such_key=1"], 1, lines.append) == [other]
    assert "FAILED" in lines[0]
    assert "no_such_key" in (other.folder / "log.txt").read_text()


def test_finished_runs_to_tables_and_files(runs, tmp_path, monkeypatch, capsys):
    """A profile that has changed since is another experiment."""
    profile = read_profile([])
    for run in runs[1]:
        run.data.mkdir(parents=True, exist_ok=True)
        about = '{"bank": {"name": "mine"}}'
        (run.data / "soundscapes.json").write_text(about)
        own = changed_settings(run.method.words)
        record = {**profile, **own, "seed": run.seed, "labels": list(LABELS)}
        # As the recipe records them, which no profile can know.
        record |= {"frame_encoder": "YAMNet 0123", "steps_per_epoch": None}
        (run.folder / "settings.json").unlink(missing_ok=True)
        check_same_run(run.folder, record)
    monkeypatch.setattr(ablation, "ABLATION", tmp_path)
    words = [f"--folder={runs[0]}", "--methods=supervised,lgc"]
    words += ["--seeds", "1", "2", "--n-bootstrap=20", "--bank=folder/mine"]
    assert ablation.main([*words, "--write=now"]) == 0
    assert "seeds ahead, PSDS1" in capsys.readouterr().out
    written = json.loads((tmp_path / "now.json").read_text())
    assert written["seeds"] == [1, 2]
    assert written["profile"]["pos_threshold"] == profile["pos_threshold"]
    assert (tmp_path / "now.png").stat().st_size > 10_000
    assert ablation.main([*words, "--train=--lr=7"]) == 2
    assert "now it is 7" in capsys.readouterr().err
    assert ablation.main([*words, "--bank=yours"]) == 2
    printed = capsys.readouterr().err
    assert "'mine'" in printed and "'yours'" in printed
    # A mean teacher has no prototypes, so that theirs are not its profile.
    teachers = [run for run in runs[1] if run.method.name != "lgc"]
    changed = {**profile, "contrast_start_epoch": 99}
    check_runs(teachers, changed)
    with pytest.raises(ValueError, match="now it is 99"):
        check_runs(runs[1], changed)


def test_wrong_options(capsys):
    with pytest.raises(SystemExit):
        ablation.parse(["--methods", "magic"])
    assert "'magic' is unknown" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        ablation.parse(["--quick", "--write"])
    quick = ablation.parse(["--quick"])
    assert [method.name for method in quick.methods] == list(HEADLINE[::-1])
    assert len(quick.seeds) == 2
