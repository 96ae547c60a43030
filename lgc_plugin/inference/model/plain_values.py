"""Plain values that parts are made of, checked before they are used."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

# More would fill the memory, or the day, of whoever loads a model.
_MOST = {
    "sample_rate": 10**6,
    "encoder_rate": 10**6,
    "f_min": 10**6,
    "f_max": 10**6,
    "n_mels": 4096,
    "rnn_layers": 100,
}
_MOST_OF_OTHERS = 2**16


def plain_mapping(name: str, value: Any) -> dict[str, Any]:
    """A mapping of plain values."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must hold lines of 'key: value'")
    return as_plain(name, value)


def as_plain(where: str, value: Any) -> Any:
    """A value as YAML and JSON hold it: no tuples, nothing but plain types.

    Example
    -------
    >>> as_plain("notes", {"pooling": ((2, 2), (1, 4))})
    {'pooling': [[2, 2], [1, 4]]}
    """
    if isinstance(value, Mapping):
        strange = [key for key in value if not isinstance(key, str)]
        if strange:
            raise ValueError(f"{where}: key {strange[0]!r} must be text")
        return {k: as_plain(f"{where}.{k}", v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_plain(f"{where}[{i}]", v) for i, v in enumerate(value)]
    if value is None or isinstance(value, bool):
        return value
    # A subclass (PyTorch's version, NumPy's float64) would be given a tag.
    for plain in (str, int, float):
        if isinstance(value, plain):
            break
    else:
        raise ValueError(
            f"{where} is {value!r}, a {type(value).__name__}: must be text, "
            "a number, true, false, null, or lists and mappings of these"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} is {value}: must be finite")
    return plain(value)


def check_keys(where: str, given: Sequence[str], known: Sequence[str]) -> None:
    """Refuses a mapping that lacks a key or has one too many.

    Example
    -------
    >>> check_keys("front_end", ["n_mels", "hop"], ["n_mels", "hop_length"])
    Traceback (most recent call last):
        ...
    ValueError: front_end: missing hop_length; unknown hop
    """
    missing = [key for key in known if key not in given]
    unknown = [str(key) for key in given if key not in known]
    faults = [
        f"{word} {', '.join(keys)}"
        for word, keys in (("missing", missing), ("unknown", unknown))
        if keys
    ]
    if faults:
        raise ValueError(f"{where}: {'; '.join(faults)}")


def default_arguments(part: Callable[..., Any]) -> dict[str, Any]:
    """What a part is made with if nothing else is asked for."""
    parameters = inspect.signature(part).parameters
    return {name: p.default for name, p in parameters.items()}


def check_arguments(
    where: str,
    given: Any,
    part: Callable[..., Any],
    optional: Sequence[str] = (),
) -> dict[str, Any]:
    """All arguments of a part, each of the kind that its default is of.

    Optional ones may be missing, and are the defaults then.

    Example
    -------
    >>> from lgc_plugin.models.features import LogMel
    >>> arguments = {**default_arguments(LogMel), "n_mels": "40"}
    >>> check_arguments("front_end", arguments, LogMel)
    Traceback (most recent call last):
        ...
    ValueError: front_end: n_mels is '40': must be like 128
    """
    if not isinstance(given, Mapping):
        raise ValueError(f"{where} must hold lines of 'key: value'")
    defaults = default_arguments(part)
    given = {**{name: defaults[name] for name in optional}, **given}
    check_keys(where, list(given), list(defaults))
    plain = as_plain(where, given)
    for name, default in defaults.items():
        example = as_plain(where, default)
        if not _is_like(plain[name], example):
            raise ValueError(
                f"{where}: {name} is {plain[name]!r}: must be like {example}"
            )
        check_size(where, name, plain[name])
    return {name: plain[name] for name in defaults}


def check_size(where: str, name: str, value: Any) -> None:
    """Refuses a plain value that nothing can be computed with."""
    most = _MOST.get(name, _MOST_OF_OTHERS)
    if _largest(value) > most:
        raise ValueError(
            f"{where}: {name} is too large: at most {most} can be computed"
        )


def is_number(value: Any) -> bool:
    """Whether a plain value is a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _largest(value: Any) -> float:
    """The largest number, or length of a list, in a value."""
    if isinstance(value, list):
        return max([len(value) * 100, *map(_largest, value)])
    return abs(value) if isinstance(value, (int, float)) else 0


def _is_like(value: Any, example: Any) -> bool:
    """Whether two plain values are of one kind; whole numbers count things."""
    if isinstance(example, list):
        return (
            isinstance(value, list)
            # Pairs stay pairs; other lists have one entry per block.
            and (len(example) != 2 or len(value) == 2)
            and all(_is_like(each, example[0]) for each in value)
        )
    if isinstance(example, (bool, str)):
        return isinstance(value, type(example))
    if isinstance(example, float):
        return is_number(value)
    if example is None:
        return value is None or _is_like(value, 1)
    least = min(example, 1)
    return is_number(value) and isinstance(value, int) and value >= least
