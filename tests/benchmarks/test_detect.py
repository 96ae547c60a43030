"""The benchmark of the detector measures what it states."""

import json
import sys
from dataclasses import replace

import detect
import numpy as np
import pytest
import soundfile
from detect_model import make_model
from detect_process import run
from detect_report import count_events, format_table, goals, run_case, summarize
from detect_variants import (
    LENGTHS,
    VARIANTS,
    Audio,
    duration,
    make_cases,
    write_audio,
)
from harness import (
    HERE,
)
from scoring_data import LABELS

from lgc_plugin.inference.detector import SoundEventDetector
from lgc_plugin.inference.model.model_folder import read_model, write_model
from model_cases import small_settings, used_network

BY_NAME = {each.name: each for each in VARIANTS}


# ---- What is measured


def test_variants_are_no_longer_than_the_recordings():
    cases = make_cases((3600, 60, 60), VARIANTS)
    assert [each.name for each in cases[:3]] == ["start", "60_s", "3600_s"]
    lengths = {each.name: each.audio.seconds for each in cases}
    assert lengths["start"] == 1
    assert lengths["stereo"] == 3600
    assert lengths["hop_1"] == 600 and lengths["bf16"] == 60
    lengths = {c.name: c.audio.seconds for c in make_cases([90], VARIANTS)}
    assert lengths["hop_1"] == 90 and lengths["bf16"] == 60
    assert len(lengths) == 2 + len(VARIANTS)


def test_by_default_everything_is_measured_for_long_enough(monkeypatch):
    monkeypatch.setattr(detect, "check_space", lambda *_: None)
    options = detect.parse([])
    names = {each.name for each in options.cases}
    assert {f"{s:g}_s" for s in LENGTHS} | set(BY_NAME) | {"start"} == names
    assert options.output is None
    written = detect.parse(["--write", "--device=cuda:1"]).output
    assert written.parts[-2:] == ("results", "detect_cuda.json")


@pytest.mark.parametrize(
    "words, message",
    [
        (["--variants=flac,fast"], "'fast' is unknown; there are stereo"),
        (["--quick", "--write"], "use --output"),
        (["--lengths", "0.5", "9"], "from 1 to 86400"),
        (["--lengths", "nan"], "from 1 to 86400"),
        (["--rounds=0"], "at least 1"),
    ],
)
def test_what_cannot_be_measured_is_refused(words, message, capsys):
    with pytest.raises(SystemExit):
        detect.parse(words)
    assert message in capsys.readouterr().err


def test_lengths_are_in_seconds_minutes_or_hours():
    reported = [duration(s) for s in (1, 60, 90, 600, 3600, 10800, 0.5)]
    expected = ["1 s", "1 min", "90 s", "10 min", "1 h", "3 h", "0.5 s"]
    assert reported == expected


def test_a_row_without_a_label_is_no_event(tmp_path):
    head = "filename\tonset\toffset\tevent_label\tconfidence\n"
    path = tmp_path / "events.tsv"
    path.write_text(f"{head}a.wav\t0.0\t1.0\tDog\t0.5\na.wav\t2\t3\tCat\t1\n")
    assert count_events(path) == 2
    path.write_text(f"{head}a.wav\t\t\t\t\n")
    assert count_events(path) == 0


def request(tmp_path, code, feed=None):
    return {
        "command": [sys.executable, "-c", code],
        "stdout": str(tmp_path / "out"),
        "stderr": str(tmp_path / "err"),
        "feed": feed,
    }


def measure(tmp_path, code):
    """As run_case does: a small process starts the one that is measured."""
    helper = "import json, sys; from detect_process import run; "
    helper += "print(json.dumps(run(json.loads(sys.argv[1]))))"
    folder = str(HERE)
    words = [f"import sys; sys.path.append({folder!r}); {helper}"]
    words.append(json.dumps(request(tmp_path, code)))
    outer = {**request(tmp_path, ""), "stdout": str(tmp_path / "printed")}
    outer["command"] = [sys.executable, "-c", *words]
    assert run(outer)["status"] == 0
    return json.loads((tmp_path / "printed").read_text())


