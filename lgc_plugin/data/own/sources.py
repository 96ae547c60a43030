"""The recordings of a folder, and what they are."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lgc_plugin.data.audio_files import measure_audio, measure_files
from lgc_plugin.data.audio_search import clip_id, search_audio
from lgc_plugin.data.fields import check_name
from lgc_plugin.utils.checksums import file_digest

# Describes a data set, beside the folder of its audio.
_MADE = "dataset.json"


@dataclass(frozen=True)
class Source:
    """A recording."""

    #: Where it lies in the folder that was searched, with ``/``.
    name: str
    path: Path
    #: In Hz.
    sample_rate: int
    channels: int
    #: Samples per channel; 0 if it cannot be decoded.
    n_samples: int
    #: Of the bytes of the file.
    digest: str

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.n_samples / self.sample_rate

    @property
    def milliseconds(self) -> int:
        """Its length in whole milliseconds."""
        return 1000 * self.n_samples // self.sample_rate

    @property
    def stem(self) -> str:
        """What the names of its clips begin with."""
        return clip_id(self.name).replace("/", "__")


@dataclass(frozen=True)
class SourceFolder:
    """All recordings of a folder."""

    sources: tuple[Source, ...]
    #: For each recording that cannot be decoded the reason.
    broken: dict[Source, str] = field(default_factory=dict)
    #: What is passed over, and what is odd, in sentences.
    notes: tuple[str, ...] = ()


def read_sources(
    folder: Path, n_jobs: int | None = None, progress: bool = True
) -> SourceFolder:
    """Finds the recordings of a folder, at any depth, and measures them."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder of recordings")
    found = search_audio(folder)
    passed_over = found.passed_over()
    if not found.files:
        raise ValueError(
            f"{folder}: no recording in it"
            + (f"; {passed_over}" if passed_over else "")
        )
    made = [x for x in found.files if (x.parent.parent / _MADE).is_file()]
    if made:
        raise ValueError(
            f"{made[0].parent.parent} lies among the recordings and is a data "
            "set that was made before: move it to another place"
        )
    names = [path.relative_to(folder).as_posix() for path in found.files]
    # The threads of the measurement have this block to themselves.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        measured = measure_files(
            found.files,
            _measure,
            n_jobs=n_jobs,
            description="recordings",
            progress=progress,
        )
    sources, broken = [], {}
    for name, path, content in zip(names, found.files, measured, strict=True):
        if isinstance(content, str):
            broken[Source(name, path, 1, 0, 0, "")] = content
        else:
            sources.append(Source(name, path, *content))
    if not sources:
        why = next(iter(broken.values()))
        raise ValueError(f"no recording can be decoded; the first: {why}")
    _check_stems(sources)
    odd = sorted(str(warning.message) for warning in caught)
    notes = [passed_over, *odd] if passed_over else odd
    return SourceFolder(tuple(sources), broken, tuple(notes))


def _measure(path: Path) -> tuple[int, int, int, str]:
    header = measure_audio(path)
    return (
        header.sample_rate,
        header.channels,
        header.frames,
        file_digest(path),
    )


def _check_stems(sources: Iterable[Source]) -> None:
    """Clips are called by their recordings."""
    known: dict[str, Source] = {}
    for source in sources:
        check_name("file name", source.stem)
        twin = known.setdefault(source.stem, source)
        if twin is not source:
            raise ValueError(
                f"{twin.path} and {source.path}: their clips would have the "
                "same names: rename one, or remove it if it is a copy"
            )
