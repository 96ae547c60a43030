"""The picture of every class: the right dots, and nothing on top of another."""

from contextlib import contextmanager

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.image import imread

from lgc_plugin.evaluation.score import Interval, Intervals, Score, SEDResult
from lgc_plugin.report import score_figures as per_class
from lgc_plugin.report import style
from lgc_plugin.report.score_figures import plot_per_class
from lgc_plugin.report.style import colors

LONG = "Electric_shaver_toothbrush"
METRICS = ("psds1", "psds2", "event_f1", "intersection_f1", "clip_ap")


def result(labels, seed=0, metrics=METRICS, resamples=1000):
    rng = np.random.default_rng(seed)

    def interval(value):
        return Interval(max(value - 0.1, 0), min(value + 0.05, 1))

    scores = {}
    for metric in metrics:
        value, *values = rng.uniform(size=len(labels) + 1)
        classes = dict(zip(labels, values, strict=True))
        known = Intervals(
            interval(value), None, {k: interval(v) for k, v in classes.items()}
        )
        scores[metric] = Score(
            value, None, classes, intervals=known if resamples else None
        )
    return SEDResult(scores, 9, 9, resamples)


@pytest.fixture
def drawn(monkeypatch):
    """Draws, and keeps the figure instead of a file."""
    kept = []

    @contextmanager
    def keep(path, width, height):
        with matplotlib.rc_context(style._STYLE):
            figure = Figure((width, height), layout="constrained")
            FigureCanvasAgg(figure)
            yield figure
            figure.draw_without_rendering()
            kept.append(figure)

    def draw(*args, **options):
        plot_per_class(*args, "kept", **options)
        return kept[-1]

    monkeypatch.setattr(per_class, "new_figure", keep)
    return draw


def test_dots_are_scores_and_lines_their_intervals(drawn):
    results = {"a": result(["Cat", "Dog"]), "b": result(["Cat", "Dog"], seed=1)}
    figure = drawn(results, metrics=["event_f1", "psds1"])
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["event F1", "PSDS1"]
    for axes, metric in zip(figure.axes, ("event_f1", "psds1"), strict=True):
        dots = [line for line in axes.lines if line.get_marker() in "oD"]
        lines = [x for x in axes.collections if isinstance(x, LineCollection)]
        for i, (name, each) in enumerate(results.items()):
            score = each.scores[metric]
            expected = [score.value, *score.per_class.values()]
            assert list(dots[i].get_xdata()) == expected
            assert dots[i].get_color() == colors(results)[name]
            # In the row of its class, the first system above the second.
            offsets = dots[i].get_ydata() - np.arange(3)
            assert (offsets < 0).all() if i == 0 else (offsets > 0).all()
            assert np.abs(offsets).max() < 0.5
            known = score.intervals
            bounds = [known.value, *known.per_class.values()]
            segments = lines[i].get_segments()
            assert [tuple(x[:, 0]) for x in segments] == bounds
            assert [x[0, 1] for x in segments] == list(dots[i].get_ydata())


def test_the_first_class_is_at_the_top(drawn):
    axes = drawn({"a": result(["Cat", "Dog_bark"])}, metrics=["psds1"]).axes[0]
    names = [x.get_text() for x in axes.get_yticklabels()]
    assert names == ["all classes", "Cat", "Dog bark"]
    low, high = axes.get_ylim()
    assert low > high


def test_absent_classes_and_missing_metrics_are_shown_as_such(drawn):
    score = Score(0.5, None, {"Cat": 0.5, "Cow": np.nan})
    absent = SEDResult({"psds1": score}, 9, 9)
    other = SEDResult({"psds1": score, "psds2": score}, 9, 9)
    figure = drawn({"a": absent, "b": other})
    assert len(figure.axes) == 2
    for axes in figure.axes:
        told = [(x.get_text(), x.get_position()[1]) for x in axes.texts]
        assert told == [("not in the truth", 2)]


@pytest.mark.parametrize("n_metrics", [1, 4, 5])
@pytest.mark.parametrize("n_classes", [1, 20])
@pytest.mark.parametrize("n_systems", [1, 3])
def test_no_text_lies_on_another(drawn, n_metrics, n_classes, n_systems):
    labels = [f"{LONG}_{i}" for i in range(n_classes)]
    results = {f"system {i}": result(labels, seed=i) for i in range(n_systems)}
    figure = drawn(results, metrics=METRICS[:n_metrics])
    assert len(figure.axes) == n_metrics
    texts = [
        *figure.findobj(matplotlib.text.Text),
        *figure.legends[0].get_texts(),
    ]
    visible = {
        id(text): text
        for text in texts
        if text.get_text() and text.get_visible()
    }
    width, height = figure.bbox.size
    boxes = []
    for text in visible.values():
        axes = text.axes
        labeled = axes is None or axes.get_subplotspec().is_first_col()
        if not labeled and text in axes.get_yticklabels():
            assert not axes.yaxis.get_tick_params()["labelleft"]
            continue
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= width, text
        assert box.y0 >= 0 and box.y1 <= height, text
        for other, before in boxes:
            assert not box.overlaps(other), (text, before)
        boxes.append((box, text))
    # Classes, marks of the axes, titles, the legend: none was overlooked.
    assert len(boxes) >= n_classes + 1 + 6 * n_metrics + n_systems


def test_the_legend_tells_what_lines_mean(drawn):
    def legend(resamples):
        results = {"a": result(["Cat"], resamples=resamples)}
        (each,) = drawn(results).legends
        return [text.get_text() for text in each.get_texts()]

    assert legend(0) == ["a"]
    assert legend(70) == ["a", "95 % intervals: 70 resamples of the clips"]


def test_the_picture_is_written(tmp_path):
    file = tmp_path / "figures" / "per_class.png"
    file.parent.mkdir()
    plot_per_class({"a": result(["Cat"])}, file, title="DESED")
    assert imread(file).shape[1] == 1440


@pytest.mark.parametrize("results", [{}, {"a": SEDResult({}, 0, 9)}])
def test_nothing_to_draw_is_refused(tmp_path, results):
    with pytest.raises(ValueError, match="no score to draw"):
        plot_per_class(results, tmp_path / "none.png")
    assert not list(tmp_path.iterdir())
