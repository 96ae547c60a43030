"""How a data set is made from recordings and their annotations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lgc_plugin.data.fields import check_label
from lgc_plugin.data.resolution import RATES
from lgc_plugin.data.soundscapes.bank import compiled_pattern

#: From the first to the last label of a recording, or all of it.
ANNOTATED = ("labels", "whole")
#: What is kept together by a split.
GROUPS = ("recording", "folder")
#: Tags that are the names of the folders.
FOLDERS = "folders"

_CLIP_SECONDS = (0.1, 3600.0)
_MOST_OVERLAP = 0.95


@dataclass(frozen=True)
class DatasetOptions:
    """What ``lgc-sed dataset`` does with recordings and annotations.

    >>> DatasetOptions(valid_share=0.6, test_share=0.4)
    Traceback (most recent call last):
    ...
    ValueError: valid_share and test_share make 1: leave something to train on
    """

    #: Of the clips, in Hz; None for that of most minutes of recordings.
    sample_rate: int | None = None
    #: Length of a clip.
    clip_seconds: float = 10.0
    #: Share of a training clip with events that the next one has as well.
    overlap: float = 0.75
    #: The channel to use, from 1; None for the mean of all.
    channel: int | None = None
    #: Which parts are annotated: one of ``ANNOTATED``, or a table.
    annotated: str = "labels"
    #: The classes; none for all that are annotated.
    labels: tuple[str, ...] = ()
    #: A table of labels and the classes that they become.
    label_map: Path | None = None
    #: Classes with fewer events are left out.
    min_events: int = 1
    #: A table of tags, or ``FOLDERS``.
    tags: str | None = None
    #: Whether classes that no tag names may still sound.
    tags_partial: bool = False
    #: What is kept together: one of ``GROUPS``, or a table.
    groups: str = "recording"
    #: Finds the group in the name of a recording, by its one group.
    group_pattern: str | None = None
    #: Groups that are set for validation, and for testing.
    valid_groups: tuple[str, ...] = ()
    test_groups: tuple[str, ...] = ()
    #: Shares of the annotated minutes.
    valid_share: float = 0.15
    test_share: float = 0.15
    #: Chooses among equally good splits.
    seed: int = 42

    def __post_init__(self) -> None:
        rate, seconds = self.sample_rate, self.clip_seconds
        if rate is not None and not RATES[0] <= rate <= RATES[1]:
            raise ValueError(
                f"sample rate is {rate}: give {RATES[0]} to {RATES[1]} Hz"
            )
        if not _CLIP_SECONDS[0] <= seconds <= _CLIP_SECONDS[1]:
            raise ValueError(
                f"clip_seconds is {seconds}: give {_CLIP_SECONDS[0]:g} to "
                f"{_CLIP_SECONDS[1]:g}"
            )
        if not 0 <= self.overlap <= _MOST_OVERLAP:
            raise ValueError(
                f"overlap is {self.overlap}: give 0 to {_MOST_OVERLAP:g}"
            )
        for name, lowest in (("channel", 1), ("min_events", 1), ("seed", 0)):
            value = getattr(self, name)
            if value is not None and value < lowest:
                raise ValueError(f"{name} is {value}: give {lowest} or more")
        for label in self.labels:
            check_label(label)
        if len(set(self.labels)) < len(self.labels):
            raise ValueError(
                f"labels are {', '.join(self.labels)}: give each once"
            )
        self._check_split()

    def _check_split(self) -> None:
        shares = self.valid_share, self.test_share
        for name, share in zip(("valid", "test"), shares, strict=True):
            if not 0 <= share < 1:
                raise ValueError(
                    f"{name}_share is {share}: give at least 0, and below 1"
                )
        if not sum(shares) < 1:
            raise ValueError(
                f"valid_share and test_share make {sum(shares):g}: leave "
                "something to train on"
            )
        both = set(self.valid_groups) & set(self.test_groups)
        if both:
            raise ValueError(
                f"group {min(both)!r} is to validate and to test: choose one"
            )
        if self.group_pattern is not None:
            compiled_pattern(self.group_pattern)
            if self.groups != GROUPS[0]:
                raise ValueError("give groups or group_pattern, not both")

    @property
    def clip_ms(self) -> int:
        """Length of a clip in milliseconds."""
        return round(1000 * self.clip_seconds)

    @property
    def step_ms(self) -> int:
        """From a training clip with events to the next, in milliseconds."""
        return round(self.clip_ms * (1 - self.overlap))

    def described(self) -> dict[str, Any]:
        """The options as JSON holds them: files by name, without folders."""
        return {name: _plain(name, value) for name, value in vars(self).items()}


def _plain(name: str, value: Any) -> Any:
    if name in ("annotated", "tags", "groups", "label_map") and value:
        return Path(value).name
    return list(value) if isinstance(value, tuple) else value
