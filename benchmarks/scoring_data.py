"""Clips, events and frame scores like those of DESED's validation set.

The truth is random, or that of DESED itself. Scores follow the true events:
most are found, some are missed or have half the score, edges are off by a
frame or so, and quiet noise is everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d
from scipy.special import expit

from lgc_plugin.data.annotations import read_durations, read_strong
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from lgc_plugin.data.encoder import EventEncoder

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
    """Clips and what sounds in them."""

    #: ``filename``, ``onset`` and ``offset`` (s), ``event_label``
    events: pd.DataFrame
    #: ``filename``, ``duration`` (s), one row per clip
    durations: pd.DataFrame

    def first(self, count: int) -> AnnotatedClips:
        """The first of the clips, with their events."""
        kept = self.durations[:count]
        chosen = self.events.filename.isin(kept.filename)
        return AnnotatedClips(self.events[chosen].reset_index(drop=True), kept)

    def repeat(self, times: int) -> AnnotatedClips:
        """The clips several times over, under new names."""
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
    """The validation set of DESED as the truth."""
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

    >>> copy_name("a.wav", 1)
    'copy1_a.wav'
    """
    return f"copy{number}_{clip}" if number else clip


#: Windows of ``hparams/lgc.yaml``, in output frames.
MEDIAN_WINDOWS = (3, 28, 7, 4, 7, 22, 48, 19, 10, 50)

# What the scores look like: log odds, and frames.
_QUIET, _QUIET_SPREAD = -9.3, 1.5  # of a class where it is absent
_STRENGTH, _STRENGTH_SPREAD = 11.3, 4.5  # what an event adds
_JITTER = 1.0  # by which its edges are off
_FALSE_EVENTS = 1.0  # per clip
_NOISE, _NOISE_LENGTH = 2.6, 5.0  # its loudness, and how smooth it is


def draw_scores(
    clips: AnnotatedClips,
    encoder: EventEncoder,
    *,
    seed: int = 0,
    network: int = 0,
) -> FrameScores:
    """The scores of a network for the clips.

    >>> from lgc_plugin.data.encoder import EventEncoder
    >>> from scoring_data import LABELS, draw_clips
    >>> encoder = EventEncoder(LABELS)
    >>> draw_scores(draw_clips(12), encoder).scores.shape
    (12, 10, 156)
    """
    rng = np.random.default_rng([seed, 1])
    names = clips.durations.filename.tolist()
    shape = (len(names), len(encoder.labels), encoder.n_frames)
    events = _beliefs(clips, encoder, rng)
    logits = rng.normal(_QUIET, _QUIET_SPREAD, (*shape[:2], 1))
    logits = np.repeat(logits, shape[2], axis=2)
    for clip, label, first, end, strength in zip(*events, strict=True):
        logits[clip, label, first:end] += strength
    noise = np.random.default_rng([seed, 2, network]).normal(size=shape)
    noise = gaussian_filter1d(noise, _NOISE_LENGTH, axis=2)
    logits = gaussian_filter1d(logits, 1.0, axis=2)
    logits += noise * (_NOISE / noise.std())
    valid = [
        encoder.valid_frames(round(seconds * encoder.sample_rate))
        for seconds in clips.durations.duration
    ]
    return FrameScores(
        encoder.labels,
        tuple(names),
        expit(logits).astype(np.float32),
        np.array(valid),
        np.array([encoder.seconds(i) for i in range(shape[2] + 1)]),
    )


def _beliefs(
    clips: AnnotatedClips, encoder: EventEncoder, rng: Generator
) -> tuple[NDArray, ...]:
    """Clip, class, first frame, end and strength of what seems to sound."""
    names = pd.Index(clips.durations.filename)
    table = clips.events
    clip = names.get_indexer(table.filename)
    label = pd.Index(encoder.labels).get_indexer(table.event_label)
    edges = table[["onset", "offset"]].to_numpy() / encoder.frame_seconds
    edges += rng.normal(0, _JITTER, edges.shape)
    # Short events of any class, where there is none.
    count = rng.poisson(_FALSE_EVENTS * len(names))
    start = rng.uniform(0, encoder.n_frames, count)
    length = rng.exponential(encoder.n_frames / 10, count)
    clip = np.append(clip, rng.integers(len(names), size=count))
    label = np.append(label, rng.integers(len(encoder.labels), size=count))
    edges = np.append(edges, np.stack([start, start + length], axis=1), axis=0)
    edges = np.clip(edges.round().astype(int), 0, encoder.n_frames)
    strength = rng.normal(_STRENGTH, _STRENGTH_SPREAD, len(clip))
    return clip, label, edges[:, 0], edges[:, 1], strength


def repeat_scores(frames: FrameScores, times: int) -> FrameScores:
    """The scores that go with :meth:`.scoring_data.AnnotatedClips.repeat`."""
    return FrameScores.join(
        [
            replace(frames, clips=tuple(copy_name(x, i) for x in frames.clips))
            for i in range(times)
        ]
    )
