"""The recordings of a folder: what they are, and which one a name means."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

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
    #: Samples per channel.
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
    broken: dict[str, str] = field(default_factory=dict)
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
            broken[name] = content
        else:
            sources.append(Source(name, path, *content))
    if not sources:
        name, why = next(iter(broken.items()))
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


class NameMatcher:
    """Finds the recording that a name in an annotation means.

    >>> source = Source("a/x.wav", Path("a/x.wav"), 8000, 1, 8, "")
    >>> NameMatcher([source]).find("x.flac") is source
    True
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._by_name: dict[str, list[Source]] = defaultdict(list)
        for source in sources:
            name = clip_id(PurePosixPath(source.name).name)
            self._by_name[name].append(source)

    def find(self, name: str) -> Source | None:
        """The recording of this name, of any format; None if there is none.

        Folders in the name distinguish recordings of one name.
        """
        path = PurePosixPath(clip_id(name.replace("\\", "/")))
        found = self._by_name.get(path.name, [])
        if len(found) > 1:
            parts = [x for x in path.parts if x not in (".", "..")]
            found = [x for x in found if _agree(x, parts)]
        if len(found) > 1:
            shown = " and ".join(str(x.path) for x in found[:2])
            raise ValueError(
                f"{name!r} may mean {shown}: write the name with its folder"
            )
        return found[0] if found else None


def _agree(source: Source, parts: Sequence[str]) -> bool:
    """Whether as many folders as both names have are the same."""
    own = PurePosixPath(clip_id(source.name)).parts
    n = min(len(own), len(parts))
    return tuple(own[-n:]) == tuple(parts[-n:])
