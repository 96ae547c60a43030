"""Checks of the annotation: times, classes, sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lgc_plugin.data.checks.audio_checks import Content
from lgc_plugin.data.checks.findings import (
    ERROR,
    WARNING,
    Finding,
    finding,
)
from lgc_plugin.data.checks.items import Collection, Item
from lgc_plugin.data.checks.measure import Measured
from lgc_plugin.data.own.classes import alike
from lgc_plugin.data.resolution import propose_resolution
from lgc_plugin.types import Event, LabelKind

# Annotators and headers round to a millisecond.
_SECONDS = 2e-3
# Events that are shorter than so many output frames are easily missed.
_FRAMES = 2
# Sets, any of which there should be, and what a training does without.
_EXPECTED = {
    ("train_strong",): "when events begin and end follows from tags alone",
    ("valid_strong", "valid_weak"): "the last epoch counts, not the best",
    ("test",): "nothing is scored",
}
# What propose_resolution lets be shorter.
_SHORT_SHARE = 0.1
# Frames that are not shorter than this share of others are no better.
_ALIKE = 0.95


def check_ends(data: Collection, content: Content) -> list[Finding]:
    """Events end before their clip does; times are seconds."""
    beyond, n_after, n_events = [], 0, 0
    for item, measured in _labeled(content):
        late = [
            x for x in item.events if x.offset > measured.seconds + _SECONDS
        ]
        n_after += sum(x.onset >= measured.seconds for x in late)
        n_events += len(item.events)
        if late:
            last = max(event.offset for event in late)
            beyond.append(
                f"{item.name} ({last:.3f} s, it ends at "
                f"{measured.seconds:.3f} s)"
            )
    text = "events beyond the end: correct them, or they are cut"
    found = finding("event times", ERROR, text, beyond)
    if n_after > n_events / 2:
        unit = _unit(content)
        text = f"{n_after} of {n_events} events begin after the end: " + (
            f"the times look like {unit}, not seconds"
            if unit
            else "are they of other recordings?"
        )
        found = [Finding("event times", ERROR, text), *found]
    return found


def _labeled(content: Content) -> Iterator[tuple[Item, Measured]]:
    return ((x, m) for x, m in content.items() if x.events and not m.error)


def _unit(content: Content) -> str:
    """The unit in which the events of most files lie within them."""
    units: Counter[str] = Counter()
    for item, measured in _labeled(content):
        last = max(event.offset for event in item.events)
        if last / 1000 <= measured.seconds + 1:
            units["ms"] += 1
        elif last <= measured.n_samples + measured.sample_rate:
            units["samples"] += 1
        else:
            units[""] += 1
    return units.most_common(1)[0][0]


def check_labels(data: Collection, content: Content) -> list[Finding]:
    """Labels are classes, and differ by more than case or blanks."""
    counts = _counts(content)
    used = {label for found in counts.values() for label in found}
    groups = [" / ".join(map(repr, x)) for x in alike(used | {*data.labels})]
    text = "labels that are alike: join them if they mean the same"
    found = finding("labels", WARNING, text, groups)
    if data.labels:
        others = sorted(used - {*data.labels})
        text = "labels that are none of the classes"
        found += finding("labels", ERROR, text, others)
    return found


def check_sets(data: Collection, content: Content) -> list[Finding]:
    """Every class is in every set; there is something to train and score."""
    if not data.prepared:
        return []
    counts, kinds = _counts(content), {x.set: x.kind for x in content}
    strong = {name for name, kind in kinds.items() if kind != LabelKind.NONE}
    training = {name for name in strong if name.startswith("train")}
    found = []
    for names, consequence in _EXPECTED.items():
        if not set(names) & set(data.sets):
            text = f"there is no set {' or '.join(names)}: {consequence}"
            found.append(Finding("sets", WARNING, text))
    trained = {label for name in training for label in counts[name]}
    lost = [label for label in data.labels if label not in trained]
    text = "classes without any event or tag to train on"
    found += finding("sets", ERROR, text, lost)
    for name in sorted(strong):
        lost = [x for x in data.labels if x not in counts[name]]
        text = f"classes that {name} does not have"
        found += finding("sets", WARNING, text, lost)
    return found


def check_short_events(data: Collection, content: Content) -> list[Finding]:
    """Events last two output frames at least."""
    seconds: dict[str, list[float]] = {}
    for item, measured in content.items():
        for event in item.events:
            # What touches the border of a clip may be a part of an event.
            if event.onset > 0 and event.offset < measured.seconds:
                length = event.offset - event.onset
                seconds.setdefault(event.label, []).append(length)
    limit = _FRAMES * data.frame_seconds
    names = []
    for label, lengths in sorted(seconds.items()):
        short = sum(length < limit for length in lengths)
        if short > _SHORT_SHARE * len(lengths):
            names.append(f"{label} ({short} of {len(lengths)})")
    rates = Counter(x.sample_rate for x in content.values() if not x.error)
    if not (names and rates):
        return []
    rate = data.sample_rate or max(rates, key=lambda x: (rates[x], -x))
    better = propose_resolution(seconds, rate)
    if better.frame_seconds > _ALIKE * data.frame_seconds:
        return []
    text = (
        f"events shorter than two output frames of "
        f"{1000 * data.frame_seconds:.4g} ms; "
        f"{1000 * better.frame_seconds:.4g} ms would do: at {rate} Hz, "
        f"hop_length {better.hop_length} and pooling "
        f"{[list(each) for each in better.pooling]}"
    )
    return finding("short events", WARNING, text, names)


def _counts(content: Content) -> dict[str, Counter[str]]:
    """Events or tags of each class, by set."""
    counts: dict[str, Counter[str]] = {}
    for item in content:
        found = counts.setdefault(item.set, Counter())
        found.update(event.label for event in item.events)
        found.update(item.tags if not item.events else ())
    return counts


def all_events(content: Content) -> list[Event]:
    """Every event of the data."""
    return [event for item in content for event in item.events]
