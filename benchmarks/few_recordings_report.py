"""Scores of trainings on few labeled recordings, and their differences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from ablation_runs import METHODS, Run
from tables import mean_and_spread

from lgc_plugin.evaluation.criteria import Criteria
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.ground_truth_files import read_annotations
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.operating_options import OperatingOptions
from lgc_plugin.evaluation.score import ClipCounts
from lgc_plugin.evaluation.system import ScoredSystems, count_systems

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Scores, and by how much they are multiplied in tables.
SCORES = {
    "frame_error_rate": ("frame errors, %", 100),
    "event_f1_macro": ("event F1, 20 ms", 1),
    "intersection_f1_macro": ("intersection F1", 1),
    "psds1": ("PSDS1", 1),
}
_PAIRS = (
    ("mean_teacher", "supervised"),
    ("lgc", "mean_teacher"),
    ("lgc", "supervised"),
)


def seed_scores(runs: Sequence[Run]) -> dict[str, dict[str, list[float]]]:
    """Scores of the teacher, by method and name."""
    found: dict[str, dict[str, list[float]]] = {}
    for run in runs:
        results = json.loads((run.folder / "results.json").read_text())
        own = found.setdefault(run.method.name, {name: [] for name in SCORES})
        for name, (_, scale) in SCORES.items():
            own[name].append(scale * results["scores"]["teacher"][name])
    return found


def score_runs(runs: Sequence[Run]) -> ScoredSystems:
    """The teachers of all runs on the clips of the test."""
    results = json.loads((runs[0].folder / "results.json").read_text())
    options = OperatingOptions.of({"median_windows": results["median_windows"]})
    return count_systems(
        [run.folder / "scores" / "test_teacher.npz" for run in runs],
        read_annotations(
            runs[0].data / "manifests" / "test.csv",
            criteria=Criteria(**results["criteria"]),
        ),
        [options] * len(runs),
        [f"{run.method.name} {run.seed}" for run in runs],
        Notes(),
        drop_missing=False,
    )


def compare_all(
    scored: ScoredSystems, runs: Sequence[Run], resamples: int
) -> dict[str, dict[str, dict[str, Any]]]:
    """Differences of pairs of methods, by pair and score, with intervals.

    Both what is tested and what is trained is drawn: recordings of the test and
    seeds, the same ones for both methods.
    """
    names = {run.method.name for run in runs}
    weights = draw_recordings(scored.truth.durations.filename, resamples)
    drawn = [resample(counts, weights) for counts in scored.counts]
    once = np.ones((1, weights.shape[1]))
    all_clips = [resample(counts, once) for counts in scored.counts]
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for better, worse in _PAIRS:
        if not {better, worse} <= names:
            continue
        own = found[f"{better} - {worse}"] = {}
        for name in SCORES:
            metric = name.removesuffix("_macro")
            gaps, gap = (
                of_method(each, runs, better, metric)
                - of_method(each, runs, worse, metric)
                for each in (drawn, all_clips)
            )
            means = _mean_of_drawn(gaps, 1)
            own[name] = {
                "difference": float(gap.mean()),
                "interval": np.quantile(means, [0.025, 0.975]).tolist(),
                "of_seeds": gap[:, 0].tolist(),
            }
    return found


def plain_rate(counts: Mapping[str, tuple[int, int]]) -> float:
    """Percent of wrong frames, of wrong and all frames by recording.

    >>> plain_rate({"a.wav": (1, 30), "b.wav": (0, 10)})
    2.5
    """
    wrong, total = np.sum(list(counts.values()), axis=0)
    return float(100 * wrong / total)


def compare_plain(
    scored: ScoredSystems,
    runs: Sequence[Run],
    plain: Sequence[Mapping[str, tuple[int, int]]],
    resamples: int,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Differences in frame errors from a plain network, by method.

    Recordings are drawn for both alike, and seeds for each apart: those of two
    networks have nothing in common.
    """
    clips = list(scored.truth.durations.filename)
    weights = draw_recordings(clips, resamples)
    first = {x.rpartition("_")[0]: i for i, x in reversed([*enumerate(clips)])}
    metric = "frame_error_rate"
    plain_rates = []
    for counts in plain:
        by_name = {Path(name).stem: each for name, each in counts.items()}
        wrong, total = np.array([by_name[name] for name in first]).T
        drawn = weights[:, list(first.values())]
        plain_rates.append((drawn @ wrong) / (drawn @ total))
    once = np.mean([plain_rate(counts) for counts in plain]) / 100
    drawn_plain = _mean_of_drawn(np.array(plain_rates), 2)
    frames = [{metric: counts[metric]} for counts in scored.counts]
    rates = [resample(each, weights) for each in frames]
    all_clips = [resample(each, np.ones((1, len(clips)))) for each in frames]
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name in dict.fromkeys(run.method.name for run in runs):
        own = of_method(rates, runs, name, metric)
        means = _mean_of_drawn(own, 1) - drawn_plain
        rate = of_method(all_clips, runs, name, metric).mean()
        found[f"{name} - plain CRNN"] = {
            metric: {
                "difference": float(rate - once),
                "interval": np.quantile(means, [0.025, 0.975]).tolist(),
            }
        }
    return found


