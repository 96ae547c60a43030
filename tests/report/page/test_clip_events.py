"""What the page's script decodes, against what Python decodes."""

import base64
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chromium import Chromium, find_chromium
from lgc_plugin.evaluation.operating_point import OperatingPoint
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.predictions import Predictions
from lgc_plugin.evaluation.system import System
from lgc_plugin.report.page import clip_events
from lgc_plugin.report.page.clip_events import clip_entries, labels_of
from score_cases import LABELS, case

SCRIPT = Path(clip_events.__file__).parent / "templates" / "events.js"
ASK = """
JSON.stringify(cases.map(([entry, threshold, decided]) =>
  eventsAt(entry, threshold, decided).map((x) => [x.label, x.onset, x.offset])
))
"""
STEPS = {"Cat": 0.5, "Dog": 1.0, "Owl": 0.75}
WINDOWS = {"Cat": 3, "Dog": 6, "Owl": 1}
DECIDED = {"Cat": 0.4, "Dog": 0.55, "Owl": 0.3}


@pytest.fixture(scope="module")
def decoded(tmp_path_factory):
    """Runs the script of the page on cases, in Node or in Chromium."""

    def run(cases):
        source = SCRIPT.read_text() + f"const cases = {json.dumps(cases)};"
        node = shutil.which("node")
        if node is not None:
            program = f"{source}console.log({ASK});"
            done = subprocess.run(
                [node], input=program, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)
        if find_chromium() is None:
            pytest.skip("neither Node nor Chromium is installed")
        with Chromium(tmp_path_factory.mktemp("profile")) as browser:
            return json.loads(browser.run(f"{source}{ASK}"))

    return run


def system_of(frames, **settings):
    post_processing = PostProcessing(
        WINDOWS, decision_threshold=DECIDED, **settings
    ).for_labels(LABELS)
    predictions = Predictions(Path("a"), frozenset(frames.clips), frames=frames)
    return System(
        predictions, OperatingPoint("", post_processing=post_processing)
    )


def thresholds_to_try(frames):
    """Round ones, and scores themselves: an equal score is not above."""
    values = frames.scores[0, :, :4].ravel()
    return [None, 0.0, 0.01, 0.33, 0.5, 0.99, *map(float, values)]


def expected(system, frames, threshold):
    post_processing = system.point.post_processing
    if threshold is not None:
        post_processing = replace(post_processing, decision_threshold=threshold)
    events = post_processing.operating_events(frames)
    return {
        clip: [
            [LABELS.index(x.event_label), x.onset, x.offset]
            for x in events[events.filename == clip].itertuples()
        ]
        for clip in frames.clips
    }


@pytest.mark.parametrize(
    ("mode", "settings"),
    [
        ("scores", {}),
        (
            "boxes",
            {"step_filter_length": STEPS},
        ),
    ],
)
def test_events_at_any_threshold_are_those_of_python(decoded, mode, settings):
    frames, _ = case(4, n_clips=5)
    system = system_of(frames, **settings)
    limits = list(DECIDED.values())
    entries = clip_entries(system, frames.clips)
    assert {entry["mode"] for entry in entries} == {mode}
    entries = json.loads(json.dumps(entries))
    thresholds = thresholds_to_try(frames)
    found = iter(decoded([[x, t, limits] for t in thresholds for x in entries]))
    for threshold in thresholds:
        events = expected(system, frames, threshold)
        for clip in frames.clips:
            assert sorted(next(found)) == sorted(events[clip]), threshold
    assert any(events.values()) or threshold > 0.5


def test_with_rules_the_events_are_those_of_the_operating_points(decoded):
    frames, _ = case(5, n_clips=4)
    system = system_of(frames, close_th=0.5, len_th={x: 0.6 for x in LABELS})
    entries = json.loads(json.dumps(clip_entries(system, frames.clips)))
    limits = list(DECIDED.values())
    tried = [(None, None), (0.32, 0.31), (0.5, 0.49), (0.999, 0.99)]
    found = iter(decoded([[x, t, limits] for t, _ in tried for x in entries]))
    for threshold, nearest in tried:
        events = expected(system, frames, nearest)
        for clip in frames.clips:
            assert sorted(next(found)) == sorted(events[clip]), threshold


def test_detections_at_one_threshold_stay_as_they_are(decoded):
    frames, _ = case(6, n_clips=3)
    events = expected(system_of(frames), frames, 0.4)
    table = PostProcessing(WINDOWS).operating_events(frames)
    predictions = Predictions(
        Path("a"), frozenset(frames.clips), (), table.iloc[:, :4]
    )
    system = System(predictions, OperatingPoint("", None))
    labels = list(labels_of(system))
    entries = json.loads(json.dumps(clip_entries(system, frames.clips)))
    assert all(entry["points"] == [] for entry in entries)
    found = decoded([[x, None, [0.5] * len(labels)] for x in entries])
    for clip, own in zip(frames.clips, found, strict=True):
        rows = table[table.filename == clip].itertuples()
        assert sorted(own) == sorted(
            [labels.index(x.event_label), x.onset, x.offset] for x in rows
        )
    assert events.keys() == set(frames.clips)


def test_a_clip_without_scores_has_no_events():
    frames, _ = case(7, n_clips=3)
    system = system_of(frames.select(frames.clips[:1]))
    entries = clip_entries(system, frames.clips[:2])
    assert [x["mode"] for x in entries] == ["scores", "points"]
    assert entries[1]["decided"] == []
    values = np.frombuffer(base64.b64decode(entries[0]["scores"]), "<f4")
    assert values.size == 3 * frames.valid_frames[0]
