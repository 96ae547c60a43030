"""Which sounds every clip of a dataset will hold, and where it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from lgc_plugin.data.soundscapes.bank import Bank, Sound
from lgc_plugin.data.soundscapes.options import SoundscapeOptions
from lgc_plugin.data.soundscapes.scene import SceneSettings
from lgc_plugin.types import LabelKind

Item = TypeVar("Item")

#: The file that records that, and how, a data set was generated.
DESCRIPTION = "soundscapes.json"

# One dog barks several times: how often an event repeats the class before.
_REPEAT = 0.25
_MAX_NON_TARGET = 2
_NON_TARGET = 0.25


@dataclass(frozen=True)
class SetLayout:
    """One set of clips: its place in DESED's layout and what it is made of."""

    #: The option that gives the number of clips
    name: str
    #: The part of the bank that is mixed in
    part: str
    #: The kind of labels
    kind: LabelKind
    #: Folder of the clips
    audio: str
    #: File of the annotation
    annotation: str
    #: File of the durations, or nothing
    durations: str = ""
    #: Whether the clips imitate recordings
    recorded: bool = False
    #: Whether some clips have no event
    may_be_empty: bool = False


LAYOUT = (
    SetLayout(
        "strong",
        "strong",
        LabelKind.STRONG,
        "audio/train/synthetic21_train/soundscapes",
        "metadata/train/synthetic21_train/soundscapes.tsv",
    ),
    SetLayout(
        "strong_validation",
        "strong_validation",
        LabelKind.STRONG,
        "audio/validation/synthetic21_validation/soundscapes",
        "metadata/validation/synthetic21_validation/soundscapes.tsv",
        "metadata/validation/synthetic21_validation/durations.tsv",
    ),
    SetLayout(
        "weak",
        "train",
        LabelKind.WEAK,
        "audio/train/weak",
        "metadata/train/weak.tsv",
        recorded=True,
    ),
    SetLayout(
        "unlabeled",
        "train",
        LabelKind.NONE,
        "audio/train/unlabel_in_domain",
        "metadata/train/unlabel_in_domain.tsv",
        recorded=True,
        may_be_empty=True,
    ),
    SetLayout(
        "validation",
        "validation",
        LabelKind.STRONG,
        "audio/validation/validation",
        "metadata/validation/validation.tsv",
        "metadata/validation/validation_durations.tsv",
        recorded=True,
        may_be_empty=True,
    ),
)
"""The sets of a dataset."""


@dataclass(frozen=True)
class ClipPlan:
    """What a worker needs to make one clip."""

    #: The file to write
    path: Path
    #: Seed of the clip's random draws
    seed: np.random.SeedSequence
    #: Its background
    background: Sound
    #: Its sounds, the most important first
    sounds: tuple[Sound, ...]
    #: How to mix
    settings: SceneSettings


def plan_dataset(
    root: Path, parts: Mapping[str, Bank], options: SoundscapeOptions
) -> dict[SetLayout, list[ClipPlan]]:
    """Chooses the sounds of every clip."""
    plans: dict[SetLayout, list[ClipPlan]] = {}
    first = 0
    for index, layout in enumerate(LAYOUT):
        n = getattr(options, layout.name)
        settings = _settings(layout, options)
        seed = np.random.SeedSequence(options.seed, spawn_key=(index,))
        rng = np.random.default_rng(seed)
        prefix = "Y" if layout.recorded else ""
        backgrounds = _sound_deck(parts[layout.part].background, rng)
        contents = _contents(layout, parts[layout.part], options, rng)
        plans[layout] = [
            ClipPlan(
                root / layout.audio / f"{prefix}{first + i:06d}.wav",
                clip_seed,
                background,
                sounds,
                settings,
            )
            for i, (clip_seed, background, sounds) in enumerate(
                zip(seed.spawn(n), backgrounds, contents, strict=False)
            )
        ]
        first += n
    return plans


def _settings(layout: SetLayout, options: SoundscapeOptions) -> SceneSettings:
    recorded = layout.recorded
    return SceneSettings(
        clip_seconds=options.clip_seconds,
        sample_rate=options.sample_rate,
        channels=options.channels,
        snr=options.recorded_snr if recorded else options.snr,
        max_overlap=options.max_overlap,
        recorded=recorded,
        reverberation=options.reverberation if recorded else (0.0, 0.0),
    )


def _contents(
    layout: SetLayout,
    bank: Bank,
    options: SoundscapeOptions,
    rng: np.random.Generator,
) -> Iterator[tuple[Sound, ...]]:
    """The sounds of each clip of a set: labeled ones, then the others."""
    n = getattr(options, layout.name)
    n_empty = round(options.empty_share * n) if layout.may_be_empty else 0
    empty = set(rng.permutation(n)[:n_empty].tolist())
    decks = {
        label: _sound_deck(sounds, rng)
        for label, sounds in (
            *bank.foreground.items(),
            *bank.non_target.items(),
        )
    }
    labels = _deck(bank.labels, rng)
    others = _deck(sorted(bank.non_target), rng)
    for clip in range(n):
        n_events = 0 if clip in empty else _draw_count(options.max_events, rng)
        chosen = _draw_labels(labels, n_events, rng)
        if bank.non_target:
            n_others = rng.binomial(_MAX_NON_TARGET, _NON_TARGET)
            chosen += islice(others, n_others)
        yield tuple(next(decks[label]) for label in chosen)


def _draw_count(most: int, rng: np.random.Generator) -> int:
    """1 to ``most`` events, fewer being likelier."""
    weights = 1 / np.arange(1, most + 1)
    return 1 + int(rng.choice(most, p=weights / weights.sum()))


def _draw_labels(
    labels: Iterator[str], n: int, rng: np.random.Generator
) -> list[str]:
    chosen: list[str] = []
    for _ in range(n):
        repeated = chosen and rng.random() < _REPEAT
        chosen.append(chosen[-1] if repeated else next(labels))
    return chosen


def _deck(items: Sequence[Item], rng: np.random.Generator) -> Iterator[Item]:
    """Deals the items shuffled, again and again: all come equally often."""
    while items:
        for i in rng.permutation(len(items)):
            yield items[i]


def _sound_deck(
    sounds: Sequence[Sound], rng: np.random.Generator
) -> Iterator[Sound]:
    """Deals recordings, and for each one any of the sounds cut from it."""
    recordings: dict[str, list[Sound]] = {}
    for sound in sounds:
        recordings.setdefault(sound.recording, []).append(sound)
    for cuts in _deck(list(recordings.values()), rng):
        yield cuts[rng.integers(len(cuts))]
