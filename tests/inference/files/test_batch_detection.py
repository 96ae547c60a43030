"""Many recordings, one after the other."""

from __future__ import annotations

import io
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from detect_cases import (
    LIMITS,
    small_detector,
    sound,
    write_bad_files,
    write_small_model,
    write_sound,
)
from lgc_plugin.inference.detector import SoundEventDetector
from lgc_plugin.inference.event_stream import Detection
from lgc_plugin.inference.files.batch_detection import detect_recordings
from lgc_plugin.inference.files.recordings import Source, find_recordings


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> SoundEventDetector:
    folder = tmp_path_factory.mktemp("model")
    detector = small_detector(write_small_model(folder / "model"))
    given = {"decision_threshold": LIMITS}
    detector.post_processing = detector.post_processing.changed(
        given, detector.labels
    )
    return detector


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_each_gets_what_it_gets_alone(
    detector: SoundEventDetector, tmp_path: Path
) -> None:
    for seed, seconds in enumerate((0.3, 1.0, 2.5)):
        write_sound(tmp_path / f"{seed}.wav", seconds, seed)
    sources, _ = find_recordings([tmp_path])
    outcomes = list(detect_recordings(detector, sources))
    assert [outcome.source for outcome in outcomes] == sources
    assert [outcome.seconds for outcome in outcomes] == [0.3, 1.0, 2.5]
    for source, outcome in zip(sources, outcomes, strict=True):
        table = detector.detect_file(source.path)
        assert outcome.events == tuple(
            Detection(*row) for row in table.to_numpy().tolist()
        )
        assert outcome.events and not outcome.problem


def test_a_bad_one_stops_nobody(
    detector: SoundEventDetector, tmp_path: Path
) -> None:
    problems = write_bad_files(tmp_path / "bad")
    write_sound(tmp_path / "a.wav")
    write_sound(tmp_path / "z.wav")
    sources, _ = find_recordings([tmp_path])
    outcomes = list(detect_recordings(detector, sources))
    told = {outcome.source.path.name: outcome for outcome in outcomes}
    assert set(told) == {"a.wav", "z.wav", *problems}
    for name, problem in problems.items():
        assert problem in told[name].problem
        assert str(told[name].source.path) in told[name].problem
        assert "\n" not in told[name].problem
        # Those of what comes before the damage.
        assert bool(told[name].events) == (name == "cut.flac")
        assert told[name].decoded == (name == "cut.flac")
    assert told["a.wav"].events and told["z.wav"].events


def test_a_name_that_no_table_holds_is_a_problem(
    detector: SoundEventDetector, tmp_path: Path
) -> None:
    path = write_sound(tmp_path / "a\tb.wav")
    (outcome,) = detect_recordings(detector, [Source(path, path.name)])
    assert "rename the file" in outcome.problem


def test_errors_that_no_file_is_to_blame_for_are_raised(
    detector: SoundEventDetector, tmp_path: Path
) -> None:
    source = Source(write_sound(tmp_path / "a.wav"), "a.wav")

    def watch(_: Source) -> None:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        list(detect_recordings(detector, [source], watch=watch))


def test_watchers_see_all_scores(
    detector: SoundEventDetector, tmp_path: Path
) -> None:
    sources = [
        Source(write_sound(tmp_path / name, 2.5, seed), name)
        for seed, name in enumerate(("a.wav", "b.wav"))
    ]
    seen: dict[str, list[tuple[np.ndarray, float]]] = {}

    def watch(source: Source):
        pieces = seen[source.name] = []
        return lambda scores, seconds: pieces.append((scores, seconds))

    list(detect_recordings(detector, sources, watch=watch))
    assert list(seen) == ["a.wav", "b.wav"]
    for seed, pieces in enumerate(seen.values()):
        joined = np.concatenate([scores for scores, _ in pieces], axis=1)
        assert np.array_equal(joined, detector.scores(sound(2.5, seed), 16000))
        assert pieces[-1][1] == 2.5


def test_bars_are_for_terminals(
    detector: SoundEventDetector,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, seconds in (("short.wav", 1.0), ("long.wav", 61.0)):
        write_sound(tmp_path / name, seconds)
    sources, _ = find_recordings([tmp_path])
    texts = []
    for screen, progress, chosen in (
        (io.StringIO(), True, sources),
        (Terminal(), False, sources),
        (Terminal(), True, sources),
        (Terminal(), True, sources[:1]),
        (Terminal(), True, sources[1:]),
    ):
        monkeypatch.setattr(sys, "stderr", screen)
        list(detect_recordings(detector, chosen, progress=progress))
        texts.append(screen.getvalue())
    pipe, quiet, both, only_long, only_short = texts
    assert pipe == quiet == only_short == ""
    assert "/2 [" in both
    for text in (both, only_long):
        assert "long.wav:" in text and "/61 s of audio" in text
    assert "/1 [" not in only_long and "short.wav" not in both


def test_warnings_are_left_to_the_caller(
    detector: SoundEventDetector, tmp_path: Path
) -> None:
    source = Source(write_sound(tmp_path / "a.wav", rate=8000), "a.wav")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        list(detect_recordings(detector, [source]))
    told = [str(each.message) for each in caught]
    assert sum(f"{source.path}: sampled at 8000 Hz" in x for x in told) == 1
