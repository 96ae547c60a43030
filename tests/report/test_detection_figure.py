"""The picture of what was detected."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from numpy.typing import NDArray

from lgc_plugin.inference.event_stream import Detection
from lgc_plugin.report import detection_figure
from lgc_plugin.report.bounded_columns import BoundedColumns
from lgc_plugin.report.detection_figure import plot_detections
from lgc_plugin.report.spectrogram import draw_spectrogram
from lgc_plugin.report.style import colors

FRAME = 0.05
EVENT = matplotlib.colors.to_rgb(colors("ab")["b"])
LIMITS = {"Cat": 0.5, "Dog_bark": 0.5, "Owl": 0.3}


def noise(seconds: float) -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(size=round(16000 * seconds))


def scores(seconds: float, *peaks: float) -> BoundedColumns:
    """Each class is highest in the middle of the recording."""
    n_frames = round(seconds / FRAME)
    shape = 1 - np.abs(np.linspace(-1, 1, n_frames))
    columns = BoundedColumns(FRAME)
    columns.push(np.outer(peaks, shape))
    return columns


def drawn(
    path: Path,
    seconds: float = 2.0,
    peaks: tuple[float, ...] = (0.9, 0.4, 0.1),
    events: tuple[Detection, ...] = (),
    **options: object,
) -> NDArray[np.float32]:
    plot_detections(
        path,
        [noise(seconds)],
        16000,
        scores(seconds, *peaks),
        events,
        LIMITS,
        seconds=seconds,
        **options,
    )
    return imread(path)[..., :3]


def event_columns(picture: NDArray) -> NDArray[np.intp]:
    """Columns of pixels with the color of events, above the legend."""
    body = picture[: int(0.85 * len(picture))]
    is_event = np.abs(body - EVENT).max(axis=-1) < 0.02
    return np.flatnonzero(is_event.any(axis=0))


def test_events_lie_where_they_are(tmp_path: Path) -> None:
    whole = drawn(tmp_path / "a.png", events=(Detection(0.0, 2.0, "Cat", 0.9),))
    left, right = event_columns(whole)[[0, -1]]
    late = drawn(tmp_path / "b.png", events=(Detection(1.0, 1.5, "Cat", 0.9),))
    begin, end = event_columns(late)[[0, -1]]
    per_second = (right - left) / 2.0
    assert begin == pytest.approx(left + 1.0 * per_second, abs=2)
    assert end == pytest.approx(left + 1.5 * per_second, abs=2)


def test_only_classes_that_matter_have_rows(tmp_path: Path) -> None:
    heights = [
        drawn(tmp_path / "a.png", peaks=peaks).shape[0]
        for peaks in ((0.1, 0.1, 0.1), (0.9, 0.1, 0.1), (0.9, 0.4, 0.2))
    ]
    # Without any row, there is one that states it.
    assert heights[0] == heights[1]
    assert heights[2] - heights[1] == pytest.approx(2 * 0.5 * 120, abs=1)


def texts_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written in figures from now on, but for numbers of ticks."""
    found: list[str] = []
    savefig = Figure.savefig

    def spy(figure: Figure, *args: object, **options: object) -> None:
        for axes in figure.axes:
            found.extend([axes.get_title(loc="left"), axes.get_xlabel()])
            found.extend(text.get_text() for text in axes.texts)
            found.extend(text.get_text() for text in axes.get_yticklabels())
            found.append(axes.get_ylabel())
        for legend in figure.legends:
            found.extend(text.get_text() for text in legend.get_texts())
        savefig(figure, *args, **options)

    monkeypatch.setattr(Figure, "savefig", spy)
    return found


def test_nothing_detected_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = texts_of(monkeypatch)
    picture = drawn(tmp_path / "a.png", peaks=(0.04, 0.2, 0.14))
    assert not len(event_columns(picture))
    # 0.14 of 0.3 is nearer than 0.2 of 0.5.
    text = "nothing detected; Owl came nearest: score 0.14, threshold 0.3"
    assert text in found
    assert "threshold" not in found and "Dog bark" not in found


def test_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = texts_of(monkeypatch)
    event = Detection(0.5, 1.0, "Dog_bark", 0.4)
    drawn(tmp_path / "a.png", events=(event,), title="a $x_1$ and $y.wav")
    for text in ("a $x_1$ and $y.wav", "Dog bark", "Cat", "time (s)"):
        assert text in found
    assert "Owl" not in found
    assert found[-3:] == ["score, 0 to 1", "threshold", "detected"]
    drawn(tmp_path / "a.png", title="x" * 500)
    title = next(text for text in found if text.startswith("xxx"))
    assert "x ... x" in title and len(title) < 100


def test_many_classes_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = texts_of(monkeypatch)
    labels = [f"c{i}" for i in range(30)]
    events = [Detection(0.2, 0.4, label, 0.9) for label in labels]
    plot_detections(
        tmp_path / "a.png",
        [noise(1)],
        16000,
        scores(1, *[0.9] * 30),
        events,
        dict.fromkeys(labels, 0.5),
        seconds=1.0,
    )
    assert "6 more classes not shown" in found
    assert imread(tmp_path / "a.png").shape[0] < 2000


def test_an_hour_is_wider_and_shows_each_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = texts_of(monkeypatch)
    # The sound is left out: a spectrogram of an hour takes seconds.
    image = BoundedColumns(1.0)
    image.push(np.random.default_rng(0).normal(size=(96, 3600)))
    monkeypatch.setattr(detection_figure, "long_log_mel", lambda *_: image)
    event = Detection(1800.0, 1800.2, "Cat", 0.9)
    picture = drawn(tmp_path / "a.png", 3600.0, events=(event,))
    assert picture.shape[1] == 2400
    assert drawn(tmp_path / "b.png", 60.0).shape[1] == 1200
    columns = event_columns(picture)
    assert 2 <= len(columns) <= 4
    assert columns.mean() == pytest.approx(1300, abs=150)
    assert "time (min:s)" in found
    assert "score, 0 to 1, highest in 1.6 s" in found


def test_a_tenth_of_a_second(tmp_path: Path) -> None:
    event = Detection(0.0, 0.1, "Cat", 0.9)
    assert len(event_columns(drawn(tmp_path / "a.png", 0.1, events=(event,))))


def test_silence_is_dark(tmp_path: Path) -> None:
    figure = Figure()
    axes = figure.add_subplot()
    draw_spectrogram(axes, np.full((96, 5), -100.0), 1.0, 16000)
    (image,) = axes.images
    silent = image.cmap(image.norm(-100.0))
    assert max(silent[:3]) < 0.05
    # Anything louder than 70 dB below full scale decides about the rest.
    axes.clear()
    draw_spectrogram(axes, np.array([[20.0, -60.0]]), 1.0, 16000)
    assert axes.images[0].get_clim() == (-50.0, 20.0)


def test_letters_that_the_font_lacks_are_no_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn(tmp_path / "a.png", title="日本.wav")


def test_scores_must_fit_the_classes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 40\) for 3 classes"):
        drawn(tmp_path / "a.png", peaks=(0.1, 0.2))
    assert not list(tmp_path.iterdir())


def test_neither_torch_nor_a_display_is_needed() -> None:
    code = (
        "import sys, lgc_plugin.report.detection_figure as _;"
        "print({'torch', 'matplotlib.pyplot'} & set(sys.modules))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert output.stdout.strip() == "set()", output.stderr
