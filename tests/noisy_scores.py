"""Frame scores that show the truth through noise."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth

LABELS = ("Dog", "Cat", "Cow")  # not in alphabetical order


def noisy_case(
    seed: int = 0,
    n_clips: int = 12,
    n_frames: int = 20,
    labels: tuple[str, ...] = LABELS[:2],
    prefix: str = "",
) -> tuple[FrameScores, GroundTruth]:
    """Scores of all LABELS and the truth, which has events of some.

    Clips last 10 s, frames 0.5 s.
    """
    rng = np.random.default_rng(seed)
    clips = [f"{prefix}{i:02}.wav" for i in range(n_clips)]
    scores = np.zeros((n_clips, len(LABELS), n_frames))
    rows = []
    for row, clip in enumerate(clips):
        for label in labels:
            if rng.random() < 0.7:
                onset, length = rng.integers(0, 12), rng.integers(2, 8)
                rows.append([clip, onset * 0.5, (onset + length) * 0.5, label])
                place = slice(onset, onset + length)
                scores[row, LABELS.index(label), place] = 1.0
    noise = rng.normal(0, 2.0, scores.shape)
    scores = 1 / (1 + np.exp(-(4 * scores - 2 + noise)))
    truth = GroundTruth.from_tables(
        pd.DataFrame(rows, columns=EVENT_COLUMNS),
        pd.DataFrame({"filename": clips, "duration": 10.0}),
        LABELS,
        profile="strict",
    )
    frames = FrameScores(
        LABELS,
        tuple(clips),
        scores.astype(np.float32),
        rng.integers(n_frames // 2, n_frames + 1, n_clips),
        np.arange(n_frames + 1) * 0.5,
    )
    return frames, truth
