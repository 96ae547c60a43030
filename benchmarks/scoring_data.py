"""Frame scores like those of a trained network on given clips.

They follow the true events: most are found, some are missed or only half
believed, edges are off by a frame or so, and quiet noise is everywhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d
from scipy.special import expit
from scoring_clips import AnnotatedClips, copy_name

from lgc_plugin.evaluation.frame_scores import FrameScores

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from lgc_plugin.data.encoder import EventEncoder

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
    """What a network would say of the clips.

    Arguments
    ---------
    clips : AnnotatedClips
        The truth that the scores follow.
    encoder : EventEncoder
        Class names and the length of a frame.
    seed : int
        Decides which events are found, and how well.
    network : int
        Two networks of one seed believe the same but for their noise, as
        student and teacher do.

    Returns
    -------
    FrameScores
        Clips in the order of their durations.

    Example
    -------
    >>> from lgc_plugin.data.encoder import EventEncoder
    >>> from scoring_clips import LABELS, draw_clips
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
    """The scores that go with :meth:`.scoring_clips.AnnotatedClips.repeat`.

    Arguments
    ---------
    frames : FrameScores
        Scores of the clips.
    times : int
        How often they are wanted.

    Returns
    -------
    FrameScores
    """
    return FrameScores.join(
        [
            replace(frames, clips=tuple(copy_name(x, i) for x in frames.clips))
            for i in range(times)
        ]
    )
