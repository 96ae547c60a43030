"""Which recording a name in an annotation or a table means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from lgc_plugin.data.audio_search import clip_id
from lgc_plugin.data.own.sources import Source


class NameMatcher:
    """Finds the recording that a name in an annotation means.

    >>> from pathlib import Path
    >>> source = Source("a/x.wav", Path("a/x.wav"), 8000, 1, 8, "")
    >>> NameMatcher([source]).find("x.flac") is source
    True
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._by_name: dict[str, list[Source]] = defaultdict(list)
        self._folders: set[str] = set()
        for source in sources:
            *folders, name = _parts(source.name)
            self._by_name[name].append(source)
            self._folders.update(folders[-1:])

    def find(self, name: str) -> Source | None:
        """The recording of this name, of any format; None if there is none.

        Folders in the name distinguish recordings of one name. A folder that
        holds no recordings, such as that of another computer, does not count.
        """
        parts = _parts(name)
        found = self._by_name.get(parts[-1], [])
        if len(found) > 1 or parts[-2:-1] and parts[-2] in self._folders:
            found = [x for x in found if _agree(_parts(x.name), parts)]
        if len(found) > 1:
            shown = " and ".join(str(x.path) for x in found[:2])
            raise ValueError(
                f"{name!r} may mean {shown}: write the name with its folder"
            )
        return found[0] if found else None

    def find_all(self, names: Iterable[str]) -> dict[str, Source]:
        """The recordings of all names that mean one.

        Names that differ by their folders mean different recordings: only one
        of them is taken for a recording, that with its folder if there is one.
        """
        meant: dict[Source, list[str]] = {}
        for name in names:
            if source := self.find(name):
                meant.setdefault(source, []).append(name)
        found = {}
        for source, alike in meant.items():
            own = _parts(source.name)
            alike = [x for x in alike if _agree(_parts(x), own)] or alike
            for name in alike:
                found[name] = source
                if not _agree(_parts(name), _parts(alike[0])):
                    raise ValueError(
                        f"{alike[0]!r} and {name!r} may both mean "
                        f"{source.path}: write the names as they are in the "
                        "folder of recordings"
                    )
        return found


def _parts(name: str) -> tuple[str, ...]:
    """Folders and name, without the suffix of the audio."""
    parts = PurePosixPath(clip_id(name.replace("\\", "/"))).parts
    return tuple(x for x in parts if x not in (".", ".."))


def _agree(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether as many folders as both names have are the same."""
    n = min(len(first), len(second))
    return tuple(first[-n:]) == tuple(second[-n:])