def test_the_memory_is_that_of_the_measured_process_alone(tmp_path):
    # This process is larger by far: it has imported PyTorch.
    small = measure(tmp_path, "pass")
    large = measure(tmp_path, "b'x' * (200 << 20)")
    assert small["status"] == large["status"] == 0
    assert small["peak_mib"] < 60
    assert 195 < large["peak_mib"] - small["peak_mib"] < 215


def test_waiting_costs_seconds_but_no_work(tmp_path):
    code = "import time; time.sleep(0.5)"
    measured = run(request(tmp_path, code))
    assert measured["seconds"] > 0.5
    assert 0 < measured["cpu_seconds"] < measured["seconds"] - 0.3


def test_a_stream_gets_the_samples_and_nothing_else(tmp_path):
    audio = write_audio(tmp_path, Audio(11.1), seed=1)
    code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    assert run(request(tmp_path, code, str(audio)))["status"] == 0
    received = np.fromfile(tmp_path / "out", "<i2")
    np.testing.assert_array_equal(
        received, soundfile.read(audio, dtype="int16")[0]
    )


def test_a_command_that_ends_early_has_its_status(tmp_path):
    audio = write_audio(tmp_path, Audio(30), seed=1)
    measured = run(request(tmp_path, "raise SystemExit(3)", str(audio)))
    assert measured["status"] == 3


def test_a_case_that_fails_has_its_reason(tmp_path):
    case = replace(make_cases([1], [])[0], options=("--batch-size=many",))
    failed = run_case(case, tmp_path, "cpu")["failed"]
    assert failed.startswith("status 2: lgc-sed detect: error: ")
    assert "'many'" in failed


# ---- The table


def run_of(seconds, peak=500.0, **more):
    measured = {"cpu_seconds": 2 * seconds, "peak_mib": peak, "events": 7}
    return {"seconds": seconds, **measured, **more}


@pytest.fixture
def cases():
    return make_cases((600, 3600, 10800), [BY_NAME["flac"]])


@pytest.fixture
def runs():
    return {
        "start": [run_of(6.0), run_of(5.0)],
        "600_s": [run_of(10.0, 700.0), run_of(9.0, 690.0)],
        "3600_s": [run_of(35.0), run_of(41.0)],
        "10800_s": [run_of(104.0, 740.0), run_of(149.0, 720.0)],
        "flac": [{"failed": "status 2: no"}],
    }


def test_a_row_has_the_best_of_its_rounds(cases, runs):
    row = summarize(cases, runs)["3600_s"]
    assert (row.min_seconds, row.median_seconds) == (35.0, 38.0)
    assert row.real_time_factor == pytest.approx(35 / 3600)
    assert row.speed == pytest.approx(120.0)  # an hour in 35 - 5 s
    assert (row.cpu_seconds, row.events) == (70.0, 7)
    assert summarize(cases, runs)["10800_s"].peak_mib == 740.0


def test_without_a_start_nothing_is_subtracted(cases, runs):
    runs["start"] = [{"failed": "status 1: no"}]
    rows = summarize(cases, runs)
    assert rows["3600_s"].min_seconds == 35.0 and rows["3600_s"].speed is None
    reported = [each["goal"] for each in goals(rows)]
    assert len(reported) == 3 and not any("start" in goal for goal in reported)


def test_the_table_has_a_line_for_each_case(cases, runs):
    lines = format_table(summarize(cases, runs)).splitlines()
    assert len(lines) == 2 + len(cases)
    assert len({line.count("|") for line in lines}) == 1
    assert lines[3].startswith("| file | 10 min | 9.00 | 9.50 | 0.0150 | 150 |")
    assert lines[-1].startswith("| FLAC | 1 h | failed: status 2: no |")


