"""Settings of the recipe that suit a data set, each with its reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lgc_plugin.data.clip_sets import share_out
from lgc_plugin.data.resolution import Resolution
from lgc_plugin.utils.files import write_text

#: Clips in a batch of ``lgc.yaml``.
_BATCH = {"strong": 12, "weak": 12, "unlabeled": 24}
_WIDTH = 78


def write_settings(
    path: Path, settings: Sequence[tuple[str, Any, str]]
) -> None:
    """Writes a file of overrides: key, value and reason of each setting."""
    lines = ["# Settings for these clips, made by lgc-sed dataset."]
    for key, value, reason in settings:
        lines += ["", *_comment(reason), *_entry(key, value)]
    write_text(path, "\n".join(lines) + "\n")


def propose_settings(
    resolution: Resolution, clip_seconds: float, sets: Sequence[str]
) -> list[tuple[str, Any, str]]:
    """What the recipe should use for some clips."""
    return [
        ("sample_rate", resolution.sample_rate, "Of the clips, in Hz."),
        ("clip_seconds", clip_seconds, "Length of the clips."),
        ("labels", list(resolution.median_windows), "The classes."),
        (
            "batch_sizes",
            share_out(_BATCH, sets),
            "Clips of each kind in a batch; a kind that the data set does not "
            "have leaves its share to the others.",
        ),
        (
            "hop_length",
            resolution.hop_length,
            f"Samples between mel frames: with the pooling, "
            f"{resolution.described}",
        ),
        (
            "pooling",
            [list(each) for each in resolution.pooling],
            "Of each block of the network, in time and in mel bins.",
        ),
        (
            "win_length",
            resolution.win_length,
            "Samples of a spectrogram window: about two output frames.",
        ),
        (
            "n_fft",
            resolution.n_fft,
            "Samples of its transform, so that no mel bin is empty.",
        ),
        ("f_max", resolution.f_max, "The mel bins reach half the sample rate."),
        (
            "median_windows",
            dict(resolution.median_windows),
            "Output frames: a third of the median event of each class; 1, that "
            "is no filter, where no event is known. lgc-sed tune finds better "
            "ones after training.",
        ),
    ]


def _comment(text: str) -> list[str]:
    """The text as lines of a comment."""
    lines = ["#"]
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > _WIDTH:
            lines.append("#")
        lines[-1] += f" {word}"
    return lines


def _entry(key: str, value: Any) -> list[str]:
    """A setting in YAML; JSON is YAML, and keeps any label as it is."""
    if isinstance(value, Mapping):
        return [
            f"{key}:",
            *(f"    {_text(k)}: {_text(v)}" for k, v in value.items()),
        ]
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [f"{key}:", *(f"    - {_text(each)}" for each in value)]
    return [f"{key}: {_text(value)}"]


def _text(value: Any) -> str:
    plain = isinstance(value, str) and value.isidentifier()
    known = str(value).lower() in ("yes", "no", "on", "off", "y", "n", "null")
    if plain and not known and value.lower() not in ("true", "false"):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
