"""The command ``lgc-sed tune``, from files to a file."""

from pathlib import Path

import pytest

from lgc_plugin.cli import main as cli
from lgc_plugin.cli.tune_options import METHODS, METRICS
from lgc_plugin.evaluation import tuning_search
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.metrics import count_scores
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.score_files import write_score_tsvs
from lgc_plugin.evaluation.tuned_settings import TunedSettings
from lgc_plugin.evaluation.tuning import TUNING_METRICS, tune
from lgc_plugin.evaluation.tuning_search import BoxCandidates
from noisy_scores import LABELS, noisy_case


def write_set(folder: Path, seed: int, prefix: str, tsv: bool = False):
    """The options that read a set, and the set."""
    folder.mkdir()
    frames, truth = noisy_case(seed, prefix=prefix)
    if tsv:
        write_score_tsvs(frames, folder / "scores")
    else:
        frames.save(folder / "scores.npz")
    for table, name in ((truth.events, "truth"), (truth.durations, "lengths")):
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    scores = folder / ("scores" if tsv else "scores.npz")
    options = {
        "scores": scores,
        "ground-truth": folder / "truth.tsv",
        "durations": folder / "lengths.tsv",
    }
    return options, frames, truth


def words(options, prefix=""):
    return [f"--{prefix}{name}={value}" for name, value in options.items()]


@pytest.fixture
def validation(tmp_path):
    return write_set(tmp_path / "validation", 0, "v")


@pytest.fixture
def test_set(tmp_path):
    return write_set(tmp_path / "test", 1, "t", tsv=True)


SEARCH = ["--windows", "1", "3", "6", "--n-bootstrap=10", "--quiet"]


def test_metrics_are_those_that_can_be_tuned_for():
    assert METRICS == TUNING_METRICS
    assert METHODS == tuning_search.METHODS


@pytest.mark.parametrize("more", [[], ["--thresholds", "--threshold=0.4"]])
def test_the_file_holds_what_tuning_chose(validation, tmp_path, capsys, more):
    options, frames, truth = validation
    out = tmp_path / "tuned.yaml"
    start = ["--median-windows", "Dog=2", "Cat=1", "Cow=4"]
    command = ["tune", *words(options), *SEARCH, *start, f"--output={out}"]
    assert cli.main([*command, "--metric=segment_f1", *more]) == 0
    expected = tune(
        frames,
        truth,
        "segment_f1",
        [1, 3, 6],
        bool(more),
        start=PostProcessing(
            (2, 1, 4), decision_threshold=0.4 if more else 0.5
        ),
        folds=5,
        ground_truth="truth.tsv",
    )
    settings = TunedSettings.read(out)
    assert settings == expected.settings
    chosen = settings.post_processing
    assert isinstance(chosen.decision_threshold, dict) == bool(more)
    header = out.read_text().splitlines()[0]
    for word in ("--metric segment_f1", "--windows 1 3 6", " ".join(start)):
        assert word in header
    printed, noted = capsys.readouterr()
    assert "tuned on 12/12 clips of truth.tsv (strict)" in printed
    assert "not in the ground truth, left as before: Cow" in printed
    assert (
        f"segment F1 on these clips: {expected.before.macro:.3f} [" in printed
    )
    assert f" before, {expected.after.macro:.3f} [" in printed
    assert "This gain is optimistic" in printed
    held_out = expected.held_out
    assert f"segment F1 held out: {held_out.score.macro:.3f} [" in printed
    assert f", gain {held_out.gain.value:+.3f} [" in printed
    assert "Each of 5 folds of 12 recordings got" in printed
    warned = "warning: held out, tuning gains nothing (" in noted
    assert warned == (held_out.gain.value <= 0)
    assert f"--overrides={out} " in printed
    assert f"--settings {out}" in printed
    window = chosen.median_windows["Dog"]
    row = next(x for x in printed.splitlines() if x.startswith("Dog")).split()
    assert row[1:3] == [str(window), f"{window * 0.5:.3f}"]


def test_boxes_are_chosen(validation, tmp_path, capsys):
    options, frames, truth = validation
    out = tmp_path / "tuned.yaml"
    command = ["tune", *words(options), "--method=both", "--metric=psds2"]
    search = ["--step-lengths", "2", "1", "--merge-abs=0.3", "--merge-rel", "3"]
    start = ["--len-th=0.6", "--folds=0", "--windows", "1", "3", "--quiet"]
    more = [*search, *start, "--n-bootstrap=0", f"--output={out}"]
    assert cli.main([*command, *more]) == 0
    expected = tune(
        *(frames, truth, "psds2", [1, 3]),
        method="both",
        boxes=BoxCandidates((1.0, 2.0), (0.3,), (3.0,)),
        start=PostProcessing(len_th=0.6),
        ground_truth="truth.tsv",
    )
    settings = TunedSettings.read(out)
    assert settings == expected.settings
    chosen = settings.post_processing
    printed, noted = capsys.readouterr()
    row = next(x for x in printed.splitlines() if x.startswith("Dog")).split()
    assert row[3:7] == [
        f"{chosen.step_filter_length['Dog']:g}",
        "0.3",
        "3",
        "0.5",
    ]
    assert "held out" not in printed
    assert "note: what tuning gains on other clips is not known" in noted
    assert "--step-lengths 2.0 1.0" in out.read_text().splitlines()[0]


