"""The clips of a report: which, why, and all that is drawn of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lgc_plugin.data.table_files import MOST_SECONDS
from lgc_plugin.report.page.chosen_clips import (
    ChosenClip,
    clip_results,
    largest_differences,
    worst_and_best,
)
from lgc_plugin.report.page.clip_audio import ClipAudio, read_clip_audio
from lgc_plugin.report.page.clip_events import (
    clip_entries,
    labels_of,
    last_second,
)
from lgc_plugin.report.page.run_source import RunSource
from lgc_plugin.report.page.sections import (
    ScoredSystem,
    ShownSystem,
    judges,
    scored_systems,
)

_TRUTH = ["event_label", "onset", "offset"]
_RANKED_BY = (
    "by the intersection F1 of the {name} in the clip, at the decision "
    "threshold; of equal clips, those with more errors are worse, those with "
    "more events found are better"
)


def clip_section(systems: Sequence[ShownSystem]) -> dict[str, Any] | None:
    """What the page shows of clips; None where no clip is known.

    ``rule``: how they were chosen. ``clips``: for the template. ``data``: for
    the script, which decodes events at the threshold that is chosen.
    """
    known = scored_systems(systems)
    if not known:
        return None
    ranking = judges(known)
    chosen, rule = _choose(ranking)
    names = [clip.name for clip in chosen]
    entries = [clip_entries(each.system, names) for each in known]
    clips, data = [], []
    for number, clip in enumerate(chosen):
        judge = next(x for x in ranking if clip.name in x.truth.clips)
        audio, note = _audio(judge.source, clip.name)
        events = judge.truth.events
        own = events[events.filename == clip.name]
        parts = [entry[number] for entry in entries]
        seconds = _seconds(
            float(judge.truth.seconds_of([clip.name])[0]),
            audio,
            float(own.offset.max()) if len(own) else 0.0,
            parts,
        )
        clips.append(
            {
                **clip._asdict(),
                "seconds": seconds,
                "audio": audio,
                "note": note,
            }
        )
        data.append(
            {
                "seconds": seconds,
                "truth": own[_TRUTH].to_numpy().tolist(),
                "systems": parts,
            }
        )
    return {
        "rule": rule,
        "clips": clips,
        "sliders": any(_has_choice(x) for each in entries for x in each),
        "data": {
            "systems": [_system_data(each) for each in known],
            "clips": data,
            "range": _range(known),
        },
    }


def _seconds(
    annotated: float,
    audio: ClipAudio | None,
    last_offset: float,
    entries: Sequence[dict[str, Any]],
) -> float:
    """How long a clip is shown: its audio wins over what is annotated."""
    if audio is not None:
        return max(audio.seconds, last_offset)
    if annotated > MOST_SECONDS:  # unknown
        return max(last_offset, *map(last_second, entries))
    return annotated


def _choose(ranking: Sequence[ScoredSystem]) -> tuple[list[ChosenClip], str]:
    """The clips, and the rule by which they were chosen."""
    results = [
        clip_results(judge.system.operating_events, judge.truth)
        for judge in ranking
    ]
    if len(ranking) == 1:
        rule = _RANKED_BY.format(name=ranking[0].name)
        return worst_and_best(results[0]), rule
    names = (ranking[0].name, ranking[1].name)
    return largest_differences(results[0], results[1], names), (
        f"by how far the intersection F1 of {names[0]} and that of {names[1]} "
        "are apart in the clip, at their decision thresholds"
    )


def _audio(source: RunSource, clip: str) -> tuple[ClipAudio | None, str]:
    """Sound and spectrogram of a clip, or why there are none."""
    path = source.audio.get(clip)
    if path is None:
        return None, "its audio is not known: give the folder with --audio"
    try:
        audio = read_clip_audio(path)
    except (OSError, ValueError, RuntimeError) as error:
        if not Path(path).exists():
            return None, f"there is no {path}: give the folder with --audio"
        return None, f"{path}: {error}"
    return audio, audio.note


def _has_choice(entry: dict[str, Any]) -> bool:
    """Whether another threshold may give other events."""
    return entry["mode"] != "points" or len(entry["points"]) > 1


def _system_data(scored: ScoredSystem) -> dict[str, Any]:
    labels = labels_of(scored.system)
    point = scored.system.point
    limits = np.full(len(labels), point.threshold)
    if point.threshold is None:
        limits = point.post_processing.class_thresholds(labels)
    return {
        "name": scored.name,
        "color": scored.number % 6,
        "labels": list(labels),
        "thresholds": limits.tolist(),
    }


def _range(systems: Sequence[ScoredSystem]) -> list[float]:
    """Between which thresholds one can choose."""
    low, high = 0.0, 1.0
    for each in systems:
        frames = each.system.predictions.frames
        if frames is not None:
            values = frames.scores[np.isfinite(frames.scores)]
            low = min(low, float(values.min(initial=0)))
            high = max(high, float(values.max(initial=1)))
    return [low, high]
