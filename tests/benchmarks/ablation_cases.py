"""Finished runs of an ablation, of untrained networks."""

import json

import numpy as np
import soundfile
from ablation_runs import METHODS, plan_runs

from lgc_plugin.data.manifest import ClipRow, write_manifest
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.inference.detector import SoundEventDetector
from lgc_plugin.inference.model.model_folder import write_model
from lgc_plugin.types import Event, LabelKind
from model_cases import LABELS, small_settings, used_network


def write_runs(folder, names, seed, n_clips=6):
    """Runs of untrained networks that were tested on the same clips."""
    settings = small_settings()
    runs = plan_runs(folder, [METHODS[name] for name in names], [seed])
    rng = np.random.default_rng(seed)
    rows = []
    runs[0].data.mkdir(parents=True)
    for number in range(n_clips):
        name = f"{number}.wav"
        noise = rng.normal(scale=0.1, size=settings.sample_rate)
        soundfile.write(runs[0].data / name, noise, settings.sample_rate)
        event = Event(0.2, 0.7, LABELS[number % 2])
        wav = f"$data_root/{name}"
        rows.append(ClipRow(str(number), 1.0, wav, LabelKind.STRONG, (event,)))
    for number, run in enumerate(runs):
        network = used_network(settings, seed=10 * seed + number)
        write_model(run.folder / "model", settings, {"teacher": network})
        detector = SoundEventDetector.from_hparams(
            run.folder, run_opts={"device": "cpu"}
        )
        scores = np.stack(
            [
                detector.scores(*soundfile.read(run.data / f"{row.id}.wav"))
                for row in rows
            ]
        )
        n_frames = scores.shape[2]
        FrameScores(
            LABELS,
            tuple(f"{row.id}.wav" for row in rows),
            scores,
            np.full(n_clips, n_frames),
            np.arange(n_frames + 1) * settings.frame_seconds,
        ).save(run.folder / "scores" / "test_teacher.npz")
        write_manifest(rows, run.folder / "manifests" / "test.csv")
        results = {"versions": settings.versions}
        (run.folder / "results.json").write_text(json.dumps(results))
    return runs
