"""Clips and true events like those of DESED's validation set.

The truth is random, or that of DESED itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.data.annotations import read_durations, read_strong
from lgc_plugin.evaluation.events import EVENT_COLUMNS

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

CLIPS = 1168
CLIP_SECONDS = 10.0

_SILENT_SHARE = 15 / CLIPS
_SHORT_SHARE = 102 / CLIPS
_SHORTEST = 5.0  # seconds

# By class: the share of the clips that have it, events in such a clip, and
# the median length of an event (s), as in DESED's validation set.
_CLASSES = {
    "Alarm_bell_ringing": (0.160, 2.25, 1.03),
    "Blender": (0.068, 1.18, 4.70),
    "Cat": (0.104, 2.82, 0.85),
    "Dishes": (0.146, 3.37, 0.40),
    "Dog": (0.137, 3.66, 0.77),
    "Electric_shaver_toothbrush": (0.053, 1.05, 9.90),
    "Frying": (0.076, 1.06, 10.0),
    "Running_water": (0.169, 1.20, 4.85),
    "Speech": (0.537, 2.88, 1.15),
    "Vacuum_cleaner": (0.078, 1.01, 10.0),
}
LABELS = tuple(_CLASSES)

_SPREAD = 1.1  # of the logarithm of an event's length
_MIN_EVENT, _MIN_GAP = 0.1, 0.15  # seconds


@dataclass(frozen=True, eq=False)
class AnnotatedClips:
    """Clips and what sounds in them.

    Arguments
    ---------
    events : pandas.DataFrame
        ``filename``, ``onset`` and ``offset`` (s), ``event_label``.
    durations : pandas.DataFrame
        ``filename``, ``duration`` (s), one row per clip.
    """

    events: pd.DataFrame
    durations: pd.DataFrame

    def first(self, count: int) -> AnnotatedClips:
        """The first of the clips, with their events.

        Arguments
        ---------
        count : int
            How many are kept.

        Returns
        -------
        AnnotatedClips
        """
        kept = self.durations[:count]
        heard = self.events.filename.isin(kept.filename)
        return AnnotatedClips(self.events[heard].reset_index(drop=True), kept)

    def repeat(self, times: int) -> AnnotatedClips:
        """The clips several times over, under new names.

        Arguments
        ---------
        times : int
            How often they are wanted.

        Returns
        -------
        AnnotatedClips
        """
        return AnnotatedClips(
            *(
                pd.concat(
                    [
                        table.assign(
                            filename=[copy_name(x, i) for x in table.filename]
                        )
                        for i in range(times)
                    ],
                    ignore_index=True,
                )
                for table in (self.events, self.durations)
            )
        )


def draw_clips(n_clips: int = CLIPS, seed: int = 0) -> AnnotatedClips:
    """Draws clips and their events.

    Arguments
    ---------
    n_clips : int
        How many; one in eighty has no event, one in eleven is short.
    seed : int
        Decides what is drawn.

    Returns
    -------
    AnnotatedClips

    Example
    -------
    >>> drawn = draw_clips(100)
    >>> len(drawn.durations), drawn.events.filename.nunique()
    (100, 99)
    """
    rng = np.random.default_rng(seed)
    names = [f"clip{number:05d}.wav" for number in range(n_clips)]
    lengths = np.full(n_clips, CLIP_SECONDS)
    order = rng.permutation(n_clips)
    n_silent = round(_SILENT_SHARE * n_clips)
    short = order[: round(_SHORT_SHARE * n_clips)]
    lengths[short] = rng.uniform(_SHORTEST, CLIP_SECONDS, len(short)).round(3)
    shares = np.array([share for share, _, _ in _CLASSES.values()])
    rows = []
    for clip in np.sort(order[: n_clips - n_silent]):
        here = rng.random(len(LABELS)) < shares
        if not here.any():
            here[rng.choice(len(LABELS), p=shares / shares.sum())] = True
        for label in np.flatnonzero(here):
            _, mean_count, median_length = _CLASSES[LABELS[label]]
            count = 1 + rng.poisson(mean_count - 1)
            for onset, offset in _lay_out(
                count, median_length, lengths[clip], rng
            ):
                rows.append((names[clip], onset, offset, LABELS[label]))
    return AnnotatedClips(
        pd.DataFrame(rows, columns=EVENT_COLUMNS),
        pd.DataFrame({"filename": names, "duration": lengths}),
    )


def read_clips(folder: Path) -> AnnotatedClips:
    """The validation set of DESED as the truth.

    Arguments
    ---------
    folder : Path
        With ``validation.tsv`` and ``validation_durations.tsv``.

    Returns
    -------
    AnnotatedClips
        Without the rows of clips that have no event.

    Raises
    ------
    OSError, ValueError
        If a table is missing or wrong.
    """
    durations = read_durations(folder / "validation_durations.tsv")
    annotated = read_strong(folder / "validation.tsv").by_clip()
    rows = [
        (clip, *event) for clip, events in annotated.items() for event in events
    ]
    return AnnotatedClips(
        pd.DataFrame(rows, columns=EVENT_COLUMNS),
        pd.DataFrame(list(durations.items()), columns=["filename", "duration"]),
    )


def _lay_out(
    count: int, median_length: float, clip_seconds: float, rng: Generator
) -> NDArray[np.float64]:
    """(count or fewer, 2) edges of events of one class, none overlapping."""
    lengths = median_length * np.exp(rng.normal(0, _SPREAD, count))
    lengths = np.clip(lengths, _MIN_EVENT, clip_seconds)
    used = np.cumsum(lengths + _MIN_GAP) - _MIN_GAP
    lengths = lengths[used <= clip_seconds]
    gaps = rng.dirichlet(np.ones(len(lengths) + 1))[:-1]
    spare = clip_seconds - lengths.sum() - _MIN_GAP * (len(lengths) - 1)
    onsets = np.cumsum(gaps * spare + _MIN_GAP) - _MIN_GAP
    onsets += np.cumsum(lengths) - lengths
    return np.stack([onsets, onsets + lengths], axis=1).round(3)


def copy_name(clip: str, number: int) -> str:
    """What a clip is called when it is repeated.

    Arguments
    ---------
    clip : str
        Its own name.
    number : int
        Of the copy; 0 is the clip itself.

    Returns
    -------
    str

    Example
    -------
    >>> copy_name("a.wav", 1)
    'copy1_a.wav'
    """
    return f"copy{number}_{clip}" if number else clip
