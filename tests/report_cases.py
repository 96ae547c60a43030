"""The files of a finished run, made without a training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from lgc_plugin.data.manifest import ClipRow, read_manifest, write_manifest
from lgc_plugin.data.preparation import Coverage, Preparation
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import clip_name, truth_of_rows
from lgc_plugin.evaluation.metrics import (
    EVENT_METRICS,
    PSDS_METRICS,
    count_scores,
    score_counts,
)
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.score import SEDResult
from lgc_plugin.report.result_files import write_results
from lgc_plugin.types import Event, LabelKind

LABELS = ("Cat", "Dog", "Speech_male")
SECONDS, FRAME_SECONDS, RATE = 4.0, 0.064, 8000
WINDOWS = (3, 5, 7)
N_FRAMES = int(SECONDS / FRAME_SECONDS)


def make_run(
    folder: Path,
    n_clips: int = 6,
    labels: Sequence[str] = LABELS,
    *,
    seed: int = 0,
    resamples: int = 20,
    audio: bool = True,
    prefix: str = "clip",
    **settings: Any,
) -> Path:
    """A run with student and teacher; its audio is beside it."""
    labels = tuple(labels)
    data = folder.parent / f"{folder.name}_data"
    rows = _rows(n_clips, labels, prefix, seed)
    if audio:
        _write_audio(rows, data)
    manifests = folder / "manifests"
    write_manifest(rows, manifests / "test.csv")
    covered = {"test": Coverage("test", n_clips, n_clips + 1, {"x": "absent"})}
    Preparation({"test": manifests / "test.csv"}, labels, data, covered).save(
        manifests
    )
    truth = truth_of_rows(
        read_manifest(manifests / "test.csv", data), labels, "dcase"
    )
    windows = dict(zip(labels, WINDOWS * len(labels), strict=False))
    post_processing = PostProcessing(windows, **settings).for_labels(labels)
    results = {}
    for network, noise in (("student", 0.30), ("teacher", 0.22)):
        frames = _scores(rows, labels, noise, seed)
        frames.save(folder / "scores" / f"test_{network}.npz")
        metrics = (*PSDS_METRICS, *EVENT_METRICS)
        counts = count_scores(frames, truth, post_processing, metrics)
        scores = score_counts(counts, n_clips, resamples=resamples)
        result = SEDResult(scores, n_clips, n_clips + 1, resamples)
        results[network] = result.as_dict()
    write_results(
        folder / "results.json",
        scores=results,
        seed=seed,
        coverage={"test": [n_clips, n_clips + 1]},
        wall_seconds=83.0,
        profile="dcase",
        median_windows=windows,
        decision_threshold=0.5,
        post_processing=post_processing.settings(),
        command=f"python train.py lgc.yaml --seed={seed}",
    )
    (folder / "hyperparams.yaml").write_text(
        f"seed: {seed}\nlr: 0.00{seed + 1}\nmodel: !new:lgc_plugin.CRNN {{}}\n"
    )
    (folder / "train_log.txt").write_text(_log(8))
    return folder


def _rows(
    n_clips: int, labels: tuple[str, ...], prefix: str, seed: int
) -> list[ClipRow]:
    rng = np.random.default_rng(seed + 1)
    rows = []
    for number in range(n_clips):
        events = []
        for label in rng.choice(labels, min(2, len(labels)), replace=False):
            onset = round(rng.uniform(0, SECONDS - 1), 3)
            offset = round(min(onset + rng.uniform(0.3, 2), SECONDS), 3)
            events.append(Event(onset, offset, str(label)))
        name = f"{prefix}{number:04}"
        wav = f"$data_root/{name}.wav"
        tags = tuple(sorted({event.label for event in events}))
        rows.append(
            ClipRow(name, SECONDS, wav, LabelKind.STRONG, tuple(events), tags)
        )
    return rows


def _write_audio(rows: Sequence[ClipRow], data: Path) -> None:
    """Noise, and a tone for each event."""
    data.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    time = np.arange(round(SECONDS * RATE)) / RATE
    for row in rows:
        wav = 0.02 * rng.normal(size=len(time))
        for number, event in enumerate(row.events):
            active = (time >= event.onset) & (time < event.offset)
            tone = np.sin(2 * np.pi * 400 * (number + 1) * time)
            wav += 0.2 * active * tone
        soundfile.write(data / f"{row.id}.wav", wav, RATE)


def _scores(
    rows: Sequence[ClipRow],
    labels: tuple[str, ...],
    noise: float,
    seed: int,
) -> FrameScores:
    """The truth, with noise that is the same for a few frames."""
    edges = np.round(np.arange(N_FRAMES + 1) * FRAME_SECONDS, 6)
    rng = np.random.default_rng(seed + 2)
    shape = (len(rows), len(labels), N_FRAMES)
    scores = np.full(shape, 0.12)
    for number, row in enumerate(rows):
        for event in row.events:
            active = (edges[1:] > event.onset) & (edges[:-1] < event.offset)
            scores[number, labels.index(event.label), active] = 0.8
    coarse = rng.normal(0, noise, (*shape[:2], -(-N_FRAMES // 6)))
    scores += coarse.repeat(6, axis=2)[..., :N_FRAMES]
    scores += rng.normal(0, 0.05, shape)
    return FrameScores(
        labels,
        tuple(clip_name(row.id) for row in rows),
        scores.clip(0, 1).astype(np.float32),
        np.full(len(rows), N_FRAMES),
        edges,
    )


def _log(epochs: int) -> str:
    lines = [
        f"epoch: {n}, lr: {0.001 * n:.4e} - train loss: {3 / n:.4e}, "
        f"train mean_teacher: {0.1 * n:.4e} - valid loss: {4 / n:.4e}, "
        f"valid student_intersection_f1_macro: {0.05 * n:.4e}, "
        f"valid teacher_intersection_f1_macro: {0.06 * n:.4e}"
        for n in range(1, epochs + 1)
    ]
    return "\n".join(lines) + "\n"
