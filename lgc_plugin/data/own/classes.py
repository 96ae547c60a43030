"""From the labels of annotations to the classes of a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lgc_plugin.data.own.options import DatasetOptions


@dataclass(frozen=True)
class Classes:
    """The classes, and the one of each label."""

    #: In the order of the scores.
    names: tuple[str, ...]
    #: The class of each label; labels that are left out are not there.
    by_label: Mapping[str, str]
    #: Why other labels are left out.
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> set[str]:
        """All labels and classes."""
        return {*self.names, *self.by_label, *self.left_out}

    def of(self, labels: Iterable[str]) -> tuple[str, ...]:
        """The classes of some labels, in their order; labels that are left
        out have none.
        """
        found = {self.by_label.get(label) for label in labels}
        return tuple(name for name in self.names if name in found)

    def unknown(self, covered: Iterable[str] | None) -> tuple[str, ...]:
        """The classes that an annotation of some labels (or classes) does not
        cover; None covers all.

        >>> birds = Classes(("bird",), {"robin": "bird", "wren": "bird"})
        >>> birds.unknown(["robin"]), birds.unknown(["wren", "robin"])
        (('bird',), ())
        """
        if covered is None:
            return ()
        named = set(covered)
        lacking = {
            name
            for label, name in self.by_label.items()
            if label not in named and name not in named
        }
        return tuple(name for name in self.names if name in lacking)


def choose_classes(
    counts: Mapping[str, int],
    label_map: Mapping[str, str],
    options: DatasetOptions,
) -> Classes:
    """Decides on the classes by how often each label was annotated.

    >>> counts = {"robin": 5, "wren": 1, "rain": 9}
    >>> birds = {"robin": "bird", "wren": "bird", "rain": ""}
    >>> choose_classes(counts, birds, DatasetOptions()).names
    ('bird',)
    """
    becomes = {label: label_map.get(label, label) for label in sorted(counts)}
    sums: Counter[str] = Counter()
    for label, name in becomes.items():
        sums[name] += counts[label]
    left_out, by_label = {}, {}
    for label, name in becomes.items():
        if not name:
            left_out[label] = "without a class in the label map"
        elif options.labels and name not in options.labels:
            left_out[label] = "not one of the classes asked for"
        elif sums[name] < options.min_events:
            left_out[label] = (
                f"{sums[name]} annotated, fewer than {options.min_events}"
            )
        else:
            by_label[label] = name
    lost = [name for name in options.labels if not sums[name]]
    if lost:
        shown = ", ".join(sorted(sums)[:20])
        raise ValueError(
            f"class {lost[0]!r} is not annotated anywhere: the labels are "
            f"{shown}"
        )
    kept = set(by_label.values())
    names = [name for name in options.labels or sorted(kept) if name in kept]
    if not names:
        why = "; ".join(f"{k!r} is {v}" for k, v in left_out.items())
        raise ValueError(
            f"no class is left: {why or 'the annotations have no label'}"
        )
    return Classes(tuple(names), by_label, left_out)


def alike(labels: Iterable[str]) -> list[tuple[str, ...]]:
    """Labels that differ by case, blanks or such marks only.

    >>> alike(["Dog", "dog ", "Cat", "guinea_pig", "Guinea pig"])
    [('Dog', 'dog '), ('Guinea pig', 'guinea_pig')]
    """
    groups: dict[str, list[str]] = {}
    for label in sorted(set(labels)):
        plain = "".join(x for x in label.casefold() if x not in " \t_-")
        groups.setdefault(plain, []).append(label)
    return [tuple(group) for group in groups.values() if len(group) > 1]
