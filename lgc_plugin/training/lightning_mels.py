"""The mel filters that a Lightning checkpoint carries along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lgc_plugin.models.features import LogMel

_FILTERS, _WINDOW = "mel_scale.fb", "spectrogram.window"
# Releases of torchaudio differ in the last digits.
_TOLERANCE = 1e-4


class MelFilters(NamedTuple):
    """What a checkpoint tells of its front end.

    Arguments
    ---------
    n_mels : int or None
        Mel bins; None if it does not tell.
    same_as_ours : bool or None
        Whether filters and window are those of
        :class:`~lgc_plugin.models.features.LogMel` with its defaults. With
        others, the networks do not give the scores that they gave before.
        None if the checkpoint does not tell.
    """

    n_mels: int | None
    same_as_ours: bool | None


def read_mel_filters(state: Mapping[str, Any]) -> MelFilters:
    """Compares the buffers of torchaudio's ``MelSpectrogram`` with ours.

    Arguments
    ---------
    state : Mapping[str, Any]
        State dict of the Lightning module, such as the DCASE baseline's, which
        has them under ``mel_spec``.

    Returns
    -------
    MelFilters

    Example
    -------
    >>> buffers = LogMel(n_mels=64).spectrogram.state_dict(prefix="mel_spec.")
    >>> read_mel_filters(buffers)
    MelFilters(n_mels=64, same_as_ours=True)
    >>> read_mel_filters({})
    MelFilters(n_mels=None, same_as_ours=None)
    """
    filters, window = _find(state, _FILTERS), _find(state, _WINDOW)
    if filters is None or filters.ndim != 2:
        return MelFilters(None, None)
    n_mels = filters.shape[1]
    ours = LogMel(n_mels=n_mels).spectrogram.state_dict()
    same = _close(filters, ours[_FILTERS]) and (
        window is None or _close(window, ours[_WINDOW])
    )
    return MelFilters(n_mels, same)


def _find(state: Mapping[str, Any], ending: str) -> Tensor | None:
    for key, value in state.items():
        if key.endswith(ending) and isinstance(value, Tensor):
            return value
    return None


def _close(theirs: Tensor, ours: Tensor) -> bool:
    return theirs.shape == ours.shape and torch.allclose(
        theirs.to(ours), ours, rtol=0.0, atol=_TOLERANCE
    )
