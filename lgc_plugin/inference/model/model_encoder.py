"""The pretrained encoder that a model folder names but does not contain."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lgc_plugin.inference.model.plain_values import (
    as_plain,
    check_keys,
    check_size,
)
from lgc_plugin.models import encoders
from lgc_plugin.models.encoders import EncoderInLoop, FrameEncoder

_PACKAGE = encoders.__name__
_KEYS = ("class", "arguments", "fingerprint")
# Their weights are programs: the file is opened only if the user names it.
_RUN_THEIR_FILE = ("FileEncoder",)
#: How the names of weights begin that were trained beside the network's own.
TRAINED = "encoder.layers."
_OPTION = "encoder_weights (--encoder-weights PATH)"
_DIGITS = 12  # of a fingerprint, in messages

_registered: dict[str, type[FrameEncoder]] = {}


class UnknownEncoderError(ValueError):
    """An encoder is of a class that a model folder cannot name."""


def register_encoder(kind: type[FrameEncoder]) -> str:
    """Lets model folders of this process name an encoder of your own.

    A model folder makes no class but those of ``lgc_plugin.models.encoders``:
    a class that is not registered by the program itself is refused. Returns
    the name that the folder has for it.

    >>> class Own(FrameEncoder):
    ...     pass
    >>> register_encoder(Own).endswith(".Own")
    True
    """
    name = f"{kind.__module__}.{kind.__qualname__}"
    _registered[name] = kind
    return name


def encoder_class(name: Any) -> type[FrameEncoder]:
    """The class of a name; nothing else is ever imported.

    >>> encoder_class("os.system")
    Traceback (most recent call last):
        ...
    lgc_plugin.inference.model.model_encoder.UnknownEncoderError: frame_encoder\
 is made by os.system: only the encoders of lgc_plugin.models.encoders can be\
 named by a model folder
    """
    name = str(name)
    if name in _registered:
        return _registered[name]
    package, _, short = name.rpartition(".")
    if short in encoders.__all__ and f"{package}.".startswith(f"{_PACKAGE}."):
        kind = getattr(encoders, short)
        is_encoder = isinstance(kind, type) and issubclass(kind, FrameEncoder)
        is_whole = is_encoder and kind is not FrameEncoder
        if is_whole and package in (_PACKAGE, kind.__module__):
            return kind
    raise UnknownEncoderError(
        f"frame_encoder is made by {name}: only the encoders of {_PACKAGE} can "
        "be named by a model folder"
    )


def describe_encoder(
    name: str, given: Mapping[str, Any], fingerprint: str | None = None
) -> dict[str, Any]:
    """What a model folder says of an encoder: class, arguments, fingerprint.

    All arguments are there, so that a detector stays what it is when defaults
    change; ``weights`` is an absolute path.
    """
    kind = encoder_class(name)
    arguments = _checked_arguments(kind, given)
    if isinstance(arguments.get("weights"), str):
        arguments["weights"] = str(Path(arguments["weights"]).resolve())
    known = name in _registered
    return {
        "class": name if known else f"{_PACKAGE}.{kind.__name__}",
        "arguments": arguments,
        "fingerprint": fingerprint,
    }


def check_encoder(entry: Any) -> dict[str, Any] | None:
    """An entry of a settings file, checked before anything is made of it."""
    if entry is None:
        return None
    if not isinstance(entry, Mapping):
        raise ValueError("frame_encoder must hold lines of 'key: value'")
    check_keys("frame_encoder", list(entry), _KEYS)
    kind = encoder_class(entry["class"])
    fingerprint = entry["fingerprint"]
    if fingerprint is not None and not isinstance(fingerprint, str):
        raise ValueError(
            f"frame_encoder: fingerprint is {fingerprint!r}: must be text"
        )
    return {
        "class": entry["class"],
        "arguments": _checked_arguments(kind, entry["arguments"]),
        "fingerprint": fingerprint,
    }


def make_encoder(
    entry: Mapping[str, Any] | None,
    where: str | Path,
    weights: str | Path | None = None,
) -> FrameEncoder | None:
    """The encoder that settings name, on the CPU, with the right weights.

    Arguments
    ---------
    entry : Mapping[str, Any] or None
        From :func:`check_encoder`.
    where : str or Path
        The file of the settings, for messages.
    weights : str or Path, optional
        Where the weights are now; None: where they were.

    Returns
    -------
    FrameEncoder or None
        None if the detector has no encoder.

    Raises
    ------
    FileNotFoundError
        If the weights are not there.
    ValueError
        If they are others than those of the training, cannot be read, or are
        a program that the user has not named.
    """
    if entry is None:
        if weights is not None:
            raise ValueError(
                f"{where}: the model has no pretrained encoder: leave out "
                f"{_OPTION}"
            )
        return None
    kind, arguments = encoder_class(entry["class"]), dict(entry["arguments"])
    name = kind.__name__
    if "weights" in arguments:
        arguments["weights"] = _find_weights(
            name, arguments["weights"], where, weights
        )
    elif weights is not None:
        raise ValueError(
            f"{where}: {name} reads no weights: leave out {_OPTION}"
        )
    try:
        with torch.random.fork_rng(devices=[]):
            encoder = kind(**arguments)
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(f"{where}: its encoder {name}: {error}") from error
    if encoder.fingerprint != entry["fingerprint"]:
        raise ValueError(
            f"{where}: the model was trained with weights of {name} whose "
            f"fingerprint is {_shortened(entry['fingerprint'])}, those "
            f"of {arguments.get('weights', 'this version')} have "
            f"{_shortened(encoder.fingerprint)}: give the weights of the "
            f"training with {_OPTION}"
        )
    return encoder


def trained_part(
    encoder: FrameEncoder | None, state: Mapping[str, Tensor]
) -> EncoderInLoop | None:
    """A copy of the encoder for layers that were trained with a network.

    ``state`` is that of the network. All but these layers is shared with the
    encoder. None if there are no such layers, or no encoder for them.
    """
    layers = {n.split(".")[2] for n in state if n.startswith(TRAINED)}
    if encoder is None or not layers:
        return None
    copied = copy.deepcopy(EncoderInLoop(encoder, len(layers)))
    encoder.requires_grad_(False)
    return copied


def check_complete(entry: Mapping[str, Any] | None, where: str | Path) -> None:
    """Refuses to write an entry that could not be read again."""
    if entry is not None and not entry["fingerprint"]:
        raise ValueError(
            f"{where}: the fingerprint of the encoder's weights is missing"
        )


def _checked_arguments(kind: type[FrameEncoder], given: Any) -> dict[str, Any]:
    """All constructor arguments, plain; those left out are the defaults."""
    where = "frame_encoder.arguments"
    if not isinstance(given, Mapping):
        raise ValueError(f"{where} must hold lines of 'key: value'")
    parameters = inspect.signature(kind).parameters
    defaults = {
        name: each.default
        for name, each in parameters.items()
        if each.default is not inspect.Parameter.empty
    }
    plain = as_plain(where, {**defaults, **given})
    check_keys(where, list(plain), list(parameters))
    for name, value in plain.items():
        check_size(where, name, value)
    if "weights" in plain and not isinstance(plain["weights"], str):
        raise ValueError(
            f"{where}: weights is {plain['weights']!r}: must be a path"
        )
    return {name: plain[name] for name in parameters}


def _find_weights(
    name: str, named: str, where: str | Path, given: str | Path | None
) -> str:
    """The path of weights that are there, and may be opened."""
    if given is None and name in _RUN_THEIR_FILE:
        raise ValueError(
            f"{where}: {name} runs the program that its file contains, so the "
            "file that the model folder names is not opened unasked: if you "
            f"trust {named}, give it with {_OPTION}"
        )
    path = Path(named if given is None else given)
    # Not the path of a device or of a pipe, which could be read for ever.
    if path.is_file() or path.is_dir():
        return str(path)
    missing = f"no such file or folder: {path}"
    if given is None:
        missing = f"they were in {path}, where they are not now"
    raise FileNotFoundError(
        f"{where}: the weights of its encoder {name} are missing ({missing}): "
        f"give them with {_OPTION}"
    )


def _shortened(fingerprint: Any) -> str:
    return str(fingerprint)[:_DIGITS]
