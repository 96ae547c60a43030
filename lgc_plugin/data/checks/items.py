"""The clips that are checked: of manifests, or recordings and annotations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lgc_plugin.data.annotations import ReadOptions, read_annotation_files
from lgc_plugin.data.audio_search import search_audio
from lgc_plugin.data.manifest import read_manifest
from lgc_plugin.data.own.names import NameMatcher
from lgc_plugin.data.own.sources import Source
from lgc_plugin.data.preparation import RECORD, Preparation
from lgc_plugin.types import Event, LabelKind
from lgc_plugin.utils.files import read_json
from lgc_plugin.utils.yaml_files import read_yaml

#: Output frames of ``lgc.yaml``.
FRAME_SECONDS = 0.064


@dataclass(frozen=True)
class Item:
    """A clip or recording."""

    set: str
    name: str
    path: Path
    kind: LabelKind
    events: tuple[Event, ...] = ()
    tags: tuple[str, ...] = ()
    #: What is written of its length; None if nothing is.
    seconds: float | None = None


@dataclass(frozen=True)
class Collection:
    """All that is checked."""

    items: tuple[Item, ...]
    #: Whether it is ready for training; else recordings as they come.
    prepared: bool
    #: The classes; none if they are those of the annotation.
    labels: tuple[str, ...] = ()
    #: In Hz; None if any is fine.
    sample_rate: int | None = None
    frame_seconds: float = FRAME_SECONDS
    #: Annotated recordings without audio.
    missing: tuple[str, ...] = ()
    #: How the annotation was understood, in sentences.
    notes: tuple[str, ...] = ()
    #: Recordings by split, where it is known from which the clips are.
    recordings: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def sets(self) -> tuple[str, ...]:
        """Names of the sets, in their order."""
        return tuple(dict.fromkeys(item.set for item in self.items))


def read_collection(
    data: Path,
    annotations: Sequence[str | Path] = (),
    reading: ReadOptions | None = None,
) -> Collection:
    """A prepared folder, or recordings with annotations."""
    if not data.is_dir():
        raise FileNotFoundError(f"{data}: no such folder")
    places = [data / "manifests", data, data / "save"]
    found = [x for x in places if (x / RECORD).is_file()]
    if annotations or not found:
        return _recordings(data, annotations, reading or ReadOptions())
    return _prepared(data, found[0])


def _prepared(data: Path, folder: Path) -> Collection:
    preparation = Preparation.load(folder)
    items = [
        Item(
            name,
            row.id,
            Path(row.wav),
            row.label_kind,
            row.events,
            row.tags,
            row.duration,
        )
        for name, manifest in preparation.manifests.items()
        for row in read_manifest(manifest, preparation.data_root)
    ]
    rate, frame_seconds = _settings(data)
    return Collection(
        tuple(items),
        True,
        preparation.labels,
        rate,
        frame_seconds,
        recordings=_splits(data),
    )


def _settings(data: Path) -> tuple[int | None, float]:
    """Sample rate and frames of ``settings.yaml``, if it is there."""
    path = data / "settings.yaml"
    if not path.is_file():
        return None, FRAME_SECONDS
    settings = read_yaml(path)
    try:
        rate = settings.get("sample_rate")
        frames = settings.get("hop_length")
        if not (rate and frames and "pooling" in settings):
            return rate, FRAME_SECONDS
        for in_time, _ in settings["pooling"]:
            frames *= in_time
        return rate, frames / rate
    except (AttributeError, TypeError, ValueError):
        raise ValueError(
            f"{path}: sample_rate, hop_length or pooling are not as "
            "lgc-sed dataset writes them: correct or remove the file"
        ) from None


def _splits(data: Path) -> dict[str, tuple[str, ...]]:
    """Recordings of each split by ``dataset.json``, if it is there."""
    path = data / "dataset.json"
    if not path.is_file():
        return {}
    splits = read_json(path).get("splits", {})
    try:
        return {
            split: tuple(name for names in groups.values() for name in names)
            for split, groups in splits.items()
        }
    except (AttributeError, TypeError):
        raise ValueError(
            f"{path}: its splits are not as lgc-sed dataset writes them: "
            "restore the file"
        ) from None


def _recordings(
    data: Path, annotations: Sequence[str | Path], reading: ReadOptions
) -> Collection:
    search = search_audio(data)
    if not search.files:
        raise ValueError(
            f"{data}: neither a prepared data set ({RECORD}) nor recordings"
        )
    names = [path.relative_to(data).as_posix() for path in search.files]
    sources = [
        Source(name, path, 1, 1, 0, "")
        for name, path in zip(names, search.files, strict=True)
    ]
    events: dict[str, list[Event]] = {}
    missing: list[str] = []
    notes: tuple[str, ...] = ()
    if annotations:
        table = read_annotation_files(annotations, reading)
        notes = tuple(table.notes)
        by_name = NameMatcher(sources).find_all(table.filenames)
        missing = [x for x in table.filenames if x not in by_name]
        for name, found in table.by_clip().items():
            if name in by_name:
                events.setdefault(by_name[name].name, []).extend(found)
    items = [
        Item(
            "recordings",
            source.name,
            source.path,
            LabelKind.STRONG if source.name in events else LabelKind.NONE,
            tuple(sorted(events.get(source.name, ()))),
        )
        for source in sources
    ]
    return Collection(tuple(items), False, missing=tuple(missing), notes=notes)
