"""Every reader of the project, with a file that it reads."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from lgc_plugin.data.annotations import (
    read_durations,
    read_strong,
    read_unlabeled,
    read_weak,
)
from lgc_plugin.data.audio_files import measure_audio
from lgc_plugin.data.manifest import read_manifest
from lgc_plugin.data.own.names import NameMatcher
from lgc_plugin.data.own.ranges import read_ranges
from lgc_plugin.data.own.sources import Source
from lgc_plugin.data.own.tables import read_label_map
from lgc_plugin.data.packed_file import open_packed
from lgc_plugin.data.preparation import Coverage, Preparation
from lgc_plugin.evaluation.event_files import read_event_file
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth_files import read_annotations
from lgc_plugin.evaluation.score_files import read_score_tsv
from lgc_plugin.evaluation.tuned_settings import TunedSettings
from lgc_plugin.inference.audio_blocks import read_blocks
from lgc_plugin.inference.model.model_settings import (
    read_settings,
    write_settings,
)
from lgc_plugin.inference.model.weights import parse_weights
from lgc_plugin.training.lightning_file import read_lightning_file
from lgc_plugin.training.resume import check_same_run
from lgc_plugin.utils.checksums import read_sums
from lgc_plugin.utils.hparams import parse_recipe_arguments
from model_cases import SETTINGS
from published_crnn import published_module
from scoring_files import frame_scores

HPARAMS = Path(__file__).resolve().parents[2] / "hparams" / "lgc.yaml"
RECORDING = Source("a.wav", Path("a.wav"), 8000, 1, 80_000, "")
TRUTH = "filename\tonset\toffset\tevent_label\na.wav\t0.5\t1.5\tCat\n"
TRUTH += "a.wav\t1.0\t2.0\tDog\nb.wav\t\t\t\n"


@dataclass
class Reader:
    """A function that reads a file, and the content of a whole one."""

    name: str
    file: str
    content: Callable[[Path], bytes]
    read: Callable[[Path], Any]
    #: How many examples of damage are tried
    examples: int = 150


def text(content: str) -> Callable[[Path], bytes]:
    return lambda _: content.encode()


def _npz(folder: Path) -> bytes:
    frame_scores().save(folder / "made.npz")
    return (folder / "made.npz").read_bytes()


def _model_yaml(folder: Path) -> bytes:
    write_settings(folder / "model.yaml", SETTINGS)
    return (folder / "model.yaml").read_bytes()


def _tuned(_: Path) -> bytes:
    return (
        b"# Made by: lgc-sed tune\nmedian_windows:\n  Cat: 3\n  Dog: 5\n"
        b"decision_threshold:\n  Cat: 0.5\n  Dog: 0.25\ntuned_on:\n"
        b"  metric: psds1\n  frame_seconds: 0.064\n  ground_truth: v.tsv\n"
        b"  clips: [a.wav, b.wav]\n"
    )


def _prepared(folder: Path) -> bytes:
    (folder / "test.csv").write_bytes(
        b"ID,duration,wav,label_kind,events,tags\n"
    )
    coverage = {"test": Coverage("test", 1, 2, {"b.wav": "no such file"})}
    sets = {"test": folder / "test.csv"}
    Preparation(sets, ("Cat", "Dog"), folder, coverage).save(folder)
    return (folder / "prepared.json").read_bytes()


def _sound(kind: str) -> Callable[[Path], bytes]:
    def make(_: Path) -> bytes:
        stream = io.BytesIO()
        noise = np.random.default_rng(0).normal(0, 0.1, 4000)
        soundfile.write(stream, noise, 16000, format=kind)
        return stream.getvalue()

    return make


def _weights(_: Path) -> bytes:
    stream = io.BytesIO()
    torch.save({"layer.weight": torch.arange(64.0)}, stream)
    return stream.getvalue()


def _lightning(_: Path) -> bytes:
    stream = io.BytesIO()
    small = {"n_classes": 2, "n_mels": 16, "filters": (2, 2)}
    small |= {"pooling": ((2, 4), (1, 2)), "rnn_size": 2, "rnn_layers": 1}
    module = published_module(**small, embedding_dim=3)
    torch.save({"state_dict": module.state_dict()}, stream)
    return stream.getvalue()


def _overrides(path: Path) -> Any:
    return parse_recipe_arguments([str(HPARAMS), f"--overrides={path}"])


def _blocks(path: Path) -> Any:
    return list(read_blocks(path, 16000))


READERS = [
    Reader("strong", "a.tsv", text(TRUTH), read_strong),
    Reader(
        "weak",
        "a.tsv",
        text("filename\tevent_labels\na.wav\tCat,Dog\n"),
        read_weak,
    ),
    Reader(
        "durations",
        "a.tsv",
        text("filename\tduration\na.wav\t10.0\nb.wav\t9.5\n"),
        read_durations,
    ),
    Reader(
        "unlabeled", "a.tsv", text("filename\na.wav\nb.wav\n"), read_unlabeled
    ),
    Reader(
        "ranges",
        "a.tsv",
        text(
            "filename\tonset\toffset\tevent_labels\na.wav\t0.5\t1.5\tCat,Dog\n"
        ),
        lambda path: read_ranges(path, NameMatcher([RECORDING])),
        60,
    ),
    Reader(
        "label map",
        "a.tsv",
        text("label\tclass\nrobin\tBird\nrain\t\n"),
        read_label_map,
        40,
    ),
    Reader("truth", "a.tsv", text(TRUTH), read_annotations),
    Reader("detections", "a.tsv", text(TRUTH), read_event_file),
    Reader(
        "manifest",
        "a.csv",
        text(
            "ID,duration,wav,label_kind,events,tags\n"
            "a,10.0,$data_root/a.wav,strong,0.5:1.5:Cat;1.0:2.0:Dog,\n"
            "b,9.5,b.wav,weak,,Cat;Dog\nc,3.0,c.wav,none,,\n"
        ),
        read_manifest,
    ),
    Reader(
        "score TSV",
        "a.tsv",
        text("onset\toffset\tCat\tDog\n0.0\t0.5\t0.1\t0.2\n0.5\t1\t1\t0\n"),
        lambda path: read_score_tsv(path, "a.wav"),
    ),
    Reader("score NPZ", "a.npz", _npz, FrameScores.load),
    Reader("tuned settings", "a.yaml", _tuned, TunedSettings.read, 60),
    Reader("model settings", "model.yaml", _model_yaml, read_settings, 40),
    Reader(
        "overrides",
        "a.yaml",
        text("lr: 0.01\nfilters: [4, 8]\nbatch_sizes: {strong: 2, weak: 3}\n"),
        _overrides,
        25,
    ),
    Reader(
        "run record",
        "settings.json",
        text(json.dumps({"lr": 0.1, "labels": ["Cat"]}, indent=2)),
        lambda path: check_same_run(
            path.parent, {"lr": 0.1, "labels": ["Cat"]}
        ),
    ),
    Reader(
        "preparation",
        "prepared.json",
        _prepared,
        lambda path: Preparation.load(path.parent, "/data"),
    ),
    Reader("WAV", "a.wav", _sound("WAV"), _blocks),
    Reader("FLAC", "a.flac", _sound("FLAC"), _blocks),
    Reader("Ogg", "a.ogg", _sound("OGG"), _blocks),
    Reader(
        "header of a WAV",
        "a.wav",
        _sound("WAV"),
        measure_audio,
    ),
    Reader(
        "header of a FLAC",
        "a.flac",
        _sound("FLAC"),
        measure_audio,
    ),
    Reader(
        "weights", "a.pt", _weights, lambda p: parse_weights(p.read_bytes(), p)
    ),
    Reader("Lightning", "a.ckpt", _lightning, read_lightning_file),
    Reader(
        "digests",
        "SHA256SUMS",
        text(f"{'0' * 64}  model.yaml\n{'1' * 64}  teacher.pt\n"),
        lambda path: read_sums(path.parent),
    ),
    Reader(
        "lengths of cached clips",
        "a.json",
        text('{"lengths": [3, 4, 5]}\n'),
        lambda path: open_packed(path.with_suffix(".int16")),
    ),
]
