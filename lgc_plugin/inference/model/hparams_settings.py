"""The settings of a detector, out of the hparams file of its training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from hyperpyyaml import resolve_references
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.nodes import MappingNode, Node

from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.inference.model.model_encoder import (
    UnknownEncoderError,
    describe_encoder,
)
from lgc_plugin.inference.model.model_settings import ModelSettings
from lgc_plugin.inference.model.plain_values import as_plain, default_arguments
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.models.features import LogMel
from lgc_plugin.utils.hparams import hparams_text

_MADE_BY = "!new"


def read_arguments(
    hparams_file: str | Path, overrides: Mapping[str, Any]
) -> dict[str, Any]:
    """As ``read_plain``, but with the arguments of objects.

    The hparams file is the one place where these numbers are written: neither
    a part nor a second list of them need keep what a part was made with.
    """
    return parse_arguments(hparams_text(hparams_file, overrides))


def parse_arguments(text: str) -> dict[str, Any]:
    """The same of a text from ``hparams_text``."""
    loader = YAML(typ="safe", pure=True)
    loader.Constructor = _ArgumentConstructor
    return loader.load(resolve_references(text).getvalue())


def settings_of_hparams(
    plain: Mapping[str, Any],
    versions: Mapping[str, str | None],
    notes: Mapping[str, Any] | None = None,
) -> ModelSettings:
    """The settings that a recipe's detector will have.

    Ask before training: whatever cannot be written is refused here. The
    fingerprint of a pretrained encoder is added when its weights are read.
    """
    labels = _value(plain, "labels")
    if not labels:
        raise ValueError("labels are not known: give those of the data")
    network = {**_arguments(plain, "model", CRNN), "n_classes": len(labels)}
    return ModelSettings(
        labels=tuple(labels),
        clip_seconds=_value(plain, "clip_seconds"),
        front_end=_arguments(plain, "front_end", LogMel),
        network=network,
        post_processing=_post_processing(plain),
        versions=dict(versions),
        notes={**_origin(plain), **(notes or {})},
        frame_encoder=_frame_encoder(plain),
    )


class OtherPartError(ValueError):
    """A part is of a class that a model folder cannot hold."""


class _ArgumentConstructor(SafeConstructor):
    """Reads ``!new`` as its arguments, and other tagged nodes as None."""

    def arguments(self, suffix: str, node: Node) -> dict[str, Any]:
        """The arguments by name, with the class."""
        made = {_MADE_BY: suffix}
        if isinstance(node, MappingNode):
            made.update(self.construct_mapping(node, deep=True))
        return made


# The first prefix that fits is taken.
_ArgumentConstructor.add_multi_constructor(
    f"{_MADE_BY}:", _ArgumentConstructor.arguments
)
_ArgumentConstructor.add_multi_constructor("!", lambda *_: None)


def _value(plain: Mapping[str, Any], key: str) -> Any:
    if key not in plain:
        raise ValueError(f"hparams have no {key}, which a detector needs")
    return plain[key]


def _post_processing(plain: Mapping[str, Any]) -> PostProcessing:
    """How scores become events; what is not given is the default."""
    needed = ("median_windows", "decision_threshold")
    values = {name: _value(plain, name) for name in needed}
    for each in fields(PostProcessing):
        # Operating points of PSDS are no part of a detector.
        if each.name in plain and each.name != "thresholds":
            values[each.name] = plain[each.name]
    return PostProcessing(**values)


def _arguments(
    plain: Mapping[str, Any], key: str, part: type
) -> dict[str, Any]:
    """All arguments of a part: those given, and its defaults."""
    given, name = _value(plain, key), part.__name__
    if not isinstance(given, Mapping):
        raise ValueError(
            f"{key} must hold the arguments of {name}: read the "
            "hparams file with read_arguments"
        )
    names = (
        f"{part.__module__}.{part.__name__}",
        f"lgc_plugin.{part.__name__}",
    )
    made_by = given.get(_MADE_BY)
    if made_by not in names:
        raise OtherPartError(
            f"{key} is made by {made_by}: only one of {names[0]} can be kept "
            "as a model folder"
        )
    arguments = {k: v for k, v in given.items() if k != _MADE_BY}
    return {**default_arguments(part), **arguments}


def _frame_encoder(plain: Mapping[str, Any]) -> dict[str, Any] | None:
    """The pretrained encoder, if there is one; its weights are not read yet."""
    given = plain.get("frame_encoder")
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise ValueError(
            "frame_encoder must hold the arguments of an encoder: read the "
            "hparams file with read_arguments"
        )
    arguments = {k: v for k, v in given.items() if k != _MADE_BY}
    try:
        return describe_encoder(str(given.get(_MADE_BY)), arguments)
    except UnknownEncoderError as error:
        raise OtherPartError(str(error)) from error


def _origin(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Where a detector comes from, as far as its hparams tell."""
    notes = {key: plain[key] for key in ("experiment", "seed") if key in plain}
    tuned_on = plain.get("tuned_on")
    if tuned_on is not None:
        # Thousands of names would bury the settings.
        notes["tuned_on"] = {**tuned_on, "clips": len(tuned_on["clips"])}
    return as_plain("notes", notes)
