"""Classes that are worth a row."""

from __future__ import annotations

from lgc_plugin.report.detection_figure import shown_classes

LABELS = tuple(f"c{i}" for i in range(40))


def test_found_and_nearly_found_in_the_order_of_the_model() -> None:
    peaks = dict.fromkeys(LABELS, 0.1)
    peaks |= {"c3": 0.26, "c9": 0.99, "c5": 0.25}
    limits = dict.fromkeys(LABELS, 0.5) | {"c7": 0.15}
    shown = shown_classes(LABELS, {"c9": 1, "c0": 2}, peaks, limits)
    assert shown.labels == ("c0", "c3", "c7", "c9")
    assert shown.left_out == 0


def test_nothing() -> None:
    peaks = dict.fromkeys(LABELS, 0.1)
    shown = shown_classes(LABELS, {}, peaks, dict.fromkeys(LABELS, 0.5))
    assert shown == ((), 0)


def test_with_many_classes_events_go_before_scores() -> None:
    counts = {label: 1 + int(label[1:]) for label in LABELS[:30]}
    peaks = dict.fromkeys(LABELS, 1.0)
    limits = dict.fromkeys(LABELS, 0.5)
    shown = shown_classes(LABELS, counts, peaks, limits)
    # Those with the most events.
    assert shown.labels == LABELS[6:30]
    assert shown.left_out == 6
    few = {label: 1 for label in LABELS[:20]}
    peaks = {label: 0.3 + int(label[1:]) / 100 for label in LABELS}
    shown = shown_classes(LABELS, few, peaks, limits)
    # The four whose scores are highest.
    assert shown.labels == (*LABELS[:20], *LABELS[36:])
    assert shown.left_out == 0
