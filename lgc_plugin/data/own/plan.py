"""Which clips of which recordings make which set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lgc_plugin.data.own.classes import Classes
from lgc_plugin.data.own.clip_maker import ClipMaker
from lgc_plugin.data.own.clips import SETS, Clip
from lgc_plugin.data.own.options import DatasetOptions
from lgc_plugin.data.own.plan_notes import plan_notes
from lgc_plugin.data.own.ranges import Range
from lgc_plugin.data.own.recordings import Recording
from lgc_plugin.data.own.split import Group, split_groups

# With events; and where no recording of the split has any, with tags alone.
_SETS_OF_SPLIT = {
    "valid": ("valid_strong", "valid_weak"),
    "test": ("test",) * 2,
}


# Tagged recordings are scored whole, and decoded at once.
_LONGEST_SCORED_MS = 600_000


@dataclass
class Plan:
    """All clips, and what is in none."""

    #: By set, recording and start.
    clips: list[Clip]
    #: The split of each group of recordings.
    splits: dict[str, str]
    #: Milliseconds of recordings in no clip, by the reason.
    excluded: Counter[str] = field(default_factory=Counter)
    #: What is worth knowing, in sentences.
    notes: list[str] = field(default_factory=list)


def plan_clips(
    recordings: Sequence[Recording], classes: Classes, options: DatasetOptions
) -> Plan:
    """Splits the recordings by groups, and decides where to cut them."""
    splits = _split(recordings, classes, options)
    plan = Plan([], splits)
    with_events = {
        splits.get(x.group) for x in recordings if _known_parts(x, classes)
    }
    for recording in recordings:
        split = splits.get(recording.group, "train")
        maker = ClipMaker(recording, classes, options, plan.excluded)
        if split == "train":
            plan.clips += maker.training()
            continue
        strong, weak = _SETS_OF_SPLIT[split]
        if split in with_events:
            plan.clips += maker.scoring(strong)
        else:
            plan.clips += maker.scoring_tags(weak)
    plan.clips.sort(key=lambda x: (SETS.index(x.set), x.source.name, x.span))
    plan.notes += plan_notes(
        recordings, plan.clips, plan.excluded, classes, options.clip_ms
    )
    return plan


def _split(
    recordings: Sequence[Recording], classes: Classes, options: DatasetOptions
) -> dict[str, str]:
    """The split of all groups with annotated parts that cover every class; if
    there are none, of those with tags.
    """
    by_group: dict[str, list[Recording]] = {}
    for recording in recordings:
        by_group.setdefault(recording.group, []).append(recording)
    given = dict.fromkeys(options.valid_groups, "valid")
    given.update(dict.fromkeys(options.test_groups, "test"))
    for name in given:
        if name not in by_group:
            raise ValueError(
                f"there is no group {name!r} (groups that have copies of one "
                f"recording are one): the groups are "
                f"{', '.join(sorted(by_group)[:10])} ..."
            )
    groups = []
    for name, members in sorted(by_group.items()):
        whole = [(m, x) for m in members for x in _known_parts(m, classes)]
        if whole:
            annotated = sum(part.stop - part.start for _, part in whole)
            labels = Counter(
                event.label
                for member, part in whole
                for event in member.events_in(
                    part.start / 1000, part.stop / 1000
                )
            )
            groups.append(Group(name, annotated, labels))
    tagged = any(recording.tags is not None for recording in recordings)
    if groups and tagged and all(group.name in given for group in groups):
        return given
    groups = groups or _tagged_groups(by_group, options)
    if not groups:
        return given
    # Groups that are named for a set are all of it.
    valid = 0.0 if options.valid_groups else options.valid_share
    test = 0.0 if options.test_groups else options.test_share
    shares = {"train": 1 - valid - test, "valid": valid, "test": test}
    return {**split_groups(groups, shares, options.seed, given), **given}


def _known_parts(recording: Recording, classes: Classes) -> list[Range]:
    """The parts that are annotated for all classes."""
    return [x for x in recording.ranges if not classes.unknown(x.covered)]


def _tagged_groups(
    by_group: Mapping[str, Sequence[Recording]], options: DatasetOptions
) -> list[Group]:
    """Groups of recordings whose tags name all classes that they have, and
    which are short enough to be scored.
    """
    if options.tags_partial:
        return []
    groups = []
    for name, members in sorted(by_group.items()):
        tagged = [x for x in members if x.tags is not None and not x.ranges]
        lengths = [x.source.milliseconds for x in tagged]
        if lengths and max(lengths) <= _LONGEST_SCORED_MS:
            labels = Counter(label for x in tagged for label in x.tags or ())
            groups.append(Group(name, sum(lengths), labels))
    return groups
