"""The settings of a detector and their file."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lgc_plugin.inference.model.model_settings import (
    ModelSettings,
    read_settings,
    write_settings,
)
from lgc_plugin.types import LabelKind
from model_cases import LABELS, small_settings

SETTINGS = small_settings()
# As version 0.1.0 writes it: what is in people's folders.
TEXT = """\
format: 1
labels: [Cat, Dog]
clip_seconds: 10.0
front_end:
  sample_rate: 16000
  n_fft: 2048
  hop_length: 256
  n_mels: 128
  f_min: 0.0
  f_max: 8000.0
  amplitude_floor: 1e-05
  decibel_range: [-50.0, 80.0]
network:
  n_classes: 2
  n_mels: 128
  filters: [16, 32]
  pooling:
  - [2, 2]
  - [4, 2]
  dropout: 0.5
  norm_momentum: 0.99
  rnn_size: 128
  rnn_layers: 2
  rnn_dropout: 0.0
  embedding_dim: 128
median_windows: {Cat: 3, Dog: 28}
decision_threshold: 0.5
versions:
  torch: "2.11.0"
notes: {}
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "model.yaml"


def refused(file, text):
    """The error of a file, without its name."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(
        ValueError, match=f"^{re.escape(str(file))}: "
    ) as caught:
        read_settings(file)
    return str(caught.value).removeprefix(f"{file}: ")


def test_the_first_format_is_read_for_ever(file):
    file.write_text(TEXT)
    settings = read_settings(file)
    assert settings.labels == ("Cat", "Dog")
    assert settings.front_end["amplitude_floor"] == 1e-5
    assert settings.post_processing.median_windows == {"Cat": 3, "Dog": 28}
    assert (settings.sample_rate, settings.hop_length) == (16000, 256)
    assert settings.pooling == 8 and settings.frame_seconds == 0.128
    assert settings.encoder().n_frames == 626 // 8
    write_settings(file, settings)
    assert file.read_text().partition("\n")[2] == TEXT


label = (
    st.text(st.characters(exclude_characters=":;,$"), min_size=1, max_size=8)
    .filter(lambda text: text == text.strip() and text.isprintable())
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda text: text == text.strip())
)
tricky = st.sampled_from(["yes", "null", "1", "1e5", "~", "?0", "a #b", "- c"])
fractions = st.floats(0, 1)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | label
    | tricky
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(label | tricky, inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=50)
@given(
    st.lists(label | tricky, min_size=1, max_size=4, unique=True),
    st.data(),
)
def test_any_settings_come_back_equal(tmp_path_factory, labels, data):
    each = dict.fromkeys
    limit = data.draw(
        fractions | st.fixed_dictionaries(each(labels, fractions))
    )
    network = {**SETTINGS.network, "n_classes": len(labels)}
    written = small_settings(
        labels=labels,
        network=network,
        clip_seconds=data.draw(st.floats(0.5, 3600)),
        median_windows=data.draw(
            st.fixed_dictionaries(each(labels, st.integers(1, 10**5)))
        ),
        decision_threshold=limit,
        step_filter_length=data.draw(st.none() | st.floats(0.1, 1)),
        len_th=data.draw(
            fractions | st.fixed_dictionaries(each(labels, fractions))
        ),
        notes=data.draw(st.dictionaries(label, values, max_size=3)),
    )
    file = tmp_path_factory.mktemp("settings") / "model.yaml"
    write_settings(file, written)
    assert read_settings(file) == written
    assert list(read_settings(file).post_processing.median_windows) == labels


PATHS = [
    (key,)
    for key in ("format", *SETTINGS.as_mapping())
] + [
    (part, key)
    for part in ("front_end", "network")
    for key in SETTINGS.as_mapping()[part]
] + [
    (part, name)
    for part in ("median_windows", "decision_threshold")
    for name in LABELS
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_a_setting_that_is_missing_is_named(file, path):
    write_settings(file, SETTINGS)
    yaml = YAML()
    content = yaml.load(file.read_text())
    inner = content
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    with file.open("w") as stream:
        yaml.dump(content, stream)
    message = refused(file, file.read_text())
    assert "missing" in message and path[-1] in message


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("labels:", "colour: red\nlabels:", "settings: unknown colour"),
        ("  n_fft:", "  hop: 1\n  n_fft:", "front_end: unknown hop"),
        ("rnn_size: 128", "rnn: 128", "network: missing rnn_size; unknown rnn"),
        ("format: 1", "format: 2", "format is 2, this version"),
        ("[Cat, Dog]", "[Cat, yes, 1]", "label 1 must be text"),
        ("[Cat, Dog]", "[Cat, Cat]", "label 'Cat' is given more than once"),
        ("[Cat, Dog]", '["a\\eb", Dog]', "label 'a\\x1bb' holds"),
        ("[Cat, Dog]", "[]", "labels are []"),
        ("[Cat, Dog]", "Cat", "labels are 'Cat'"),
        ("n_classes: 2", "n_classes: 3", "n_classes is 3 for 2 labels"),
        ("2\n  n_mels: 128", "2\n  n_mels: 64", "n_mels is 64, the front end"),
        ("rnn_size: 128", "rnn_size: '128'", "rnn_size is '128': must be like"),
        ("rnn_layers: 2", "rnn_layers: 0", "rnn_layers is 0: must be like 2"),
        ("rnn_layers: 2", "rnn_layers: true", "rnn_layers is True"),
        ("dropout: 0.5", "dropout: .nan", "network.dropout is nan"),
        ("- [4, 2]", "- [4, 2, 1]", "pooling is [[2, 2], [4, 2, 1]]"),
        ("- [4, 2]", "- 4", "pooling is [[2, 2], 4]"),
        ("filters: [16, 32]", "filters: 16", "filters is 16: must be like"),
        ("[-50.0, 80.0]", "[-50.0]", "decibel_range is [-50.0]"),
        ("clip_seconds: 10.0", "clip_seconds: ten", "clip_seconds is 'ten'"),
        ("clip_seconds: 10.0", "clip_seconds: .inf", "clip_seconds is inf"),
        ("clip_seconds: 10.0", "clip_seconds: 0.05", "shorter than one output"),
        ("clip_seconds: 10.0", "clip_seconds: 1000000000", "at most 3600"),
        ("Dog: 28", "Dog: 100000000001", "window 100000000001 of 'Dog'"),
        ("rnn_size: 128", "rnn_size: 99999999", "rnn_size is too large"),
        ("rnn_layers: 2", "rnn_layers: 500", "rnn_layers is too large: at mo"),
        ("e_rate: 16000", "e_rate: 9999999", "sample_rate is too large"),
        ("[-50.0, 80.0]", "[-50.0, 1e300]", "decibel_range is too large"),
        ("Dog: 28", "Dog: 28, Cow: 1", "unknown ['Cow']"),
        ("Dog: 28", "Dog: 0", "median window 0 of 'Dog'"),
        ("threshold: 0.5", "threshold: high", "decision_threshold is 'high'"),
        ("threshold: 0.5", "threshold: .nan", "decision_threshold is nan"),
        ("threshold: 0.5", "threshold: {Cat: 0.5}", "missing ['Dog']"),
        ("notes: {}", "close_th: -1\nnotes: {}", "close_th is -1: must be"),
        ("notes: {}", "len_th: {Cat: 1}\nnotes: {}", "missing ['Dog']"),
        ("notes: {}", "thresholds: [1]\nnotes: {}", "unknown thresholds"),
        ("notes: {}", "step_filter_length: 1e9\nnotes: {}", "at most 3600"),
        ("notes: {}", "notes: []", "notes must hold lines"),
        ("notes: {}", "notes: {1: a}", "notes: key 1 must be text"),
        ("notes: {}", "notes: {}\nnotes: {}", "duplicate key"),
        ("notes: {}", "notes: !new:os.abort {}", "could not determine"),
        ("notes: {}", "notes: {", "line 31, column 1: expected the node"),
        ("notes: {}", "notes: {day: 2024-01-31}", "a date: must be text"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_right_is_told(file, old, new, message):
    assert TEXT.count(old) == 1
    assert message in refused(file, TEXT.replace(old, new))


@pytest.mark.parametrize("text", ["", "just words", "[1, 2]"])
def test_a_file_of_something_else(file, text):
    assert refused(file, text) == "the settings must be lines of 'key: value'"


def test_bytes_that_are_no_text(file):
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="model.yaml: byte 0 is not UTF-8"):
        read_settings(file)


def test_settings_cannot_be_changed_from_outside():
    network = dict(SETTINGS.network)
    settings = small_settings(network=network)
    network["rnn_size"] = 99
    settings.as_mapping()["network"]["filters"].append(1)
    assert settings == SETTINGS


def test_what_is_not_the_default_is_written_by_its_name(file):
    written = small_settings(
        close_th=0.2, pad_after={"Cat": 0.0, "Dog": 0.1, "yes": 0.0}
    )
    write_settings(file, written)
    lines = file.read_text().splitlines()
    start = lines.index("close_th: 0.2")
    assert lines[start + 1] == "pad_after: {Cat: 0.0, Dog: 0.1, yes: 0.0}"
    assert lines[start + 2] == "versions:"
    assert read_settings(file) == written
    same = small_settings(pad_after=dict.fromkeys(LABELS, 0.0))
    assert same.as_mapping() == SETTINGS.as_mapping()


def test_norms_of_the_network_and_of_the_front_end_belong_together(file):
    front_end = {**SETTINGS.front_end, "mel_norm": "global"}
    network = {**SETTINGS.network, "mel_norm": "global"}
    written = small_settings(front_end=front_end, network=network)
    write_settings(file, written)
    assert file.read_text().count("mel_norm: global") == 2
    assert read_settings(file) == written
    with pytest.raises(ValueError, match="mel_norm is clip, the front end has"):
        small_settings(front_end=front_end)


def test_windows_and_thresholds_are_kept_by_class():
    settings = small_settings(median_windows=[1, 2, 3], decision_threshold=1)
    assert settings.post_processing.median_windows == dict(
        zip(LABELS, (1, 2, 3), strict=True)
    )
    assert settings.post_processing.decision_threshold == 1.0
    assert ModelSettings.from_mapping(settings.as_mapping()) == settings


def test_plain_values_of_other_packages_are_taken_without_their_types(file):
    """PyTorch's version is a kind of text, NumPy's float64 a kind of float."""
    versions = {"torch": torch.__version__}
    notes = {"f1": np.float64(0.5), "kind": LabelKind.STRONG}
    write_settings(file, small_settings(versions=versions, notes=notes))
    read = read_settings(file)
    assert read.versions == {"torch": str(torch.__version__)}
    assert read.notes == {"f1": 0.5, "kind": 2}
    with pytest.raises(ValueError, match="notes.f1 is .*, a float32: must be"):
        small_settings(notes={"f1": np.float32(0.5)})
