"""Splits a bank of sounds by recording.

Sounds cut from one recording resemble each other, so a split goes by
recording, never by file.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lgc_plugin.data.soundscapes.bank import Bank

_SIDES = ("validation", "strong_validation", "train")


def split_bank(
    bank: Bank,
    *,
    validation_share: float,
    strong_validation_share: float,
    strong_share: float,
    rng: np.random.Generator,
) -> dict[str, Bank]:
    """Splits a bank by recording, class by class.

    Every recording falls on one of three sides: train, strong validation,
    validation. A recording found in several classes (or in a class and in
    the background) falls on one side as a whole.

    Arguments
    ---------
    bank : Bank
        What to split.
    validation_share : float
        Share of the recordings of a class that only validation hears.
    strong_validation_share : float
        Share that only the strong validation set hears.
    strong_share : float
        Share of the training recordings that the strong set hears.
    rng : numpy.random.Generator
        Decides which recordings fall where.

    Returns
    -------
    dict[str, Bank]
        The parts ``validation``, ``strong_validation``, ``train`` and
        ``strong``, the last being a part of ``train``.

    Raises
    ------
    ValueError
        If a class has too few recordings for three sides.
    """
    groups = {
        name: sorted({sound.recording for sound in sounds})
        for name, sounds in bank.groups().items()
    }
    side: dict[str, str] = {}
    # The poorest class chooses first: it has the least room to give way.
    for name in sorted(groups, key=lambda name: (len(groups[name]), name)):
        n = len(groups[name])
        if n < 3:
            raise ValueError(
                f"{name!r} has {n} recording(s) in the bank, and needs 3 or "
                "more: one to train, one for each validation set. Add sounds "
                "of other recordings, or leave the class out; if several "
                "recordings were taken for one, give a recording pattern"
            )
        n_validation = min(max(1, round(validation_share * n)), n - 2)
        n_strong = max(1, round(strong_validation_share * n))
        n_strong = min(n_strong, n - 1 - n_validation)
        quota = dict(zip(_SIDES, (n_validation, n_strong, n), strict=True))
        _assign(groups[name], quota, side, rng)
        for wanted in _SIDES:
            if wanted not in {side[rec] for rec in groups[name]}:
                raise ValueError(
                    f"{name!r} has no recording left for {wanted}: too many "
                    "are shared with other classes. Add recordings, or give "
                    "a recording pattern if they are not the same"
                )

    def of_side(wanted: str) -> dict[str, set[str]]:
        return {
            name: {rec for rec in recordings if side[rec] == wanted}
            for name, recordings in groups.items()
        }

    parts = {name: of_side(name) for name in _SIDES}
    parts["strong"] = {
        name: _part(sorted(recordings), strong_share, rng)
        for name, recordings in parts["train"].items()
    }
    return {name: bank.keeping(part) for name, part in parts.items()}


def _assign(
    recordings: list[str],
    quota: Mapping[str, int],
    side: dict[str, str],
    rng: np.random.Generator,
) -> None:
    """Gives each recording without a side one, up to each side's quota."""
    free = [rec for rec in recordings if rec not in side]
    free = [free[i] for i in rng.permutation(len(free))]
    taken = [side[rec] for rec in recordings if rec in side]
    for name, wanted in quota.items():
        n = max(0, wanted - taken.count(name))
        side.update(dict.fromkeys(free[:n], name))
        free = free[n:]


def _part(
    recordings: list[str], share: float, rng: np.random.Generator
) -> set[str]:
    n = max(1, round(share * len(recordings)))
    return {recordings[i] for i in rng.permutation(len(recordings))[:n]}