def test_goals_are_met_or_not(cases, runs):
    hour, peak, time, growth = goals(summarize(cases, runs))
    assert hour["measured"] == 38.0 and peak["measured"] == 740.0
    assert time["measured"] == pytest.approx(99 / 30 / 3)
    assert growth["measured"] == 40.0
    assert all(each["met"] for each in (hour, peak, time, growth))
    runs["600_s"] = [run_of(9.0, 680.0)]
    runs["3600_s"] = [run_of(29.0), run_of(92.0)]
    runs["10800_s"] = [run_of(104.0, 954.0)]
    assert not any(each["met"] for each in goals(summarize(cases, runs)))


def test_goals_are_of_what_was_measured(cases, runs):
    rows = summarize(cases, runs)
    assert not goals({name: rows[name] for name in ("start", "600_s", "flac")})
    runs["10800_s"] = [{"failed": "status -9: "}]
    assert len(goals(summarize(cases, runs))) == 1


# ---- All together


def test_the_model_is_that_of_the_paper_and_detects_something(tmp_path):
    facts = make_model(tmp_path / "model", seed=0)
    model = read_model(tmp_path / "model")
    assert model.settings.labels == LABELS
    assert model.settings.network["filters"][-1] == 128
    assert model.settings.post_processing.median_windows["Vacuum_cleaner"] == 50
    assert facts["parameters"] > 1_000_000
    half, second = facts["latency_seconds"].values()
    assert second < half < 15
    statistics = model.network.state_dict()
    used = [k for k in statistics if k.endswith("running_var")]
    assert used and all((statistics[k] != 1).any() for k in used)
    # Sounds that were not those of the thresholds.
    path = write_audio(tmp_path, Audio(40), seed=0)
    detector = SoundEventDetector.from_hparams(
        tmp_path / "model", run_opts={"device": "cpu"}
    )
    scores = detector.scores(*soundfile.read(path))
    limits = list(model.settings.post_processing.decision_threshold.values())
    active = (scores > np.array(limits)[:, None]).mean(axis=1)
    assert 0.03 < active.mean() < 0.3
    assert len(detector.detect_file(path)) > 10


def test_the_script_prints_and_writes_its_table(tmp_path, capsys, monkeypatch):
    def small_model(folder, seed):
        settings = small_settings(decision_threshold=0.5)
        network = used_network(settings, seed)
        write_model(folder, settings, {"teacher": network})
        facts = {"torch": "2", "speechbrain": "1"}
        return {"latency_seconds": {"1 s": 7.5}, **facts}

    # The real one takes seconds, as does each process.
    monkeypatch.setattr(
        detect, "in_fresh_process", lambda _, *given: small_model(*given)
    )
    file, folder = tmp_path / "detect.json", tmp_path / "work"
    words = ["--quick", "--lengths", "2", "--variants=stream", "--threads=1"]
    assert detect.main([*words, f"--folder={folder}", f"--output={file}"]) == 0
    printed = capsys.readouterr().out
    assert "| stream, through a pipe | 2 s |" in printed
    assert "latency of a stream with a hop of 1 s: 7.5 s" in printed
    assert "met" not in printed
    content = json.loads(file.read_text())
    assert content["threads"] == 1 and content["goals"] == []
    rows = content["rows"]
    assert list(rows) == ["start", "2_s", "stream"]
    assert all(100 < row["peak_mib"] < 3000 for row in rows.values())
    assert rows["2_s"]["events"] == rows["stream"]["events"]
    assert list(folder.iterdir()) == []


def test_what_is_kept_is_there_afterwards(tmp_path):
    with detect._work_folder(tmp_path / "new", keep=True) as folder:
        (folder / "a.wav").write_text("")
    assert [each.name for each in folder.iterdir()] == ["a.wav"]
    assert folder.parent == tmp_path / "new"
