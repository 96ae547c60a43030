"""Frame scores that follow a truth, for the tests of scoring."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.postprocess.post_processing import decode_frames

LABELS = ("Cat", "Dog", "Owl")


def case(
    seed: int = 0, n_clips: int = 12, profile: str = "strict"
) -> tuple[FrameScores, GroundTruth]:
    """Scores that follow the events of most clips; the last has none."""
    rng = np.random.default_rng(seed)
    clips = tuple(f"{i:02}.wav" for i in range(n_clips))
    scores = rng.uniform(0, 0.45, (n_clips, 3, 40)).astype(np.float32)
    rows = []
    for i, clip in enumerate(clips[:-1]):
        for row in rng.choice(3, size=int(rng.integers(1, 3)), replace=False):
            first, size = rng.integers(0, 30), rng.integers(3, 10)
            rows.append([clip, first / 4, (first + size) / 4, LABELS[row]])
            start = max(first + rng.integers(-1, 2), 0)
            scores[i, row, start : start + size] += rng.uniform(0.1, 0.5)
    durations = rng.uniform(8, 10, n_clips)
    truth = GroundTruth.from_tables(
        pd.DataFrame(rows, columns=EVENT_COLUMNS),
        pd.DataFrame({"filename": clips, "duration": durations}),
        LABELS,
        profile=profile,
    )
    frames = FrameScores(
        LABELS,
        clips,
        scores,
        rng.integers(32, 41, n_clips),
        np.arange(41) / 4,
        rng.uniform(size=(n_clips, 3)).astype(np.float32),
    )
    return frames, truth


def decode_events(
    scores, clip_ids, encoder, thresholds, median_windows, valid_frames=None
) -> pd.DataFrame:
    """Events of frames that begin when the encoder's do."""
    edges = [encoder.seconds(i) for i in range(scores.shape[-1] + 1)]
    return decode_frames(
        scores,
        clip_ids,
        encoder.labels,
        np.array(edges),
        thresholds,
        median_windows,
        valid_frames,
    )
