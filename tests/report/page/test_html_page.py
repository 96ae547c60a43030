import json
import re
import shutil

import pytest

from html_reader import Reader
from lgc_plugin.report.page import html_page
from lgc_plugin.report.page.html_page import write_report
from report_cases import LABELS, make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("runs") / "one")


@pytest.fixture(scope="module")
def page(run, tmp_path_factory):
    """Read, without plotly.js, which takes long to parse; and the file."""
    file = write_report([run], tmp_path_factory.mktemp("page") / "a.html")
    text, plotly = file.read_text(), html_page._plotly()
    assert text.count(plotly) == 1
    return Reader(text.replace(plotly, "")), file


def test_a_page_is_whole_and_small_enough(page, run):
    reader, file = page
    assert file.stat().st_size < 6_000_000
    text = " ".join(" ".join(reader.texts).split())
    results = json.loads((run / "results.json").read_text())
    for content in results["scores"].values():
        assert f"{content['psds1']:.3f} [" in text
    for part in (
        "test: 6 of 7 clips: scores on a part",
        "python train.py lgc.yaml --seed=0",
        "mean teacher",
        "!new:lgc_plugin.CRNN",
        "0 h 01 min 23 s",
        "Chosen by the intersection F1 of the teacher",
    ):
        assert part in text
    sections = [y["id"] for x, y in reader.tags if x == "section"]
    assert sections == (
        ["scores", "psd-roc", "classes", "confusion", "clips"]
        + ["training", "run"]
    )
    links = [y["href"] for x, y in reader.tags if x == "a"]
    assert links == [f"#{each}" for each in sections]
    clips = [y for x, y in reader.tags if x == "article"]
    sounds = [y["src"] for x, y in reader.tags if x == "audio"]
    pictures = [y["src"] for x, y in reader.tags if x == "img"]
    assert len(clips) == len(sounds) == len(pictures) == 6
    assert all(x.startswith("data:audio/mpeg;base64,") for x in sounds)
    assert all(x.startswith("data:image/png;base64,") for x in pictures)


def test_a_page_asks_for_nothing_outside(page):
    reader, _ = page
    for tag, attributes in reader.tags:
        for name in ("src", "href", "srcset", "action", "data"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:")), (tag, value[:80])
    (policy,) = [
        y["content"]
        for x, y in reader.tags
        if x == "meta" and y.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_curves_end_in_the_scores_of_the_run(page, run):
    reader, _ = page
    results = json.loads((run / "results.json").read_text())["scores"]
    figures = reader.data("figure-data")
    for figure, metric in zip(figures, ("psds1", "psds2"), strict=False):
        for trace in figure["data"]:
            name, value = trace["name"].split(": ")
            assert value == f"{results[name][metric]:.3f}"
            x, y = trace["x"], trace["y"]
            area = sum(
                (b - a) * h for a, b, h in zip(x[:-1], x[1:], y, strict=False)
            )
            assert area / 100 == pytest.approx(results[name][metric])


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("mode", "settings"),
    [("boxes", {"step_filter_length": 0.3}), ("points", {"len_th": 0.4})],
)
def test_other_post_processing_is_that_of_the_run(tmp_path, mode, settings):
    run = make_run(tmp_path / "run", 4, resamples=0, audio=False, **settings)
    reader = Reader(write_report([run], tmp_path / "a.html").read_text())
    assert "in results.json" not in "".join(reader.texts)
    data = reader.data("clip-data")
    modes = {y["mode"] for x in data["clips"] for y in x["systems"]}
    assert modes == {mode}


@pytest.mark.usefixtures("small")
def test_two_runs_are_side_by_side(run, tmp_path):
    other = make_run(
        tmp_path / "two", seed=3, resamples=0, audio=False, prefix="clip"
    )
    file = write_report([run, other], tmp_path / "a.html", names=["A", "B"])
    reader = Reader(file.read_text())
    text = " ".join(" ".join(reader.texts).split())
    for name in ("A student", "A teacher", "B student", "B teacher"):
        assert name in text
    assert "Settings that differ" in text and "are apart in the clip" in text
    data = reader.data("clip-data")
    assert [x["name"][0] for x in data["systems"]] == list("AABB")
    assert "differences: the runs were scored on other clips" in text
    with pytest.raises(ValueError, match="the runs have one name, 'A'"):
        write_report([run, other], tmp_path / "b.html", names=["A", "A"])


@pytest.mark.usefixtures("small")
def test_differences_are_those_of_the_scores(run, tmp_path):
    """Of two runs on the same clips; of a run and itself, exactly 0."""
    copy = shutil.copytree(run, tmp_path / "copy")
    student = copy / "scores" / "test_student.npz"
    shutil.copy(student, copy / "scores" / "test_teacher.npz")
    for second, name in ((run, "teacher"), (copy, "student")):
        file = write_report([run, second], tmp_path / "a", names=["A", "B"])
        rows = re.findall(
            r'<tr><th scope="row">(PSDS1|event F1)</th>'
            r"<td>([0-9.]+)</td><td>([0-9.]+)</td><td>([^<]+)</td>"
            r"<td>\[([^,]+), ([^<]+)\]</td>",
            file.read_text(),
        )
        assert [row[0] for row in rows] == ["PSDS1", "event F1"]
        results = json.loads((run / "results.json").read_text())["scores"]
        for key, row in zip(("psds1", "event_f1_macro"), rows, strict=True):
            first, other = results["teacher"][key], results[name][key]
            assert row[1:3] == (f"{first:.3f}", f"{other:.3f}")
            gap = first - other
            low, high = map(float, row[4:])
            assert float(row[3]) == pytest.approx(gap, abs=6e-4)
            assert low <= gap + 6e-4 and gap - 6e-4 <= high
            assert (low == high == 0) == (name == "teacher")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("gone", "reason", "left_out"),
    [
        ("scores", "PSD-ROC, confusion and clips: there is no", "clips"),
        ("manifests", "PSD-ROC, confusion and clips: there is no", "psd-roc"),
        ("train_log.txt", "learning curves: there is no", "training"),
        ("hyperparams.yaml", "settings: there is no", None),
        ("results.json", "scores: there is no", "scores"),
    ],
)
def test_what_is_missing_is_left_out_and_said(
    run, tmp_path, gone, reason, left_out
):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    where = copy / gone
    shutil.rmtree(where) if where.is_dir() else where.unlink()
    reader = Reader(write_report([copy], tmp_path / "a.html").read_text())
    assert f"Left out: {reason}" in "".join(reader.texts)
    sections = [y["id"] for x, y in reader.tags if x == "section"]
    assert left_out not in sections and "run" in sections


