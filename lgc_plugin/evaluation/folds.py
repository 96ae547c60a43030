"""Clips in folds, those of one recording together."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# AudioSet and DESED: YOUTUBE_350.000_360.000; MAESTRO: cafe_00-000100-001100.
_SEGMENT = re.compile(
    r"(?P<recording>.+?)(?:_\d+\.\d+_\d+\.\d+|-\d{6,}-\d{6,})"
)


def recording_of(clip: str) -> str:
    """What the clips of one recording share: the name before the segment.

    >>> recording_of("Y00pbt6aJV8Y_350.000_360.000.wav")
    'Y00pbt6aJV8Y'
    >>> recording_of("cafe_00-000100-001100.wav"), recording_of("12_3.wav")
    ('cafe_00', '12_3')
    """
    stem = os.path.splitext(clip)[0]
    for name in (stem, clip):  # a name may have no suffix
        if segment := _SEGMENT.fullmatch(name):
            return segment["recording"]
    return stem


def folds_of(
    clips: Sequence[str], n_folds: int, seed: int = 0
) -> NDArray[np.int64]:
    """(N,) fold of each clip: of about equal size, recordings kept whole.

    There are not more folds than recordings.

    >>> names = ["a_0.0_1.0", "b_0.0_1.0", "a_1.0_2.0", "c.wav", "d.wav"]
    >>> fold = folds_of(names, 2)
    >>> bool(fold[0] == fold[2]), sorted(np.bincount(fold).tolist())
    (True, [2, 3])
    """
    recordings, each, sizes = np.unique(
        [recording_of(clip) for clip in clips],
        return_inverse=True,
        return_counts=True,
    )
    n_folds = min(n_folds, len(recordings))
    order = np.random.default_rng(seed).permutation(len(recordings))
    # The large ones first: the small ones level what they leave.
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold = np.zeros(len(recordings), dtype=np.int64)
    filled = np.zeros(n_folds, dtype=np.int64)
    for recording in order:
        fold[recording] = np.argmin(filled)
        filled[fold[recording]] += sizes[recording]
    return fold[each]
