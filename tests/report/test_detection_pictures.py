"""A picture of each recording that was processed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detect_cases import sound, write_sound
from lgc_plugin.inference.event_stream import Detection
from lgc_plugin.inference.files.batch_detection import (
    DetectionPictures,
    Outcome,
)
from lgc_plugin.inference.files.recordings import Source
from lgc_plugin.report import detection_figure

LIMITS = {"Cat": 0.5, "Dog": 0.6}


def test_each_is_drawn_from_its_own_scores_and_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def spy(path, blocks, rate, scores, events, limits, **options) -> None:
        samples = np.concatenate(list(blocks))
        drawn.append((path, samples, rate, scores, events, limits, options))

    monkeypatch.setattr(detection_figure, "plot_detections", spy)
    pictures = DetectionPictures(tmp_path / "out", LIMITS, 16000, 0.1)
    for seed, name in enumerate(("a.wav", "day/b.wav")):
        source = Source(write_sound(tmp_path / name, 1.0, seed), name)
        watcher = pictures.watch(source)
        watcher(np.full((2, 4), seed), 0.4)
        watcher(np.full((2, 6), seed + 0.5), 1.0)
        event = Detection(0.0, 1.0, "Cat", 0.5)
        path = pictures.draw(Outcome(source, 1.0, (event,)))
        assert path == tmp_path / "out" / f"{name}.png"
    assert len(drawn) == 2
    for seed, picture in enumerate(drawn):
        path, samples, rate, scores, events, limits, options = picture
        assert np.array_equal(samples * 32768, sound(1.0, seed))
        expected = [seed] * 4 + [seed + 0.5] * 6
        assert scores.values.tolist() == [expected] * 2
        assert scores.edges[-1] == pytest.approx(1.0)
        assert (rate, limits, events) == (16000, LIMITS, (event,))
        assert options["seconds"] == 1.0
        assert options["title"] == ("a.wav", "day/b.wav")[seed]