def _mean_of_drawn(
    values: NDArray[np.floating], seed: int
) -> NDArray[np.floating]:
    """(R,) means of (S, R) values over as many drawn rows."""
    drawn = np.random.default_rng(seed).integers(len(values), size=values.shape)
    means: NDArray[np.floating] = np.take_along_axis(
        values, drawn, axis=0
    ).mean(0)
    return means


def near_edges(
    scored: ScoredSystems, runs: Sequence[Run]
) -> dict[str, list[float]]:
    """By method, percent of the frames: wrong, and beside an annotated edge.

    That is within two frames of where an event begins or ends.
    """
    truth = scored.truth
    true = {}
    for clip in truth.clips:
        events = draw_frames(truth.events, truth, clip)
        change = (np.diff(events, axis=0) != 0).any(1)
        edges = np.convolve(change, np.ones(4), mode="full")[1:-1] > 0
        true[clip] = events, edges
    found: dict[str, list[float]] = {}
    for run, system in zip(runs, scored.systems, strict=True):
        wrong = total = 0
        for clip, (events, edges) in true.items():
            own = draw_frames(system.operating_events, truth, clip)
            wrong += int(((own != events).any(1) & edges).sum())
            total += len(events)
        found.setdefault(run.method.name, []).append(100 * wrong / total)
    return found


def draw_frames(
    events: pd.DataFrame, truth: GroundTruth, clip: str
) -> NDArray[np.int8]:
    """(T, C): which classes sound in the middle of each frame of a clip."""
    step = truth.criteria.error_frame
    lengths = truth.durations.set_index("filename").duration
    middles = (np.arange(round(lengths[clip] / step)) + 0.5) * step
    rounding = 1e-9 * step
    frames = np.zeros((len(middles), len(truth.labels)), dtype=np.int8)
    for event in events[events.filename == clip].itertuples():
        # As the frame error rate has it: middles within rounding are on edges.
        onset, offset = event.onset - rounding, event.offset - rounding
        inside = (middles >= onset) & (middles < offset)
        frames[inside, truth.labels.index(event.event_label)] = 1
    return frames


def draw_recordings(
    clips: Iterable[str], resamples: int
) -> NDArray[np.floating]:
    """(R, N): how often each clip is in a resample of the recordings.

    Clips are in the order of the counts, which is that of the durations.

    >>> weights = draw_recordings(["a_0.wav", "a_1000.wav", "b_0.wav"], 50)
    >>> bool((weights[:, 0] == weights[:, 1]).all()), bool((weights > 1).any())
    (True, True)
    """
    names = [clip.rpartition("_")[0] for clip in clips]
    recordings, which = np.unique(names, return_inverse=True)
    size = len(recordings)
    drawn = np.random.default_rng(0).multinomial(
        size, [1 / size] * size, size=resamples
    )
    return drawn[:, which].astype(float)


def resample(
    counts: Mapping[str, ClipCounts], weights: NDArray[np.floating]
) -> dict[str, NDArray[np.float64]]:
    """The scores of each row of weights, by metric."""
    wanted = {name.removesuffix("_macro") for name in SCORES}
    chunks = [weights[i : i + 10] for i in range(0, len(weights), 10)]
    return {
        name: np.concatenate([each.averages(chunk).value for chunk in chunks])
        for name, each in counts.items()
        if name in wanted
    }


def of_method(
    scores: Sequence[Mapping[str, NDArray[np.float64]]],
    runs: Sequence[Run],
    method: str,
    metric: str,
) -> NDArray[np.float64]:
    """(S, R): scores of the runs of a method, seed by seed."""
    pairs = zip(scores, runs, strict=True)
    return np.stack([x[metric] for x, y in pairs if y.method.name == method])


def score_lines(
    n_labeled: int,
    scores: Mapping[str, Mapping[str, Sequence[float]]],
    edges: Mapping[str, Sequence[float]],
) -> list[list[str]]:
    """A row for each method: mean and deviation over the seeds."""
    return [
        [
            f"{n_labeled}",
            METHODS[name].title.removeprefix("+ prototypes = "),
            *(mean_and_spread(numbers) for numbers in own.values()),
            mean_and_spread(edges[name]),
        ]
        for name, own in scores.items()
    ]


def difference_lines(
    n_labeled: int, differences: Mapping[str, Mapping[str, Any]]
) -> list[list[str]]:
    """A row for each pair: difference and interval."""
    lines = []
    for pair, found in differences.items():
        cells = []
        for name, (_, scale) in SCORES.items():
            if name not in found:  # the plain network has frames alone
                cells.append("")
                continue
            entry = found[name]
            gap, low, high = (
                scale * x for x in (entry["difference"], *entry["interval"])
            )
            text = f"{gap:+.3f} [{low:+.3f}, {high:+.3f}]"
            cells.append(f"**{text}**" if low > 0 or high < 0 else text)
        lines.append([f"{n_labeled}", pair.replace("_", " "), *cells])
    return lines
