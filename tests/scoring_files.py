"""A small set of clips, and a system that is partly right, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.report.result_files import write_predictions

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
LABELS = ("Cat", "Cow", "Dog")
CLIPS = tuple(f"{i:02d}.wav" for i in range(12))
SECONDS = 10.0
SILENT = CLIPS[-2:]
FRAME_SECONDS = 0.1
WINDOWS = {"Cat": 3, "Cow": 5, "Dog": 9}


def true_events(seed: int = 0) -> pd.DataFrame:
    """One event of two classes in each clip that is not silent."""
    rng = np.random.default_rng(seed)
    rows = []
    for clip in CLIPS[: -len(SILENT)]:
        for label in rng.choice(LABELS, 2, replace=False):
            onset = round(rng.uniform(0, 5), 3)
            length = round(rng.uniform(1, 4), 3)
            rows.append((clip, onset, onset + length, label))
    return pd.DataFrame(rows, columns=EVENT_COLUMNS)


def write_truth(folder: Path) -> list[str]:
    """Annotations and durations; the options of a command that name them."""
    rows = pd.DataFrame({"filename": SILENT})
    table = pd.concat([true_events(), rows])
    table.to_csv(folder / "truth.txt", sep="\t", index=False)
    lengths = pd.DataFrame({"filename": CLIPS, "duration": SECONDS})
    lengths.to_csv(folder / "lengths.txt", sep="\t", index=False)
    return [
        f"--ground-truth={folder / 'truth.txt'}",
        f"--durations={folder / 'lengths.txt'}",
    ]


def frame_scores(seed: int = 1, noise: float = 0.25) -> FrameScores:
    """The scores of a system: the truth with noise added."""
    rng = np.random.default_rng(seed)
    edges = np.arange(round(SECONDS / FRAME_SECONDS) + 1) * FRAME_SECONDS
    shape = (len(CLIPS), len(LABELS), len(edges) - 1)
    scores = np.full(shape, 0.3)
    for clip, onset, offset, label in true_events().itertuples(index=False):
        active = (edges[1:] > onset) & (edges[:-1] < offset)
        scores[CLIPS.index(clip), LABELS.index(label), active] = 0.7
    scores = (scores + rng.normal(0, noise, shape)).clip(0, 1)
    valid = np.full(len(CLIPS), shape[2])
    return FrameScores(LABELS, CLIPS, scores.astype(np.float32), valid, edges)


def write_detections(
    folder: Path, seed: int = 1, thresholds: tuple = (), noise: float = 0.25
) -> Path:
    """The same system's detections, one file per threshold."""
    frames = frame_scores(seed, noise)
    decoding = PostProcessing(WINDOWS)
    if thresholds:
        decoding = PostProcessing(WINDOWS, thresholds)
    events = decoding.all_events(frames)
    write_predictions(events, folder, decoding.thresholds)
    return folder


def write_table(file: Path, rows: list[tuple], columns=EVENT_COLUMNS) -> Path:
    """Rows of text or numbers under a header."""
    lines = [columns, *rows]
    text = "".join("\t".join(map(str, line)) + "\n" for line in lines)
    file.write_text(text, encoding="utf-8")
    return file
