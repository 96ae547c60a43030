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
    group : str
        Methods that are looked at together.

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
    group: str = "LGC"


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

_OTHERS = {
    "ict": "ICT",
    "sct": "SCT",
    "rct": "RCT",
    "filter_aug": "FilterAugment",
    "strong_aug": "strong augmentation",
}


def _combine(name: str, title: str) -> tuple[Method, Method]:
    """Another method beside a mean teacher, and beside LGC."""
    file = _file(f"lgc_{name}")
    baseline = (_file("mean_teacher"), file)
    beside = f"mean teacher + {title}"
    return (
        Method(name, beside, baseline, "mean_teacher", title),
        Method(f"lgc_{name}", f"LGC + {title}", (file,), "lgc", title),
    )


COMBINATIONS = tuple(
    method
    for name, title in _OTHERS.items()
    for method in _combine(name, title)
)
"""What LGC is combined with, without it and with it."""

METHODS = {method.name: method for method in (*LADDER, *COMBINATIONS)}

HEADLINE = ("lgc", "supervised")
"""What clips without onsets bring: LGC, and the same labels without it."""

# The paper's claims: LGC adds to a mean teacher, and to other methods.
_CLAIMS = (
    ("lgc", "mean_teacher"),
    HEADLINE,
    *((f"lgc_{name}", name) for name in _OTHERS),
)


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
    found += [pair for pair in _CLAIMS if set(pair) <= set(names)]
    return list(dict.fromkeys(found))
