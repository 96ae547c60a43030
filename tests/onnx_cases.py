"""Detectors and their ONNX files, each exported once per test process."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lgc_plugin.evaluation import PostProcessing
from lgc_plugin.inference.model.model_folder import LoadedModel
from lgc_plugin.inference.model.model_settings import ModelSettings
from lgc_plugin.inference.model.onnx_model import make_onnx
from lgc_plugin.inference.model.plain_values import default_arguments
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.models.features import LogMel
from model_cases import small_settings, used_network

CASES = ("small", "odd", "paper")


def case_settings(name: str) -> ModelSettings:
    """One of :data:`CASES`."""
    return {"small": small_settings, "odd": _odd, "paper": _paper}[name]()


@cache
def exported(name: str) -> tuple[LoadedModel, bytes]:
    """A detector whose batch statistics are used, and its ONNX file."""
    settings = case_settings(name)
    front_end = LogMel(**settings.front_end).eval()
    model = LoadedModel(settings, front_end, used_network(settings, 3))
    return model, make_onnx(model, "teacher")


def sounds(settings: ModelSettings, n_windows: int) -> NDArray[np.float32]:
    """(n_windows, N) noise of different loudness, each with a tone in it."""
    shape = n_windows, settings.encoder().n_samples
    noise = np.random.default_rng(n_windows).uniform(-1, 1, shape)
    time = np.arange(shape[1]) / settings.sample_rate
    pitch = np.linspace(200, 2000, n_windows)[:, None]
    loudness = np.geomspace(0.5, 0.01, n_windows)[:, None]
    tone = np.sin(2 * np.pi * pitch * time)
    return (loudness * (tone + 0.5 * noise)).astype(np.float32)


def _odd() -> ModelSettings:
    """One class, two layers, mel bins normalized over all clips.

    Frames, hop and pooling divide nothing.
    """
    small = small_settings()
    return small_settings(
        labels=("Cat",),
        clip_seconds=0.777,
        front_end={
            **small.front_end,
            "n_fft": 400,
            "hop_length": 90,
            "mel_norm": "global",
        },
        network={
            **small.network,
            **{"n_classes": 1, "rnn_layers": 2, "pooling": ((3, 2), (1, 3))},
            "mel_norm": "global",
        },
        median_windows=5,
        decision_threshold=0.25,
        step_filter_length=0.4,
        len_th=0.1,
    )


def _paper() -> ModelSettings:
    return ModelSettings(
        labels=tuple("abcdefghij"),
        clip_seconds=10.0,
        front_end=default_arguments(LogMel),
        network=default_arguments(CRNN),
        post_processing=PostProcessing(7),
    )
