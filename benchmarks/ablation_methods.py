"""The methods that an ablation compares, as switches of the recipe."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """One column of the ablation.

    Arguments
    ---------
    name : str
        Of folders and options.
    title : str
        For people.
    words : tuple[str, ...]
        What the recipe's command line gets.
    against : str or None
        The method that it adds one thing to.

    Example
    -------
    >>> Method("cutmix", "+ CutMix", ("--contrast_weight=0",), "mean_teacher")
    ... # doctest: +ELLIPSIS
    Method(name='cutmix', ...)
    """

    name: str
    title: str
    words: tuple[str, ...] = ()
    against: str | None = None


def _file(name: str) -> str:
    return f"--overrides=hparams/{name}.yaml"


LADDER = (
    Method(
        "supervised", "supervised", ("--overrides=hparams/supervised.yaml",)
    ),
    Method(
        "mean_teacher",
        "mean teacher",
        ("--overrides=hparams/mean_teacher.yaml",),
        "supervised",
    ),
    Method("cutmix", "+ CutMix", ("--contrast_weight=0",), "mean_teacher"),
    Method("lgc", "+ prototypes = LGC", (), "cutmix"),
)
"""Each adds one part of the method to the one before."""

COMBINATIONS = tuple(
    Method(name, title, (_file(name),), "lgc")
    for name, title in (
        ("lgc_ict", "LGC + ICT"),
        ("lgc_sct", "LGC + SCT"),
        ("lgc_rct", "LGC + RCT"),
        ("lgc_filter_aug", "LGC + FilterAugment"),
        ("lgc_strong_aug", "LGC + strong augmentation"),
    )
)
"""What LGC is combined with."""

METHODS = {method.name: method for method in (*LADDER, *COMBINATIONS)}

HEADLINE = ("lgc", "supervised")
"""What clips without onsets bring: LGC, and the same labels without it."""

_FURTHER = (("lgc", "mean_teacher"),)  # the paper's claim


def pairs(names: list[str]) -> list[tuple[str, str]]:
    """Who is compared with whom: with what it builds on, and the claims.

    Arguments
    ---------
    names : list[str]
        Methods that were trained.

    Returns
    -------
    list[tuple[str, str]]
        Better and worse by the claims, each pair once.

    Example
    -------
    >>> pairs(["mean_teacher", "lgc"])
    [('lgc', 'mean_teacher')]
    """
    found = [
        (name, METHODS[name].against)
        for name in names
        if METHODS[name].against in names
    ]
    claims = (*_FURTHER, HEADLINE)
    found += [pair for pair in claims if set(pair) <= set(names)]
    return list(dict.fromkeys(found))
