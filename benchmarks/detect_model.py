"""The detector that is measured: the paper's network, untrained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import soundfile
import torch
from detect_variants import Audio, write_audio
from scoring_data import LABELS

from lgc_plugin.inference.detector import SoundEventDetector
from lgc_plugin.inference.model.hparams_settings import (
    read_arguments,
    settings_of_hparams,
)
from lgc_plugin.inference.model.model_folder import write_model
from lgc_plugin.inference.model.model_settings import ModelSettings
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.models.features import LogMel

_HPARAMS = Path(__file__).resolve().parents[1] / "hparams" / "lgc.yaml"
_SAMPLE_SECONDS = 30.0  # that statistics and thresholds come from
_ACTIVE_SHARE = 0.1  # of the frames of each class
_HOPS = (None, 1.0)  # whose latency is reported, in seconds


def make_model(folder: Path, seed: int) -> dict[str, Any]:
    """Writes a model folder with the network of ``hparams/lgc.yaml``.

    Its speed is that of a trained one, for which the weights do not matter.
    Batch statistics are those of the sounds that it will get, and thresholds
    are such that each class is active in a tenth of them: there is as much to
    make events of as in real recordings.
    """
    plain = read_arguments(_HPARAMS, {"labels": list(LABELS)})
    settings = settings_of_hparams(plain, {})
    wav = _sample(settings.sample_rate, seed)
    network = _used_network(settings, wav, seed)
    write_model(folder, settings, {"teacher": network})
    scores = _detector(folder).scores(wav, settings.sample_rate)
    limits = np.quantile(scores, 1 - _ACTIVE_SHARE, axis=1)
    by_class = dict(zip(settings.labels, limits.tolist(), strict=True))
    decoding = replace(settings.post_processing, decision_threshold=by_class)
    settings = replace(settings, post_processing=decoding)
    write_model(folder, settings, {"teacher": network})
    latencies = {
        "half a window" if hop is None else f"{hop:g} s": _detector(
            folder, hop_seconds=hop
        ).latency_seconds
        for hop in _HOPS
    }
    return {
        "parameters": sum(each.numel() for each in network.parameters()),
        "latency_seconds": latencies,
        **{name: version(name) for name in ("torch", "speechbrain")},
    }


def _detector(
    folder: Path, hop_seconds: float | None = None
) -> SoundEventDetector:
    options: Mapping[str, Any] = {"device": "cpu"}
    return SoundEventDetector.from_hparams(
        folder, hop_seconds=hop_seconds, run_opts=options
    )


def _sample(sample_rate: int, seed: int) -> np.ndarray:
    """(N,) sounds like those that will be measured, but others."""
    with TemporaryDirectory() as folder:
        audio = Audio(_SAMPLE_SECONDS, sample_rate)
        path = write_audio(Path(folder), audio, seed + 1)
        return soundfile.read(path, dtype="float32")[0]


def _used_network(settings: ModelSettings, wav: np.ndarray, seed: int) -> CRNN:
    """Random weights, and batch statistics of the sounds."""
    torch.manual_seed(seed)
    network = CRNN(**settings.network)
    samples = round(settings.clip_seconds * settings.sample_rate)
    clips = torch.from_numpy(wav).unfold(0, samples, samples)
    with torch.no_grad():
        network(LogMel(**settings.front_end)(clips))
    return network.eval()
