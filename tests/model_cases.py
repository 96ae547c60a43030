"""A small detector, as tests of model folders need it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import torch

from lgc_plugin.evaluation import PostProcessing
from lgc_plugin.inference.model.model_settings import ModelSettings
from lgc_plugin.inference.model.plain_values import default_arguments
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.models.features import LogMel

LABELS = ("Cat", "Dog", "yes")  # the last is a boolean to some YAML readers


def small_settings(**changes: Any) -> ModelSettings:
    """Settings of a network that is made and run in milliseconds."""
    options = {
        "labels": LABELS,
        "clip_seconds": 1.0,
        "front_end": {
            **default_arguments(LogMel),
            "n_fft": 512,
            "n_mels": 16,
            "amplitude_floor": 3e-7,
        },
        "network": {
            **default_arguments(CRNN),
            "n_classes": 3,
            "n_mels": 16,
            "filters": (4, 6),
            "pooling": ((2, 4), (1, 2)),
            "rnn_size": 5,
            "rnn_layers": 1,
            "embedding_dim": 7,
        },
        "median_windows": {"Dog": 5, "Cat": 3, "yes": 1},
        "decision_threshold": {"yes": 0.25, "Cat": 0.5, "Dog": 1 / 3},
        "versions": {"torch": "2.11.0", "sed_scores_eval": None},
        "notes": {"seed": 42, "tuned_on": {"metric": "psds1", "clips": 3}},
    }
    values = {**options, **changes}
    names = [each.name for each in fields(PostProcessing)]
    decoding = {name: values.pop(name) for name in names if name in values}
    return ModelSettings(**values, post_processing=PostProcessing(**decoding))


def used_network(settings: ModelSettings, seed: int) -> CRNN:
    """A network whose weights and batch statistics are not the first ones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = CRNN(**settings.network)
        size = settings.network["encoder_size"]
        for _ in range(2):
            features = torch.rand(3, settings.network["n_mels"], 24)
            embeddings = torch.rand(3, size, 12) if size else None
            network(features, embeddings=embeddings)
    return network.eval()


SETTINGS = small_settings()
NETWORKS = {
    "student": used_network(SETTINGS, 1),
    "teacher": used_network(SETTINGS, 2).requires_grad_(False),
}
