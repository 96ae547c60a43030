"""All that a detector is besides its weights, and its YAML file."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.data.fields import check_label
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.postprocess.thresholds import PSDS_THRESHOLDS
from lgc_plugin.inference.model.model_encoder import check_encoder
from lgc_plugin.inference.model.plain_values import (
    as_plain,
    check_arguments,
    check_keys,
    default_arguments,
    is_number,
    plain_mapping,
)
from lgc_plugin.models.crnn import CRNN, time_pooling
from lgc_plugin.models.features import LogMel
from lgc_plugin.utils.files import write_text
from lgc_plugin.utils.text import one_line
from lgc_plugin.utils.yaml_files import parse_yaml

# More would be a mistake, or fill the memory of whoever loads it.
_MOST_LABELS = 10_000
_MOST_SECONDS = 3600


@dataclass(frozen=True)
class ModelSettings:
    """Classes, front end, network and post-processing of a detector.

    Every argument of front end and network is there, so that a detector
    stays what it is when defaults change. Numbers that follow from others
    are properties.
    """

    #: The classes, in the order of the network's outputs.
    labels: tuple[str, ...]
    #: Length of the clips that the network was trained on.
    clip_seconds: float
    #: All arguments of :class:`~lgc_plugin.models.features.LogMel`.
    front_end: dict[str, Any]
    #: All arguments of :class:`~lgc_plugin.models.crnn.CRNN`.
    network: dict[str, Any]
    #: How scores become events; the windows of the median by class, however
    #: they are given (one number, one per class).
    post_processing: PostProcessing
    #: Of the packages that trained it.
    versions: dict[str, str | None] = field(default_factory=dict)
    #: What else is worth knowing, such as the data; plain values.
    notes: dict[str, Any] = field(default_factory=dict)
    #: The pretrained encoder whose embeddings the network reads: ``class``,
    #: all constructor ``arguments``, ``fingerprint`` of the weights.
    frame_encoder: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        labels = _checked_labels(self.labels)
        checked = {
            "labels": labels,
            "clip_seconds": _checked_seconds(self.clip_seconds),
            # Files of older versions do not have all of them.
            "front_end": check_arguments(
                "front_end",
                self.front_end,
                LogMel,
                optional=["win_length", "mel_norm"],
            ),
            "network": _checked_network(self.network, self.frame_encoder),
            "post_processing": _checked_decoding(self.post_processing, labels),
            "versions": plain_mapping("versions", self.versions),
            "notes": plain_mapping("notes", self.notes),
            "frame_encoder": check_encoder(self.frame_encoder),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        self._check_together()

    def _check_together(self) -> None:
        classes = self.network["n_classes"]
        if classes != len(self.labels):
            raise ValueError(
                f"network: n_classes is {classes} for {len(self.labels)} "
                f"labels: {', '.join(self.labels)}"
            )
        for name in ("n_mels", "mel_norm"):
            own, other = self.network[name], self.front_end[name]
            if own != other:
                raise ValueError(
                    f"network: {name} is {own}, the front end has {other}"
                )
        self._check_frame_encoder()
        self.encoder()  # refuses clips shorter than one output frame

    def _check_frame_encoder(self) -> None:
        size = self.network["encoder_size"]
        if bool(size) != (self.frame_encoder is not None):
            given = "a" if self.frame_encoder else "no"
            raise ValueError(
                f"network: encoder_size is {size}, and there is {given} "
                "frame_encoder: give both, or neither"
            )
        arguments = (self.frame_encoder or {}).get("arguments", {})
        rate = arguments.get("sample_rate", self.sample_rate)
        if rate != self.sample_rate:
            raise ValueError(
                f"frame_encoder: sample_rate is {rate}, the front end has "
                f"{self.sample_rate}"
            )

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return self.front_end["sample_rate"]

    @property
    def hop_length(self) -> int:
        """Samples between two mel frames."""
        return self.front_end["hop_length"]

    @property
    def pooling(self) -> int:
        """Mel frames per output frame."""
        return time_pooling(self.network["pooling"])

    @property
    def frame_seconds(self) -> float:
        """Length of an output frame."""
        return self.hop_length * self.pooling / self.sample_rate

    def encoder(self) -> EventEncoder:
        """The frames of a clip of the training's length."""
        return EventEncoder(
            self.labels,
            self.clip_seconds,
            self.sample_rate,
            self.hop_length,
            self.pooling,
        )

    def as_mapping(self) -> dict[str, Any]:
        """The settings as plain values, by name."""
        content: dict[str, Any] = {}
        for name, value in asdict(self).items():
            if name == "post_processing":
                content.update(self._decoding())
            else:
                content[name] = value
        content = as_plain("settings", content)
        if content["front_end"]["win_length"] is None:
            del content["front_end"]["win_length"]
        if content["front_end"]["mel_norm"] == "clip":
            del content["front_end"]["mel_norm"], content["network"]["mel_norm"]
        if self.frame_encoder is None:
            # A file is what it was before there were encoders.
            del content["frame_encoder"]
            for name in _FUSION:
                del content["network"][name]
        return content

    def _decoding(self) -> dict[str, Any]:
        """What has always been in the file, and what is not the default."""
        settings = self.post_processing
        always = {name: getattr(settings, name) for name in _ALWAYS}
        return {**always, **settings.settings()}

    @classmethod
    def from_mapping(cls, content: Any) -> ModelSettings:
        """The inverse of :meth:`as_mapping`; nothing is taken for granted."""
        if not isinstance(content, Mapping):
            raise ValueError("the settings must be lines of 'key: value'")
        names = [x.name for x in fields(cls) if x.name != "post_processing"]
        given = [*_OPTIONAL, "frame_encoder", *content]
        check_keys("settings", given, [*names, *_ALWAYS, *_OPTIONAL])
        decoding = {k: v for k, v in content.items() if k not in names}
        others = {k: v for k, v in content.items() if k in names}
        return cls(**others, post_processing=PostProcessing(**decoding))


