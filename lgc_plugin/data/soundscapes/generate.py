"""Labeled clips mixed from a bank of isolated sounds, laid out like DESED.

Two kinds of clips are made. *Clean* ones (the strong sets) are plain mixtures
well above the background. *Recorded* ones (weak, unlabeled, validation) are
mixed from more recordings, in rooms, with noise, through microphones, and
nearer to the background: they hold what the strong clips alone cannot teach.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lgc_plugin import __version__
from lgc_plugin.data.audio_files import write_pcm16
from lgc_plugin.data.soundscapes.bank import (
    BACKGROUND,
    Bank,
    read_bank,
    split_bank,
)
from lgc_plugin.data.soundscapes.options import SoundscapeOptions
from lgc_plugin.data.soundscapes.plan import (
    DESCRIPTION,
    LAYOUT,
    ClipPlan,
    SetLayout,
    plan_dataset,
)
from lgc_plugin.data.soundscapes.scene import place_sounds, render
from lgc_plugin.data.soundscapes.toy_bank import write_synthetic_bank
from lgc_plugin.types import Event, LabelKind
from lgc_plugin.utils.files import atomic_folder, write_json, write_text
from lgc_plugin.utils.parallel import parallel_map

logger = logging.getLogger(__name__)

_NOTE = (
    "Generated, not recorded: a program mixed these clips from the isolated "
    "sounds of a bank. The sets weak, unlabeled and validation imitate "
    "recordings (rooms, noise, microphones). Scores on them are no scores on "
    "DESED, whose layout they follow."
)


class PlacedRecording(NamedTuple):
    """One sound of a clip, or its background."""

    #: When and what
    event: Event
    #: The recording that it was cut from
    recording: str


Clips = dict[str, list[PlacedRecording]]
"""Recordings in the clips of a set, by file name."""


def write_soundscapes(
    bank: str | Path | None,
    out: str | Path,
    options: SoundscapeOptions,
    *,
    n_jobs: int | None = None,
    progress: bool = True,
) -> Path:
    """Writes a dataset in DESED's layout, whole or not at all.

    The same bank, options and seed give the same bytes, whatever the number
    of processes. ``soundscapes.json`` in the root records the sources,
    and which recordings each set holds.
    """
    out = Path(out)
    with atomic_folder(out) as root:
        folder = _bank_folder(bank, root, options, n_jobs, progress)
        sounds = read_bank(
            folder,
            non_target=options.non_target,
            recording_pattern=options.recording_pattern,
        )
        placed = _write_clips(root, sounds, options, n_jobs, progress)
        for layout, clips in placed.items():
            _write_annotation(root, layout, clips, sounds.labels)
            if layout.durations:
                _write_durations(root, layout, clips, options.clip_seconds)
        name = "synthetic" if bank is None else Path(bank).resolve().name
        content = _description(name, sounds, placed, options)
        write_json(root / DESCRIPTION, content)
    return out


def toy_root(folder: str | Path, options: SoundscapeOptions) -> Path:
    """Where the toy dataset of some options lies."""
    request = json.dumps(asdict(options), sort_keys=True)
    digest = hashlib.sha256(request.encode()).hexdigest()[:8]
    return Path(folder) / f"soundscapes-{digest}"


def make_toy_dataset(
    folder: str | Path,
    options: SoundscapeOptions,
    *,
    n_jobs: int | None = None,
    progress: bool = True,
) -> Path:
    """Soundscapes of the sounds made by code, generated once."""
    root = toy_root(folder, options)
    # That file is written last, into a folder that appears when it is whole.
    if (root / DESCRIPTION).is_file():
        logger.info("Toy dataset: using %s", root)
        return root
    logger.info("Toy dataset: generating it in %s", root)
    return write_soundscapes(
        None, root, options, n_jobs=n_jobs, progress=progress
    )


def _write_clips(
    root: Path,
    bank: Bank,
    options: SoundscapeOptions,
    n_jobs: int | None,
    progress: bool,
) -> dict[SetLayout, Clips]:
    """Writes the audio of every set."""
    # The keys before this one belong to the sets.
    seed = np.random.SeedSequence(options.seed, spawn_key=(len(LAYOUT),))
    parts = split_bank(
        bank,
        validation_share=options.validation_share,
        strong_validation_share=options.strong_validation_share,
        strong_share=options.strong_share,
        rng=np.random.default_rng(seed),
    )
    plans = plan_dataset(root, parts, options)
    for layout in plans:
        (root / layout.audio).mkdir(parents=True)
    placed = iter(
        parallel_map(
            write_clip,
            [plan for of_set in plans.values() for plan in of_set],
            n_jobs=n_jobs,
            description="soundscapes",
            progress=progress,
        )
    )
    return {
        layout: {plan.path.name: next(placed) for plan in of_set}
        for layout, of_set in plans.items()
    }


def write_clip(plan: ClipPlan) -> list[PlacedRecording]:
    """Mixes one clip and writes it as 16-bit PCM."""
    settings = plan.settings
    rng = np.random.default_rng(plan.seed)
    placed = place_sounds(plan.sounds, settings, rng)
    mix = render(plan.background, placed, settings, rng)
    write_pcm16(plan.path, mix.T, settings.sample_rate)
    whole = Event(0.0, settings.clip_seconds, BACKGROUND)
    recordings = [PlacedRecording(whole, plan.background.recording)]
    for item in placed:
        onset = round(item.first / settings.sample_rate, 3)
        offset = round(item.end / settings.sample_rate, 3)
        event = Event(onset, offset, item.sound.label)
        recordings.append(PlacedRecording(event, item.sound.recording))
    return sorted(recordings)


def _bank_folder(
    bank: str | Path | None,
    root: Path,
    options: SoundscapeOptions,
    n_jobs: int | None,
    progress: bool,
) -> Path:
    """The bank's folder; one made by code goes beside the unfinished data
    set, and is removed with it.
    """
    if bank is not None:
        return Path(bank)
    return write_synthetic_bank(
        root.with_name(f"{root.name}.bank"),
        seed=options.seed,
        sample_rate=options.sample_rate,
        sounds_per_class=options.sounds_per_class,
        n_backgrounds=options.sounds_per_class,
        n_jobs=n_jobs,
        progress=progress,
    )


def _write_annotation(
    root: Path, layout: SetLayout, clips: Clips, labels: Sequence[str]
) -> None:
    """Writes the annotation of a set, as strong as its label kind."""
    events = {
        name: [sound.event for sound in placed if sound.event.label in labels]
        for name, placed in clips.items()
    }
    if layout.kind is LabelKind.NONE:
        rows = ["filename", *events]
    elif layout.kind is LabelKind.WEAK:
        rows = ["filename\tevent_labels"]
        for name, clip in events.items():
            rows.append(f"{name}\t{','.join(sorted({e.label for e in clip}))}")
    else:
        rows = ["filename\tonset\toffset\tevent_label"]
        for name, clip in events.items():
            rows += _strong_rows(name, clip)
    _write_rows(root / layout.annotation, rows)


def _strong_rows(name: str, events: Sequence[Event]) -> list[str]:
    if not events:
        return [f"{name}\t\t\t"]
    return [
        f"{name}\t{onset:.3f}\t{offset:.3f}\t{label}"
        for onset, offset, label in events
    ]


def _write_durations(
    root: Path, layout: SetLayout, clips: Clips, seconds: float
) -> None:
    rows = [f"{name}\t{seconds:.3f}" for name in clips]
    _write_rows(root / layout.durations, ["filename\tduration", *rows])


def _write_rows(path: Path, rows: Iterable[str]) -> None:
    write_text(path, "".join(f"{row}\n" for row in rows))


def _description(
    name: str,
    bank: Bank,
    placed: Mapping[SetLayout, Clips],
    options: SoundscapeOptions,
) -> dict[str, Any]:
    """The content of ``soundscapes.json``."""
    return {
        "note": _NOTE,
        "made_by": f"lgc_plugin {__version__}",
        "seed": options.seed,
        "options": asdict(options),
        "labels": list(bank.labels),
        "bank": {
            "name": name,
            "sounds": {k: len(v) for k, v in bank.groups().items()},
            "recordings": {
                k: len({sound.recording for sound in v})
                for k, v in bank.groups().items()
            },
        },
        "sets": {
            layout.name: {
                "audio": layout.audio,
                "annotation": layout.annotation,
                "clips": len(clips),
                "recordings": _recordings(clips),
            }
            for layout, clips in placed.items()
        },
    }


def _recordings(clips: Clips) -> dict[str, list[str]]:
    """Recordings used in a set, by class."""
    found: dict[str, set[str]] = {}
    for placed in clips.values():
        for event, recording in placed:
            found.setdefault(event.label, set()).add(recording)
    return {label: sorted(found[label]) for label in sorted(found)}
