"""One set of clips: from its annotation and its audio to manifest rows."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from lgc_plugin.data.annotations import (
    CleanEvents,
    clean_events,
    read_durations,
    read_strong,
    read_unlabeled,
    read_weak,
)
from lgc_plugin.data.audio_search import clip_id, list_audio, list_clips
from lgc_plugin.data.manifest import ROOT_MARK, ClipRow
from lgc_plugin.data.ready_audio import AudioFolders, ReadyAudio
from lgc_plugin.types import Event, LabelKind

logger = logging.getLogger(__name__)

#: Which sets feed which share of a training batch.
TRAIN_SETS = {
    "strong": ("train_strong", "train_strong_real"),
    "weak": ("train_weak",),
    "unlabeled": ("train_unlabeled",),
}

#: What stands for the digest of a file or folder that is not there.
ABSENT = "absent"

# Headers and tables round differently; more than this is another length.
_DURATION_TOLERANCE_SECONDS = 0.1


@dataclass(frozen=True)
class ClipSet:
    """One set: where it lies, and what is known of its clips."""

    #: Name of the set, and of its manifest.
    name: str
    #: How its clips are labeled.
    kind: LabelKind
    #: Where its audio may lie.
    folders: AudioFolders
    #: Its annotation; None (unlabeled only) takes all audio there is.
    tsv: Path | None = None
    #: A table of durations to compare the audio with, if it is there.
    durations: Path | None = None
    #: An entry for every clip ID: its events (strong), its tags (weak) or
    #: nothing (none).
    known: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def labels(self) -> set[str]:
        """The classes that the annotation names."""
        entries = [entry for clip in self.known.values() for entry in clip]
        if self.kind == LabelKind.STRONG:
            return {event.label for event in entries}
        return set(entries)

    def lost(self) -> list[str]:
        """What of the set is not there, one line each."""
        lines = []
        if self.tsv is not None and not self.tsv.is_file():
            lines.append(f"{self.name}_tsv: no file {self.tsv}")
        original, twin = self.folders.original, self.folders.twin
        if not original.is_dir() and not twin.is_dir():
            lines.append(
                f"{self.name}_audio: no folder {original} (nor {twin.name} "
                "beside it)"
            )
        return lines


def unused_sets(batch_sizes: Mapping[str, int]) -> set[str]:
    """Sets that a share of 0 in the batches leaves out; with the weak ones,
    those held out of them.
    """
    unused = {
        name
        for share, names in TRAIN_SETS.items()
        for name in names
        if batch_sizes.get(share) == 0
    }
    return unused | {"valid_weak"} if "train_weak" in unused else unused


def share_out(
    batch_sizes: Mapping[str, int], sets: Collection[str]
) -> dict[str, int]:
    """Clips of each kind in a batch when only some sets are there.

    The share of an absent kind goes to the others, as theirs are.

    >>> sizes = {"strong": 12, "weak": 12, "unlabeled": 24}
    >>> share_out(sizes, ["train_strong", "train_unlabeled"])
    {'strong': 16, 'weak': 0, 'unlabeled': 32}
    """
    used = {
        kind: size
        for kind, size in batch_sizes.items()
        if size > 0 and set(TRAIN_SETS[kind]) & set(sets)
    }
    if not used:
        raise ValueError(
            "there is no training set with a share in batch_sizes: the sets "
            f"are {', '.join(sets)}"
        )
    total, part = sum(batch_sizes.values()), sum(used.values())
    sizes = {
        kind: size * total // part if kind in used else 0
        for kind, size in batch_sizes.items()
    }
    sizes[next(iter(used))] += total - sum(sizes.values())
    return sizes


def read_known(
    clip_set: ClipSet, labels: Collection[str] | None = None
) -> dict[str, Sequence[Any]]:
    """Reads what is known of every clip of a set."""
    by_name: Mapping[str, Sequence[Any]]
    if clip_set.tsv is None:
        folders = clip_set.folders
        original = list_clips(folders.original)
        by_name = {
            **dict.fromkeys(original.files, ()),
            **dict.fromkeys(list_audio(folders.twin), ()),
            # Expected too, and counted as missing.
            **dict.fromkeys(original.unread, ()),
        }
    elif clip_set.kind == LabelKind.STRONG:
        by_name = read_strong(clip_set.tsv, labels).by_clip()
    elif clip_set.kind == LabelKind.WEAK:
        by_name = read_weak(clip_set.tsv, labels)
    else:
        by_name = dict.fromkeys(read_unlabeled(clip_set.tsv), ())

    known: dict[str, Sequence[Any]] = {}
    for name, entries in by_name.items():
        clip = clip_id(name)
        if clip in known:
            raise ValueError(
                f"{clip_set.tsv}: {name!r} and another file name mean the "
                f"same clip {clip!r}: give them one name"
            )
        known[clip] = entries
    return known


def hold_out(
    clip_set: ClipSet, name: str, share: float, seed: int
) -> tuple[ClipSet, ClipSet]:
    """Parts a set in what is left and a set of that name with some clips.

    Which clips of the annotation have audio does not matter, so that one
    that is missing does not move the others.
    """
    clips = sorted(clip_set.known)
    count = max(1, round(share * len(clips)))
    # This generator, unlike the newer ones, never changes with numpy.
    order = np.random.RandomState(seed).permutation(len(clips))
    chosen = {clips[place] for place in order[:count]}
    drawn, rest = (
        {
            clip: entries
            for clip, entries in clip_set.known.items()
            if (clip in chosen) == inside
        }
        for inside in (True, False)
    )
    return (
        replace(clip_set, known=rest),
        replace(clip_set, name=name, known=drawn),
    )


def clip_rows(
    clip_set: ClipSet, audio: ReadyAudio, data_root: Path
) -> list[ClipRow]:
    """Manifest rows of the clips that were found.

    Events are fitted to the audio; how many were changed is logged.
    """
    rows = []
    cleaned = []
    for clip, (path, seconds) in audio.found.items():
        events: tuple[Event, ...] = ()
        tags = tuple(clip_set.known[clip])
        if clip_set.kind == LabelKind.STRONG:
            cleaned.append(clean_events(clip_set.known[clip], seconds))
            events = cleaned[-1].events
            tags = tuple(sorted({event.label for event in events}))
        wav = _portable(path, data_root)
        rows.append(ClipRow(clip, seconds, wav, clip_set.kind, events, tags))
    _report_cleaning(clip_set, cleaned)
    return rows


def compare_durations(clip_set: ClipSet, audio: ReadyAudio) -> int:
    """Warns if the audio differs from a table of durations."""
    if clip_set.durations is None or not clip_set.durations.is_file():
        return 0
    said = {
        clip_id(name): seconds
        for name, seconds in read_durations(clip_set.durations).items()
    }
    differing = [
        clip
        for clip, (_, seconds) in audio.found.items()
        if abs(said.get(clip, seconds) - seconds) > _DURATION_TOLERANCE_SECONDS
    ]
    if differing:
        logger.warning(
            "%s: %d of %d clips are not as long as %s says (the first is %s): "
            "the audio's own length is used",
            clip_set.name,
            len(differing),
            len(audio.found),
            clip_set.durations,
            differing[0],
        )
    return len(differing)


def _portable(path: Path, data_root: Path) -> str:
    """The path as manifests write it: it holds if the data set moves."""
    if path.is_relative_to(data_root):
        return ROOT_MARK + path.relative_to(data_root).as_posix()
    return str(path)


def _report_cleaning(clip_set: ClipSet, cleaned: list[CleanEvents]) -> None:
    changes = {
        "cut at the end of their clip": sum(c.cut for c in cleaned),
        "left out since their clip ends before": sum(
            c.dropped for c in cleaned
        ),
        "joined to an overlapping event of their class": sum(
            c.merged for c in cleaned
        ),
    }
    for change, count in changes.items():
        if count:
            logger.warning("%s: events %s: %d", clip_set.name, change, count)


def file_digest(path: str | Path) -> str:
    """A hash of the bytes of a file."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except FileNotFoundError:
        return ABSENT