@pytest.mark.usefixtures("small")
def test_clips_without_audio_say_why(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    record = copy / "manifests" / "prepared.json"
    text = record.read_text()
    data = json.loads(text)["data_root"]
    record.write_text(text.replace(data, "/moved/away"))
    page = tmp_path / "a.html"
    reader = Reader(write_report([copy], page).read_text())
    assert "audio" not in {tag for tag, _ in reader.tags}
    assert re.search(
        r"No sound: there is no /moved/away/clip\d+.wav: give the folder with "
        "--audio",
        "".join(reader.texts),
    )
    reader = Reader(write_report([copy], page, audio=data).read_text())
    assert [tag for tag, _ in reader.tags].count("audio") == 6


@pytest.mark.usefixtures("small")
def test_scores_of_other_clips_are_told(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    results = copy / "results.json"
    content = json.loads(results.read_text())
    content["scores"]["teacher"]["psds1"] = 0.987
    results.write_text(json.dumps(content))
    reader = Reader(write_report([copy], tmp_path / "a.html").read_text())
    assert "and 0.987 in results.json" in "".join(reader.texts)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no run: it holds neither results.json nor train_log.txt"),
        ("[1]", "no whole JSON object"),
        ('{"seed": 1}', "no results of a run"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        write_report([tmp_path], tmp_path / "a.html")
    assert not (tmp_path / "a.html").exists()


def test_labels_are_in_the_order_of_the_scores(page):
    reader, _ = page
    assert reader.data("clip-data")["systems"][0]["labels"] == list(LABELS)


@pytest.mark.usefixtures("small")
def test_precision_and_false_alarms_are_listed(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    results = copy / "results.json"
    content = json.loads(results.read_text())
    row = {"tp": 7, "fp": 3, "fn": 5, "precision": 0.7, "recall": None}
    row["false_alarms_per_hour"] = 12.34
    content["scores"]["teacher"]["operating"] = {
        "hours": 0.1,
        "event": {"overall": row, "per_class": {"Cat": {**row, "tp": 6}}},
    }
    results.write_text(json.dumps(content))
    reader = Reader(write_report([copy], tmp_path / "a.html").read_text())
    text = " ".join(" ".join(reader.texts).split())
    assert "teacher, by onset and offset" in text
    assert "all classes 7 3 5 0.700 - 12.3 Cat 6 3 5 0.700 - 12.3" in text
