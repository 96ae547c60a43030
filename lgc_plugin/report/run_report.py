"""What a finished run leaves behind: detections, pictures, numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import soundfile

from lgc_plugin.data.manifest import ClipRow, read_manifest
from lgc_plugin.data.preparation import Preparation
from lgc_plugin.data.soundscapes.plan import DESCRIPTION
from lgc_plugin.evaluation.ground_truth import clip_name
from lgc_plugin.evaluation.metrics import TAG_METRICS
from lgc_plugin.evaluation.network_metrics import EvaluationMetrics
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.score import SEDResult
from lgc_plugin.report.result_files import write_predictions, write_results
from lgc_plugin.report.score_figures import plot_per_class, plot_psd_roc
from lgc_plugin.report.tables import score_table
from lgc_plugin.report.timeline import plot_timeline
from lgc_plugin.types import Event
from lgc_plugin.utils.text import printable


def report_test(
    output_folder: str | Path,
    name: str,
    metrics: EvaluationMetrics,
    results: Mapping[str, SEDResult],
    data: Preparation,
    **facts: Any,
) -> None:
    """Prints and writes all that is known of a test.

    ``results.json``; ``predictions/<network>/predictions_th_*.tsv``, one file
    per threshold; ``figures/psd_roc_1.png`` and ``_2.png``,
    ``figures/per_class.png``, ``figures/timeline.png``; and what
    :func:`write_frame_scores` writes; of clips with tags alone only the first
    and ``per_class.png``. Another set than ``test`` has its name in front.
    """
    folder = Path(output_folder)
    prefix = "" if name == "test" else f"{name}_"
    post_processing = _decoding(metrics)
    generated = (data.data_root / DESCRIPTION).is_file()
    write_results(
        folder / f"{prefix}results.json",
        scores={k: result.as_dict() for k, result in results.items()},
        coverage={k: [c.found, c.expected] for k, c in data.coverage.items()},
        data_folder=str(data.data_root),
        generated_soundscapes=generated,
        profile=metrics.profile,
        criteria=asdict(metrics.criteria),
        median_windows=dict(
            zip(
                metrics.labels,
                post_processing.class_windows(metrics.labels),
                strict=True,
            )
        ),
        decision_threshold=post_processing.decision_threshold,
        post_processing=post_processing.settings(),
        **facts,
    )
    per_class = folder / "figures" / f"{prefix}per_class.png"
    if metrics.clips:
        plot_per_class(results, per_class)
        _write_events(folder, name, prefix, metrics, results, data)
    else:
        plot_per_class(results, per_class, metrics=TAG_METRICS)
    print(f"\n{data.coverage[name]}\n{score_table(results)}\n")
    if generated:
        print("These are scores on generated soundscapes, not on DESED.")
    print(f"Written to {printable(folder)}", flush=True)


def _write_events(
    folder: Path,
    name: str,
    prefix: str,
    metrics: EvaluationMetrics,
    results: Mapping[str, SEDResult],
    data: Preparation,
) -> None:
    """What there is of strongly labeled clips alone."""
    write_frame_scores(folder, name, metrics)
    for network, frames in metrics.frames.items():
        write_predictions(
            frames.detections(),
            folder / f"{prefix}predictions" / network,
            frames.post_processing.thresholds,
        )
    figures = folder / "figures"
    for psds in ("psds1", "psds2"):
        curves = {k: v.scores[psds] for k, v in results.items()}
        file = figures / f"{prefix}psd_roc_{psds[-1]}.png"
        plot_psd_roc(curves, file, title=psds.upper())
    rows = read_manifest(data.manifests[name], data.data_root)
    scored = metrics.scored_clips()
    shown = _telling_clip([row for row in rows if clip_name(row.id) in scored])
    plot_clip(figures / f"{prefix}timeline.png", metrics, shown)


def write_run_page(output_folder: str | Path) -> None:
    """Writes ``report.html`` of a finished run, and prints its path."""
    from lgc_plugin.report.page.html_page import write_report

    page = write_report([output_folder], Path(output_folder) / "report.html")
    print(f"Report: {printable(page)}", flush=True)


def write_frame_scores(
    output_folder: str | Path, name: str, metrics: EvaluationMetrics
) -> None:
    """Writes the frame scores, before median filter and thresholds.

    ``scores/<name>_<network>.npz``, from which ``lgc-sed`` tunes windows and
    thresholds, scores and compares.
    """
    for network, frames in metrics.frames.items():
        file = Path(output_folder) / "scores" / f"{name}_{network}.npz"
        frames.frame_scores().save(file)


def plot_clip(
    path: str | Path, metrics: EvaluationMetrics, row: ClipRow
) -> None:
    """Draws one test clip: spectrogram, truth, scores, detections."""
    wav, sample_rate = soundfile.read(row.wav)
    name = clip_name(row.id)
    detections, scores = {}, {}
    for network, frames in metrics.frames.items():
        table = frames.operating_detections()
        table = table[table.filename == name]
        detections[network] = [
            Event(event.onset, event.offset, event.event_label)
            for event in table.itertuples()
        ]
        scores[network] = frames.frame_scores().of(name)
    threshold = _decoding(metrics).decision_threshold
    shown = "their thresholds" if isinstance(threshold, dict) else threshold
    plot_timeline(
        wav,
        sample_rate,
        row.events,
        detections,
        metrics.labels,
        path,
        scores=scores,
        frame_seconds=metrics.frame_seconds,
        title=f"{row.id}, detections at {shown}",
    )


def _decoding(metrics: EvaluationMetrics) -> PostProcessing:
    """That of the first network: all have the same."""
    return next(iter(metrics.frames.values())).post_processing


def _telling_clip(rows: Sequence[ClipRow]) -> ClipRow:
    """A clip with up to three classes, and no more events than that takes.

    The truth alone chooses it: neither the best clip nor the busiest, where
    a picture shows only confusion.
    """

    def rank(row: ClipRow) -> tuple[int, int]:
        classes = {event.label for event in row.events}
        return min(len(classes), 3), -len(row.events)

    return max(rows, key=rank)
