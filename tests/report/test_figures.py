"""Figures are drawn, whole, and leave matplotlib as it was."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from lgc_plugin.evaluation.score import Curve, Interval, Intervals, Score
from lgc_plugin.report.score_figures import plot_psd_roc
from lgc_plugin.report.spectrogram import hertz_to_mel, log_mel
from lgc_plugin.report.style import colors, new_figure
from lgc_plugin.report.timeline import plot_timeline
from lgc_plugin.types import Event

LABELS = ("Cat", "Dog_bark")
NOISE = np.random.default_rng(0).normal(size=16000)
CAT, DOG = Event(0.1, 0.4, "Cat"), Event(0.5, 0.9, "Dog_bark")


def has_color(picture, color):
    wanted = np.array(matplotlib.colors.to_rgb(color))
    return bool((np.abs(picture[..., :3] - wanted).max(axis=-1) < 0.01).any())


@pytest.mark.parametrize(
    ("frequency", "sample_rate"), [(300, 16000), (3000, 44100)]
)
def test_a_tone_lies_in_its_band(frequency, sample_rate):
    time = np.arange(sample_rate) / sample_rate
    image = log_mel(np.sin(2 * np.pi * frequency * time), sample_rate)
    band = image[:, image.shape[1] // 2].argmax()
    center = (band + 1) * hertz_to_mel(sample_rate / 2) / 97
    assert center == pytest.approx(hertz_to_mel(frequency), abs=30)


@pytest.mark.parametrize("samples", [1, 100, 1024])
def test_silence_and_short_sounds_have_a_spectrogram(samples):
    assert np.isfinite(log_mel(np.zeros(samples), 16000)).all()


def test_the_timeline_shows_each_network(tmp_path):
    file = tmp_path / "clip.png"
    found = {"student": [CAT], "teacher": [CAT, DOG]}
    plot_timeline(NOISE, 16000, [CAT], found, LABELS, file, title="a.wav")
    picture = imread(file)
    assert picture.shape[1] == 1200
    for color in colors(found).values():
        assert has_color(picture, color)


def test_classes_that_occur_make_the_picture_taller(tmp_path):
    heights = []
    for events in ([], [CAT], [CAT, DOG], [CAT, DOG]):
        file = tmp_path / f"{len(heights)}.png"
        scores = {"student": np.zeros((2, 15))} if len(heights) == 3 else None
        found = {"student": events}
        plot_timeline(NOISE, 16000, [], found, LABELS, file, scores=scores)
        heights.append(imread(file).shape[0])
    assert heights[0] <= heights[1] <= heights[2] < heights[3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wav": NOISE.reshape(2, -1)}, "must be mono"),
        ({"truth_events": [Event(0, 1, "Cow")]}, "'Cow' is not one of Cat"),
        ({"scores": {"student": np.zeros((3, 4))}}, r"'student' must be \(2"),
    ],
)
def test_what_cannot_be_drawn_is_refused(tmp_path, change, message):
    arguments = {
        "wav": NOISE,
        "sample_rate": 16000,
        "truth_events": [],
        "detections_by_name": {},
        "labels": LABELS,
        "path": tmp_path / "clip.png",
    }
    with pytest.raises(ValueError, match=message):
        plot_timeline(**(arguments | change))
    assert not list(tmp_path.iterdir())


def test_the_roc_draws_every_curve(tmp_path):
    x = np.array([0.0, 50.0, 100.0])
    curves = {
        "student": Score(0.45, None, {}, Curve(x, np.array([0.3, 0.6, 0.6]))),
        "teacher": Score(0.5, None, {}, Curve(x, np.array([0.4, 0.6, 0.6]))),
        "nothing": Score(np.nan, None, {}, Curve(x, np.full(3, np.nan))),
    }
    plot_psd_roc(curves, tmp_path / "roc.png", title="PSDS1")
    picture = imread(tmp_path / "roc.png")
    assert picture.shape[1] == 1200
    for name in ("student", "teacher"):
        assert has_color(picture, colors(curves)[name])


def test_the_roc_leaves_out_what_has_no_curve(tmp_path):
    x = np.array([0.0, 100.0])
    known = Intervals(Interval(0.4, 0.6), None, {})
    curves = {
        "drawn": Score(0.5, None, {}, Curve(x, np.full(2, 0.5)), known),
        "other": Score(0.5, None, {}),
    }
    plot_psd_roc(curves, tmp_path / "roc.svg")
    picture = (tmp_path / "roc.svg").read_text()
    assert "drawn: 0.500 [0.400, 0.600]" in picture
    assert "area under the curve, 95 % interval" in picture
    assert "other" not in picture
    for nothing in ({}, {"other": curves["other"]}):
        with pytest.raises(ValueError, match="at least one curve"):
            plot_psd_roc(nothing, tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def test_a_failed_figure_leaves_no_file_and_no_setting(tmp_path):
    before = dict(matplotlib.rcParams)
    with pytest.raises(RuntimeError):
        with new_figure(tmp_path / "a.png", 2, 1):
            raise RuntimeError
    assert not list(tmp_path.iterdir())
    assert dict(matplotlib.rcParams) == before


def test_figures_need_neither_torch_nor_a_display():
    code = (
        "import sys, lgc_plugin.report.timeline, lgc_plugin.report.tables;"
        "import lgc_plugin.report.score_figures;"
        "print({'torch', 'matplotlib.pyplot'} & set(sys.modules))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert output.stdout.strip() == "set()", output.stderr