def test_another_set_is_reported(validation, test_set, tmp_path, capsys):
    out = tmp_path / "tuned.yaml"
    command = ["tune", *words(validation[0]), *words(test_set[0], "report-")]
    search = ["--metric=event_f1", *SEARCH, "--thresholds", "--n-bootstrap=0"]
    assert cli.main([*command, *search, f"--output={out}"]) == 0
    table = capsys.readouterr().out.split("\n\ntruth.tsv\n\n")[1]
    assert table.splitlines()[0].split() == ["before", "tuned"]
    rows = {x[:15].strip(): x.split()[-2:] for x in table.splitlines()}
    _, frames, truth = test_set
    for column, post_processing in enumerate(
        (PostProcessing(), TunedSettings.read(out).post_processing)
    ):
        counts = count_scores(
            frames, truth, post_processing, ["psds1", "event_f1"]
        )
        psds, f1 = (each.score() for each in counts.values())
        assert rows["PSDS1"][column] == f"{psds.value:.3f}"
        assert rows["event F1, macro"][column] == f"{f1.macro:.3f}"


def assert_refused(command, message, capsys):
    assert cli.main(command) == 2
    error = capsys.readouterr().err
    last = error.splitlines()[-1]
    assert last.startswith("lgc-sed: error: ") and message in last
    assert "tuning:" not in error  # no bar: nothing was searched


def test_the_set_tuned_on_is_not_reported(validation, tmp_path, capsys):
    out = tmp_path / "tuned.yaml"
    options = validation[0]
    command = ["tune", *words(options), *words(options, "report-")]
    assert_refused(
        [*command, f"--output={out}"],
        "12 of the 12 clips of truth.tsv are tuned on, such as 'v00.wav'",
        capsys,
    )
    assert not out.exists()


def test_one_shared_clip_is_enough(validation, test_set, tmp_path, capsys):
    options, _, truth = test_set
    for name, table in (
        ("truth", truth.events.replace("t03.wav", "v03.wav")),
        ("lengths", truth.durations.replace("t03.wav", "v03.wav")),
    ):
        file = options["scores"].with_name(f"{name}.tsv")
        table.to_csv(file, sep="\t", index=False)
    command = ["tune", *words(validation[0]), *words(options, "report-")]
    assert_refused(
        [*command, f"--output={tmp_path / 'a.yaml'}"],
        "1 of the 12 clips",
        capsys,
    )


def test_only_its_own_file_is_replaced(validation, tmp_path, capsys):
    out = tmp_path / "tuned.yaml"
    out.write_text("seed: 1\n")
    command = ["tune", *words(validation[0]), f"--output={out}", "--metric"]
    assert_refused([*command, "event_f1"], "exists and does not hold", capsys)
    assert out.read_text() == "seed: 1\n"
    assert_refused(
        ["tune", *words(validation[0]), f"--output={tmp_path}"],
        "exists and does not hold",
        capsys,
    )
    out.unlink()
    for metric in ("event_f1", "segment_f1"):
        assert cli.main([*command, metric, *SEARCH]) == 0
        assert TunedSettings.read(out).metric == metric


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--thresholds"], "psds1 is an area over all thresholds"),
        (["--merge-rel=2"], "need --method sebb or both"),
        (["--method=sebb", "--merge-abs=-1"], "must be at least 0"),
        (["--folds=1"], "folds is 1"),
        (["--report-scores=x.npz"], "a report needs both"),
        (["--n-bootstrap=-1"], "resamples is -1"),
        (["--median-windows=7,3"], "2 median windows for 3 classes"),
        (["--windows", "0"], "window 0 of 'candidate 1'"),
        (["--scores=nowhere"], "nowhere"),
    ],
)
def test_wrong_options_are_refused(validation, tmp_path, capsys, more, message):
    out = tmp_path / "tuned.yaml"
    command = ["tune", *words(validation[0]), f"--output={out}", *more]
    assert_refused(command, message, capsys)
    assert not out.exists()


def test_what_is_missing_is_told(validation, tmp_path, capsys):
    options, frames, truth = validation
    others = noisy_case(5, n_clips=3, prefix="other")[0]
    some = FrameScores.join([frames.select(frames.clips[2:]), others])
    some.save(options["scores"])
    events = truth.events.replace("Cat", "Lion")
    events.to_csv(options["ground-truth"], sep="\t", index=False)
    out = tmp_path / "tuned.yaml"
    command = ["tune", *words(options), *SEARCH, f"--output={out}"]
    assert cli.main([*command, "--metric=event_f1"]) == 0
    captured = capsys.readouterr()
    assert "2 of 12 annotated clips have no scores" in captured.err
    assert "3 clips of " in captured.err
    assert (
        "not annotated, such as 'other00.wav': they are ignored" in captured.err
    )
    assert "no scores of Lion: their events are left out" in captured.err
    assert "tuned on 10/12 clips" in captured.out
    settings = TunedSettings.read(out)
    assert settings.tuned_on == frames.clips[2:]
    assert settings.labels == LABELS
