"""Writes a data set of clips from recordings and their annotations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lgc_plugin import __version__
from lgc_plugin.data.annotations import ReadOptions
from lgc_plugin.data.manifest import ClipRow, write_manifest
from lgc_plugin.data.own.audio import write_audio
from lgc_plugin.data.own.clips import SETS
from lgc_plugin.data.own.options import DatasetOptions
from lgc_plugin.data.own.plan import Plan, plan_clips
from lgc_plugin.data.own.recordings import Known, read_known
from lgc_plugin.data.own.settings import propose_settings, write_settings
from lgc_plugin.data.own.sources import SourceFolder, read_sources
from lgc_plugin.data.own.summary import SetSummary, quantiles, summarize
from lgc_plugin.data.preparation import Coverage, Preparation
from lgc_plugin.data.resolution import Resolution, propose_resolution
from lgc_plugin.types import LabelKind
from lgc_plugin.utils.checksums import file_digest
from lgc_plugin.utils.files import atomic_folder, write_json

#: Describes a data set; it is written last.
DESCRIPTION = "dataset.json"
MANIFESTS = "manifests"
SETTINGS = "settings.yaml"
PICTURE = "overview.png"


@dataclass(frozen=True)
class Dataset:
    """What was written."""

    folder: Path
    labels: tuple[str, ...]
    sample_rate: int
    #: By the name of the set; those without clips are not there.
    sets: Mapping[str, SetSummary]
    #: Seconds of the annotated events of each class, sorted.
    durations: Mapping[str, Sequence[float]]
    #: Output frames that suit these.
    resolution: Resolution
    #: What was understood, changed or left out, in sentences.
    notes: tuple[str, ...]


def write_dataset(
    recordings: str | Path,
    annotations: Sequence[str | Path],
    out: str | Path,
    options: DatasetOptions,
    reading: ReadOptions | None = None,
    *,
    n_jobs: int | None = None,
    progress: bool = True,
    draw: Any = None,
) -> Dataset:
    """Cuts recordings into clips, splits them, and describes the result.

    The folder is written whole or not at all; the same input gives the same
    bytes, whatever the number of processes. ``draw`` gets the data set and a
    file name, to draw the picture.
    """
    source_folder, out = Path(recordings), Path(out)
    files = sorted(map(Path, annotations))
    reading = replace(reading or ReadOptions(), audio=source_folder)
    with atomic_folder(out) as root:
        folder = read_sources(source_folder, n_jobs, progress)
        known = read_known(folder, files, options, reading)
        plan = plan_clips(known.recordings, known.classes, options)
        rate = options.sample_rate or _usual_rate(folder)
        rows, missing, notes = write_audio(
            root, plan, rate, options.channel, n_jobs, progress
        )
        if not rows:
            why = next(iter(missing.values()), "all are shorter than a clip")
            raise ValueError(f"no recording could be used; the first: {why}")
        preparation = _write_manifests(root, rows, plan, known, missing)
        written = {row.id for found in rows.values() for row in found}
        summaries = {
            name: summarize(
                [x for x in plan.clips if x.set == name and x.id in written],
                known.classes.names,
            )
            for name in preparation.manifests
        }
        notes = [
            *known.notes,
            *_missing_notes(known, folder),
            *plan.notes,
            *notes,
            *_lacking_notes(summaries, options, plan),
        ]
        notes = _without_folders(notes, source_folder, files)
        durations = _durations(known)
        dataset = Dataset(
            out,
            known.classes.names,
            rate,
            summaries,
            durations,
            propose_resolution(durations, rate),
            tuple(notes),
        )
        settings = propose_settings(
            dataset.resolution, options.clip_seconds, tuple(summaries)
        )
        write_settings(root / SETTINGS, settings)
        if draw is not None:
            draw(dataset, root / PICTURE)
        description = _description(dataset, folder, known, plan, options)
        description["annotations"] = _digests(files)
        write_json(root / DESCRIPTION, description)
    return dataset


def _durations(known: Known) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in known.classes.names}
    for recording in known.recordings:
        for event in recording.events:
            found[event.label].append(round(event.offset - event.onset, 6))
    return {label: sorted(seconds) for label, seconds in found.items()}


def _usual_rate(folder: SourceFolder) -> int:
    """The sample rate of most seconds; of two, the lower."""
    seconds: dict[int, float] = {}
    for source in folder.sources:
        rate = source.sample_rate
        seconds[rate] = seconds.get(rate, 0.0) + source.seconds
    return max(seconds, key=lambda rate: (seconds[rate], -rate))


def _missing_notes(known: Known, folder: SourceFolder) -> list[str]:
    notes = [f"left out: {why}" for why in folder.broken.values()]
    if known.missing:
        notes.append(
            f"annotated recordings that are not there: {len(known.missing)}, "
            f"such as {known.missing[0]}"
        )
    return notes


def _lacking_notes(
    sets: Mapping[str, SetSummary], options: DatasetOptions, plan: Plan
) -> list[str]:
    """Which sets there are not, and which lack which classes."""
    wanted = {"valid": options.valid_share, "test": options.test_share}
    notes = [
        f"there is no {split} set: nothing is annotated that it could have"
        for split, share in wanted.items()
        if share and not any(name.startswith(split) for name in sets)
    ]
    kinds = {x.set: x.kind for x in plan.clips}
    for name, summary in sets.items():
        lost = [x for x, found in summary.classes.items() if not found.events]
        beside_events = name == "train_weak" and "train_strong" in sets
        if lost and kinds[name] is LabelKind.STRONG:
            notes.append(
                f"{name} has no event of {', '.join(lost)}: annotate more "
                "recordings that have some, or smaller groups of recordings"
            )
        elif lost and kinds[name] is LabelKind.WEAK and not beside_events:
            notes.append(
                f"{name} has no clip with a tag of {', '.join(lost)}: tag more "
                "recordings with it, give longer clips, or split by groups"
            )
    return notes


def _without_folders(
    notes: Sequence[str], folder: Path, annotations: Sequence[Path]
) -> list[str]:
    """Sentences that do not depend on where the input lies."""
    places = {folder, *(path.parent for path in annotations)} - {Path()}
    # Only where a path begins; of nested folders, the inner ones first.
    for place in sorted(map(str, places), key=len, reverse=True):
        begin = re.compile(rf"(?<![\w./-]){re.escape(place)}/")
        notes = [begin.sub("", note) for note in notes]
    return list(notes)


def _write_manifests(
    root: Path,
    rows: Mapping[str, list[ClipRow]],
    plan: Plan,
    known: Known,
    missing: Mapping[str, str],
) -> Preparation:
    folder = root / MANIFESTS
    manifests, coverage = {}, {}
    for name in SETS:
        if name in rows:
            manifests[name] = folder / f"{name}.csv"
            write_manifest(rows[name], manifests[name])
            planned = [clip for clip in plan.clips if clip.set == name]
            lost = {
                clip.id: missing[clip.source.name]
                for clip in planned
                if clip.source.name in missing
            }
            coverage[name] = Coverage(name, len(rows[name]), len(planned), lost)
    preparation = Preparation(
        manifests, known.classes.names, Path(".."), coverage
    )
    preparation.save(folder)
    return preparation


def _description(
    dataset: Dataset,
    folder: SourceFolder,
    known: Known,
    plan: Plan,
    options: DatasetOptions,
) -> dict[str, Any]:
    """The content of ``dataset.json``."""
    groups: dict[str, dict[str, list[str]]] = {}
    for recording in known.recordings:
        split = plan.splits.get(recording.group, "train")
        members = groups.setdefault(split, {})
        members.setdefault(recording.group, []).append(recording.source.name)
    excluded = {why: ms / 1000 for why, ms in sorted(plan.excluded.items())}
    return {
        "made_by": f"lgc_plugin {__version__}",
        "options": options.described(),
        "labels": list(dataset.labels),
        "sample_rate": dataset.sample_rate,
        "class_of_label": dict(known.classes.by_label),
        "labels_left_out": dict(known.classes.left_out),
        "sets": {
            name: asdict(summary) for name, summary in dataset.sets.items()
        },
        "event_seconds_quantiles": {
            name: quantiles(seconds)
            for name, seconds in dataset.durations.items()
        },
        "seconds_left_out": excluded,
        "notes": list(dataset.notes),
        "missing": {
            "annotated_without_audio": sorted(known.missing),
            "not_decoded": sorted(x.name for x in folder.broken),
        },
        "splits": {name: groups[name] for name in sorted(groups)},
        "recordings": {
            source.name: {
                "seconds": source.seconds,
                "sample_rate": source.sample_rate,
                "channels": source.channels,
                "sha256": source.digest,
            }
            for source in folder.sources
        },
    }


def _digests(annotations: Sequence[Path]) -> dict[str, str]:
    """Of all annotation files, by name."""
    digests = {}
    for path in annotations:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            if file.is_file():
                name = file.relative_to(path.parent).as_posix()
                digests[name] = file_digest(file)
    return digests