def audio_digest(folder: str | Path) -> str:
    """A hash of the names, sizes and times of the audio in a folder.

    The audio itself is not read: a set holds gigabytes of it.
    """
    files, unread = list_clips(folder)
    lines = [
        f"{file.path.name}\t{file.size}\t{file.modified}\n"
        for file in files.values()
    ]
    lines += [f"{clip}: {why}\n" for clip, why in unread.items()]
    if not lines:
        return ABSENT
    content = "".join(lines).encode("utf-8", "surrogateescape")
    return hashlib.sha256(content).hexdigest()


def input_digests(sets: Iterable[ClipSet]) -> dict[str, list[str]]:
    """Stands for everything that the manifests of some sets are made from."""
    return {
        clip_set.name: [
            audio_digest(clip_set.folders.original),
            *map(file_digest, filter(None, [clip_set.tsv, clip_set.durations])),
        ]
        for clip_set in sets
    }


def copy_digests(sets: Iterable[ClipSet]) -> dict[str, str]:
    """Stands for the resampled audio of some sets."""
    digests: dict[str, str] = {}
    for clip_set in sets:
        folders = clip_set.folders
        digests[clip_set.name] = audio_digest(folders.twin)
        elsewhere = audio_digest(folders.elsewhere)
        if elsewhere != ABSENT:
            digests[str(folders.elsewhere)] = elsewhere
    return digests
