"""Thresholds that somebody asks for, beside those of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Threshold = float | Mapping[str, float] | None


def class_thresholds(
    asked: Threshold, own: float | Mapping[str, float], labels: Sequence[str]
) -> float | dict[str, float]:
    """A threshold for all classes, or one for each.

    Arguments
    ---------
    asked : float or Mapping[str, float], optional
        For all classes, or for some by name.
    own : float or Mapping[str, float]
        The model's, where nothing else is asked for.
    labels : Sequence[str]
        Its classes.

    Returns
    -------
    float or dict[str, float]

    Raises
    ------
    ValueError
        If a class is unknown, or a threshold no probability.

    Example
    -------
    >>> class_thresholds({"Dog": 0.3}, 0.5, ["Cat", "Dog"])
    {'Cat': 0.5, 'Dog': 0.3}
    """
    if asked is None:
        return dict(own) if isinstance(own, Mapping) else own
    if not isinstance(asked, Mapping):
        return _probability(asked)
    unknown = [label for label in asked if label not in labels]
    if unknown:
        raise ValueError(
            f"threshold of {unknown[0]!r}: the classes of the model are "
            f"{', '.join(labels)}"
        )
    if not isinstance(own, Mapping):
        own = dict.fromkeys(labels, own)
    given = {label: _probability(limit) for label, limit in asked.items()}
    return {**own, **given}


def _probability(threshold: float) -> float:
    try:
        number = float(threshold)
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 <= number <= 1:
        raise ValueError(
            f"threshold is {threshold!r}: must be a number from 0 to 1"
        )
    return number