# Of the post-processing. Operating points of PSDS are no part of a detector.
_ALWAYS = ("median_windows", "decision_threshold")
_OPTIONAL = tuple(
    each.name
    for each in fields(PostProcessing)
    if each.name not in (*_ALWAYS, "thresholds")
)
# Arguments that a network without encoder has no use for.
_FUSION = ("encoder_size", "encoder_dropout", "fusion_size", "encoder_norm")


def _checked_network(network: Any, frame_encoder: Any) -> dict[str, Any]:
    """All arguments of the network; those of no use are the defaults."""
    if isinstance(network, Mapping) and frame_encoder is None:
        defaults = default_arguments(CRNN)
        unused = {name: defaults[name] for name in _FUSION}
        if not network.get("encoder_size"):
            network = {**network, **unused}
    return check_arguments("network", network, CRNN, optional=["mel_norm"])


def _checked_labels(labels: Any) -> tuple[str, ...]:
    if not isinstance(labels, (list, tuple)) or not labels:
        raise ValueError(f"labels are {labels!r}: must be a list of names")
    if len(labels) > _MOST_LABELS:
        raise ValueError(
            f"{len(labels)} labels: at most {_MOST_LABELS} can be detected"
        )
    for label in labels:
        # YAML reads an unquoted number or yes/no as something else.
        if not isinstance(label, str):
            raise ValueError(f"label {label!r} must be text: put it in quotes")
        check_label(label)
    twice = [label for label, n in Counter(labels).items() if n > 1]
    if twice:
        raise ValueError(f"label {twice[0]!r} is given more than once")
    return tuple(labels)


def _checked_seconds(seconds: Any) -> float:
    if not is_number(seconds) or not 0 < seconds <= _MOST_SECONDS:
        raise ValueError(
            f"clip_seconds is {seconds!r}: must be a number above 0, at most "
            f"{_MOST_SECONDS}"
        )
    return float(seconds)


def _checked_decoding(
    settings: PostProcessing, labels: tuple[str, ...]
) -> PostProcessing:
    checked = replace(settings, thresholds=PSDS_THRESHOLDS).for_labels(labels)
    windows = dict(zip(labels, checked.class_windows(labels), strict=True))
    # What is the default of every class is the default.
    plain = PostProcessing(**{**checked.settings(), "median_windows": windows})
    return replace(plain, decision_threshold=checked.decision_threshold)


_FORMAT = 1
_SIMPLE = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_HEADER = "# A sound event detector of lgc_plugin; the weights fit only this."


def write_settings(path: str | Path, settings: ModelSettings) -> None:
    """Writes settings, whole or not at all."""
    yaml, stream = YAML(), io.StringIO()
    yaml.width = 4096
    yaml.default_flow_style = None  # innermost lists in one line
    yaml.Representer = _Representer
    yaml.dump({"format": _FORMAT, **settings.as_mapping()}, stream)
    write_text(path, f"{_HEADER}\n{stream.getvalue()}")


def read_settings(path: str | Path) -> ModelSettings:
    """Reads what :func:`write_settings` wrote."""
    return parse_settings(Path(path).read_bytes(), path)


def parse_settings(content: bytes, where: str | Path) -> ModelSettings:
    """The settings in the content of a file."""
    values = parse_yaml(content, where)
    try:
        return ModelSettings.from_mapping(_without_format(values))
    except ValueError as error:
        raise ValueError(f"{where}: {one_line(error)}") from error


class _Representer(RoundTripRepresenter):
    """Writes each value where it stands, and quotes all but simple words."""

    def ignore_aliases(self, data: Any) -> bool:
        """What is used twice is written twice, not as a reference."""
        return True

    def text(self, data: str) -> ScalarNode:
        """Left to itself, ruamel writes ["?0"] so that it reads a mapping."""
        style = None if re.fullmatch(_SIMPLE, data) else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Representer.add_representer(str, _Representer.text)


def _without_format(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    found = content.get("format", "missing")
    if found != _FORMAT:
        raise ValueError(
            f"format is {found}, this version of lgc_plugin reads {_FORMAT}"
        )
    return {key: value for key, value in content.items() if key != "format"}
