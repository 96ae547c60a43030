"""Options of what is between frame scores and events."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lgc_plugin.cli.scoring_arguments import median_windows, numbers_or_labels

if TYPE_CHECKING:
    from lgc_plugin.evaluation.postprocess.post_processing import (
        PostProcessing,
    )

# By option: the setting of PostProcessing, what it is, and the default.
_OPTIONS = {
    "--threshold": (
        "decision_threshold",
        "an event is where the score is greater, or a box whose confidence is",
        "0.5",
    ),
    "--median-windows": (
        "median_windows",
        "median filter of the scores, in frames; several numbers are one for "
        "each class in order",
        "no filter",
    ),
    "--deactivation-th": (
        "deactivation_th",
        "an event goes on while the score is greater than this (hysteresis)",
        "none",
    ),
    "--close-th": (
        "close_th",
        "gaps between events of a class that are not longer are closed, in s",
        "0",
    ),
    "--len-th": ("len_th", "shorter events are dropped, in s", "0"),
    "--pad-before": ("pad_before", "events begin so much earlier, in s", "0"),
    "--pad-after": ("pad_after", "events end so much later, in s", "0"),
    "--step-filter-length": (
        "step_filter_length",
        "find sound event bounding boxes (SEBBs), by a filter so long, in s, "
        "such as 0.5",
        "none",
    ),
    "--merge-threshold-abs": (
        "merge_threshold_abs",
        "boxes are merged if the lowest score between them is less than this "
        "below their highest",
        "0.15",
    ),
    "--merge-threshold-rel": (
        "merge_threshold_rel",
        "and their highest score less than this many times as high",
        "2",
    ),
}
#: More about ``--threshold`` of commands that read detections too.
OF_DETECTIONS = (
    "; of detections, the nearest threshold there is, the lower of two; of "
    "detections with confidences, those above it, and all if it is not given"
)
_MAY_BE_NONE = ("deactivation_th", "step_filter_length")


def add_post_processing_arguments(
    parser: argparse.ArgumentParser,
    *,
    words: bool = True,
    default: str = "",
    threshold: str = "",
) -> argparse._ArgumentGroup:
    """Adds a group of options: how frame scores become events.

    ``words``: numbers by name may be several words; not where positional
    arguments may follow. ``default``: what is so if an option is not given,
    else the default of PostProcessing; ``threshold``: more about that option.
    """
    example = "Cat=0.4 Dog=0.2" if words else "Cat=0.4,Dog=0.2"
    group = parser.add_argument_group(
        "from frame scores to events",
        f"Each NUMBER is one for all classes, or by name: {example}.",
    )
    for option, (_, what, usual) in _OPTIONS.items():
        more = threshold if option == "--threshold" else ""
        group.add_argument(
            option,
            nargs="+" if words else None,
            metavar="NUMBER",
            help=f"{what}{more} (default: {default or usual})",
        )
    return group


def given_settings(args: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given, by their names in PostProcessing."""
    given: dict[str, Any] = {}
    for option, (name, *_) in _OPTIONS.items():
        words = getattr(args, option[2:].replace("-", "_"))
        if words is None:
            continue
        text = words if isinstance(words, str) else ",".join(words)
        if name in _MAY_BE_NONE and text.lower() == "none":
            given[name] = None
        elif name == "median_windows":
            given[name] = median_windows([text])
        else:
            given[name] = _numbers(option, text)
    return given


def post_processing_of(
    args: argparse.Namespace,
    labels: Sequence[str],
    start: PostProcessing | None = None,
) -> PostProcessing:
    """The settings that were given, checked.

    What is not given, and classes that are not named, are as in ``start``, or
    by default.
    """
    from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing

    start = PostProcessing() if start is None else start
    return start.changed(given_settings(args), labels)


def _numbers(option: str, text: str) -> float | dict[str, float]:
    found = numbers_or_labels(text, float)
    if isinstance(found, dict):
        return found
    if found is None or len(found) != 1:
        raise ValueError(
            f"{option} is {text!r}: give one number, or LABEL=NUMBER once for "
            "each class"
        )
    return found[0]
