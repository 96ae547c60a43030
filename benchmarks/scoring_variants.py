"""What is measured of scoring, each in a process of its own."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from harness import peak_mib
from plain_scoring import plain_decode, plain_scores
from scoring_data import (
    LABELS,
    MEDIAN_WINDOWS,
    AnnotatedClips,
    draw_clips,
    draw_scores,
    read_clips,
    repeat_scores,
)

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import (
    EVENT_METRICS,
    PSDS_METRICS,
    TAG_METRICS,
)
from lgc_plugin.evaluation.postprocess.post_processing import decode_frames
from lgc_plugin.evaluation.postprocess.thresholds import spaced_thresholds
from lgc_plugin.evaluation.sed_metrics import SEDMetrics

NETWORKS = ("student", "teacher")
_OPERATING = 0.5
_BATCH = 24
_WARM_UP = 12  # clips

_PLAIN_METRICS = (*PSDS_METRICS, *EVENT_METRICS)


@dataclass(frozen=True)
class Variant:
    """One way to score a test."""

    #: What ``--variants`` calls it
    name: str
    #: What the table calls it
    title: str
    #: Which scores; None means all
    metrics: tuple[str, ...] | None = _PLAIN_METRICS
    #: Whether they have intervals
    resampled: bool = False
    #: How often the clips are repeated
    copies: int = 1


PLAIN = Variant("plain", "plain")
OURS = Variant("ours", "ours")
VARIANTS = (
    PLAIN,
    OURS,
    Variant("everything", "ours, all scores", None),
    Variant(
        "bootstrap",
        "ours, intervals, not threshold-free",
        (*_PLAIN_METRICS, *TAG_METRICS),
        True,
    ),
    Variant("bootstrap_free", "ours, intervals, all scores", None, True),
    Variant("ours_4x", "ours, 4 times the clips", copies=4),
    Variant("ours_16x", "ours, 16 times the clips", copies=16),
)


@dataclass(frozen=True)
class Setting:
    """On what is measured."""

    #: How many are drawn
    clips: int
    #: How many of them the plain path takes
    plain_clips: int
    #: Operating points of PSDS
    thresholds: int = 50
    #: Of the bootstrap
    resamples: int = 1000
    #: Decides what is drawn
    seed: int = 0
    #: Folder with the annotation of DESED, which is then the truth
    metadata: Path | None = None


@dataclass(frozen=True, eq=False)
class _Test:
    """Clips, their scores of both networks, and the thresholds."""

    clips: AnnotatedClips
    frames: Mapping[str, FrameScores]
    thresholds: tuple[float, ...]

    def first(self, count: int) -> _Test:
        clips = self.clips.first(count)
        kept = clips.durations.filename
        frames = {name: each.select(kept) for name, each in self.frames.items()}
        return _Test(clips, frames, self.thresholds)


def measure(variant: Variant, setting: Setting) -> dict[str, Any]:
    """Scores a test and takes the time."""
    encoder = EventEncoder(LABELS)
    test = _make_test(encoder, setting, variant.copies)
    few = test.first(setting.plain_clips)
    if variant.name == PLAIN.name:
        _measure_plainly(test.first(_WARM_UP))
        return _measure_plainly(few)
    resamples = setting.resamples if variant.resampled else 0
    # One resample imports as much as all.
    _score(test.first(_WARM_UP), encoder, variant.metrics, min(resamples, 1))
    base = peak_mib()
    start = time.perf_counter()
    scores = _score(test, encoder, variant.metrics, resamples)
    measured = {
        "clips": len(test.clips.durations),
        "seconds": time.perf_counter() - start,
        "peak_mib": peak_mib(),
        "base_mib": base,
    }
    if variant.name != OURS.name:
        return measured
    start = time.perf_counter()
    found = _decode(test)
    measured["decode_seconds"] = time.perf_counter() - start
    if len(few.clips.durations) < len(test.clips.durations):
        found, scores = _decode(few), _score(few, encoder, variant.metrics, 0)
    return {**measured, "scores": scores, "events": _fingerprints(found)}


def _measure_plainly(test: _Test) -> dict[str, Any]:
    """As :func:`measure`: what it decodes is what it scores."""
    base = peak_mib()
    start = time.perf_counter()
    found = {
        network: plain_decode(frames, MEDIAN_WINDOWS, test.thresholds)
        for network, frames in test.frames.items()
    }
    decoded = time.perf_counter()
    scores = {}
    for network, frames in test.frames.items():
        operating = plain_decode(frames, MEDIAN_WINDOWS, [_OPERATING])
        each = plain_scores(
            found[network], operating[_OPERATING], test.clips, LABELS
        )
        scores |= {f"{network} {name}": x for name, x in each.items()}
    end = time.perf_counter()
    tables = {
        network: pd.concat(
            [table.assign(threshold=point) for point, table in points.items()]
        )
        for network, points in found.items()
    }
    return {
        "clips": len(test.clips.durations),
        "seconds": end - start,
        "decode_seconds": decoded - start,
        "peak_mib": peak_mib(),
        "base_mib": base,
        "scores": scores,
        "events": _fingerprints(tables),
    }


def _make_test(encoder: EventEncoder, setting: Setting, copies: int) -> _Test:
    if setting.metadata is None:
        clips = draw_clips(setting.clips, setting.seed)
    else:
        clips = read_clips(setting.metadata).first(setting.clips)
    frames = {
        name: repeat_scores(
            draw_scores(clips, encoder, seed=setting.seed, network=i), copies
        )
        for i, name in enumerate(NETWORKS)
    }
    return _Test(
        clips.repeat(copies), frames, spaced_thresholds(setting.thresholds)
    )


def _score(
    test: _Test,
    encoder: EventEncoder,
    metrics: Collection[str] | None,
    resamples: int,
) -> dict[str, float]:
    """As an evaluation does: batch by batch, both networks at once."""
    truth = GroundTruth.from_tables(
        test.clips.events, test.clips.durations, LABELS, profile="strict"
    )
    collected = {
        network: SEDMetrics(
            encoder, truth, MEDIAN_WINDOWS, test.thresholds, _OPERATING
        )
        for network in test.frames
    }
    for start in range(0, len(truth.durations), _BATCH):
        for network, frames in test.frames.items():
            batch = slice(start, start + _BATCH)
            collected[network].append(
                frames.clips[batch],
                frames.scores[batch],
                frames.valid_frames[batch],
            )
    scores = {}
    for network, each in collected.items():
        result = each.summarize(metrics, resamples=resamples)
        scores |= {f"{network} {k}": x for k, x in result.flat().items()}
    return scores


def _decode(test: _Test) -> dict[str, pd.DataFrame]:
    return {
        network: decode_frames(
            frames.scores,
            frames.clips,
            frames.labels,
            frames.edges,
            test.thresholds,
            MEDIAN_WINDOWS,
            frames.valid_frames,
        )
        for network, frames in test.frames.items()
    }


def _fingerprints(found: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """How many events, and a digest of their table in one order."""
    order = ["threshold", "filename", "event_label", "onset"]
    columns = [*order, "offset"]
    prints = {}
    for network, table in found.items():
        # All digits: two ways agree to the last bit.
        text = table[columns].sort_values(order).to_csv(index=False)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        prints[network] = f"{len(table)} events, {digest}"
    return prints
