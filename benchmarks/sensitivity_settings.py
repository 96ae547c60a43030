"""The settings of LGC that are varied, each alone around its default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablation_methods import METHODS, Method
from ablation_profile import changed_settings

DEFAULT = METHODS["lgc"]
REFERENCE = METHODS["cutmix"]
"""LGC without its global term."""

TITLES = {
    "n_prototypes": "prototypes per class, K",
    "prototype_momentum": "momentum of prototypes",
    "pos_threshold": "positive threshold, τ+",
    "neg_threshold": "negative threshold, τ-",
    "temperature": "temperature",
    "contrast_start_epoch": "initialization of prototypes, epoch",
    "contrast_weight": "weight of the global term",
}

# Defaults are in the YAML files; they need not be among these.
_VALUES = {
    "n_prototypes": (1, 3, 8),
    "prototype_momentum": (0.9, 0.99, 0.996),
    "pos_threshold": (0.6, 0.8, 0.9),
    "neg_threshold": (0.3, 0.5, 0.7),
    "temperature": (0.05, 0.1, 0.5),
    "contrast_weight": (0.02, 0.05, 0.1),
}
_START_SIXTHS = (1, 3, 5)  # of the training

# What each run has of its own.
_OWN = ("seed", "data_folder", "output_folder")


@dataclass(frozen=True)
class Setting:
    """One setting and the values that it takes.

    Arguments
    ---------
    name : str
        Its key in the YAML file.
    values : tuple[float, ...]
        In order, the default among them.
    default : float
        That of the profile.

    Example
    -------
    >>> setting = Setting("n_prototypes", (1, 3), 3)
    >>> setting.method(1).words, setting.method(3).name
    (('--n_prototypes=1',), 'lgc')
    """

    name: str
    values: tuple[float, ...]
    default: float

    def method(self, value: float) -> Method:
        """What is trained for a value; for the default it is LGC itself.

        Arguments
        ---------
        value : float
            One of the values.

        Returns
        -------
        Method
        """
        if value == self.default:
            return DEFAULT
        text = f"{self.name}={value:g}"
        return Method(text, text, (f"--{text}",), DEFAULT.name)


def plan_settings(
    names: Sequence[str], profile: Mapping[str, Any]
) -> list[Setting]:
    """The values of each setting.

    Arguments
    ---------
    names : Sequence[str]
        Of :data:`TITLES`.
    profile : Mapping[str, Any]
        From :func:`ablation_profile.read_profile`; it has the defaults.

    Returns
    -------
    list[Setting]

    Example
    -------
    >>> profile = {"contrast_start_epoch": 20, "number_of_epochs": 60}
    >>> plan_settings(["contrast_start_epoch"], profile)[0].values
    (10, 20, 30, 50)
    """
    epochs = profile["number_of_epochs"]
    starts = [max(1, round(epochs * part / 6)) for part in _START_SIXTHS]
    listed = {**_VALUES, "contrast_start_epoch": starts}
    return [
        Setting(
            name,
            tuple(sorted({*listed[name], profile[name]})),
            profile[name],
        )
        for name in names
    ]


def check_options(words: Sequence[str]) -> None:
    """Refuses options for all runs that each run has of its own.

    Arguments
    ---------
    words : Sequence[str]
        Further options of the recipe, for all runs.

    Raises
    ------
    ValueError
        If they set such a one, or if one is unknown.
    FileNotFoundError
        If a file of overrides is missing.
    """
    for key in changed_settings(tuple(words)):
        if key in _OWN:
            raise ValueError(f"{key} is each run's own: leave it out")
