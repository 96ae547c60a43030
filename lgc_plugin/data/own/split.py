"""Splits groups of recordings into training, validation and test.

The iterative stratification of Sechidis, Tsoumakas and Vlahavas (ECML 2011):
classes with few groups first, each group where most of the class is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: In the order in which they get a group of a rare class.
SPLITS = ("train", "test", "valid")


@dataclass(frozen=True)
class Group:
    """What is annotated in the recordings that stay together."""

    name: str
    #: Milliseconds.
    annotated: int
    #: Events of each class.
    events: Mapping[str, int]


def split_groups(
    groups: Iterable[Group],
    shares: Mapping[str, float],
    seed: int,
    given: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The split of each group by its name.

    ``shares`` of the annotation are those of all splits; ``given`` are the
    groups whose split is known.
    """
    groups = sorted(groups, key=lambda group: _draw(group.name, seed))
    chosen = {k: v for k, v in (given or {}).items()}
    left = [group for group in groups if group.name not in chosen]
    wanted = [name for name in SPLITS if shares[name] > 0]
    short = len(wanted) - len(set(chosen.values()) & set(wanted))
    if len(left) < short:
        raise ValueError(
            f"{len(groups)} annotated group{'s' * (len(groups) != 1)} of "
            f"recordings for {len(wanted)} sets ({', '.join(wanted)}): a "
            "recording is never in two sets: annotate more recordings, give "
            "smaller groups, or a share of 0 to valid or test"
        )
    deal = _Deal(groups, shares, chosen)
    while left:
        label = _rarest(left)
        if label is None:
            group = max(left, key=lambda x: x.annotated)
        else:
            group = max(left, key=lambda x: x.events.get(label, 0))
        left.remove(group)
        n_left = sum(label in x.events for x in left) if label else len(left)
        deal.give(group, deal.best(label, n_left + 1))
    return _filled(deal.chosen, groups, wanted, given or {})


class _Deal:
    """What every split still lacks."""

    def __init__(
        self,
        groups: list[Group],
        shares: Mapping[str, float],
        chosen: dict[str, str],
    ) -> None:
        self.chosen: dict[str, str] = {}
        labels = sorted({label for group in groups for label in group.events})
        totals = {x: sum(g.events.get(x, 0) for g in groups) for x in labels}
        minutes = sum(group.annotated for group in groups)
        self._splits = [name for name in SPLITS if shares[name] > 0]
        self._events = {
            name: {x: shares[name] * totals[x] for x in labels}
            for name in SPLITS
        }
        self._time = {name: shares[name] * minutes for name in SPLITS}
        self._has: dict[str, set[str]] = {name: set() for name in SPLITS}
        for group in groups:
            if group.name in chosen:
                self.give(group, chosen[group.name])

    def give(self, group: Group, split: str) -> None:
        """Puts a group into a split."""
        self.chosen[group.name] = split
        self._time[split] -= group.annotated
        for label, count in group.events.items():
            self._events[split][label] -= count
            self._has[split].add(label)

    def best(self, label: str | None, n_groups: int) -> str:
        """The split that lacks most of a class, of which so many groups are
        left: none should be without it as long as they suffice.
        """
        if label is None:
            return max(self._splits, key=lambda x: self._time[x])
        lacking = [x for x in self._splits if label not in self._has[x]]
        if lacking and n_groups <= len(lacking):
            return lacking[0]
        return max(
            self._splits, key=lambda x: (self._events[x][label], self._time[x])
        )


def _rarest(left: list[Group]) -> str | None:
    """The class that the fewest groups have."""
    counts: dict[str, int] = {}
    for group in left:
        for label in group.events:
            counts[label] = counts.get(label, 0) + 1
    return min(counts, key=lambda x: (counts[x], x), default=None)


def _filled(
    chosen: dict[str, str],
    groups: list[Group],
    wanted: list[str],
    given: Mapping[str, str],
) -> dict[str, str]:
    """No split that is wanted stays empty."""
    for name in wanted:
        while name not in chosen.values():
            free = [x for x in groups if x.name not in given]
            fullest = max(
                wanted,
                key=lambda x: sum(chosen[group.name] == x for group in free),
            )
            moved = min(
                (x for x in free if chosen[x.name] == fullest),
                key=lambda x: x.annotated,
            )
            chosen[moved.name] = name
    return chosen


def _draw(name: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}\0{name}".encode()).hexdigest()
