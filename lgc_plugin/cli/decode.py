"""``lgc-sed decode``: events of any system's frame scores."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lgc_plugin.cli.post_processing_arguments import (
    add_post_processing_arguments,
    given_settings,
)
from lgc_plugin.utils.files import write_text
from lgc_plugin.utils.text import printable

if TYPE_CHECKING:
    from lgc_plugin.evaluation.frame_scores import FrameScores
    from lgc_plugin.evaluation.postprocess.class_settings import PerClass
    from lgc_plugin.evaluation.postprocess.post_processing import (
        PostProcessing,
    )

_DESCRIPTION = """\
Turns the frame scores of any system into a table of events with confidences:
filename, onset, offset, event_label, confidence. A clip without events has a
row with empty fields. lgc-sed evaluate reads the table.
"""
_EPILOG = """\
examples:
  lgc-sed decode scores/test_teacher.npz --median-windows 7 --output events.tsv
  lgc-sed decode my_scores --method sebb --step-filter-length 0.5 --threshold 0
  lgc-sed decode my_scores --method hysteresis --threshold 0.5 \\
    --deactivation-th 0.3 --close-th 0.2 --len-th 0.1
  lgc-sed decode my_scores --len-th Cat=0.1,Dog=0.3,Speech=0.2

With --method sebb, --threshold 0 lists all boxes; what is listed can be
thresholded later by its confidence, which is the mean score of an event.
Options are applied in this order: median filter; runs of frames or boxes above
the threshold; --close-th; --len-th; --pad-before and --pad-after.
"""
_METHODS = ("median", "hysteresis", "sebb")
# Of what a method needs, where it was not given. SpeechBrain's default has the
# same ratio: an activation_th of 0.5, a deactivation_th of 0.25.
_FILTER_SECONDS = 0.5
_LOWER = 0.5


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "decode",
        help="turn the frame scores of any system into events",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "scores",
        metavar="SCORES",
        help="a folder with one TSV per clip (onset, offset, then one column "
        "per class), or the .npz of a run",
    )
    parser.add_argument(
        "--output",
        metavar="TSV",
        help="file of the events, replaced if it exists (default: standard "
        "output)",
    )
    group = add_post_processing_arguments(parser, words=False)
    group.add_argument(
        "--method",
        choices=_METHODS,
        help="median: runs of frames above the threshold; hysteresis: which go "
        "on while above --deactivation-th (half the threshold, if not given); "
        "sebb: bounding boxes, by --step-filter-length (0.5, if not given). "
        "Default: what the options ask for, else median",
    )
    group.add_argument(
        "--settings",
        metavar="YAML",
        help="begin with those of lgc-sed tune; options change them",
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from lgc_plugin.evaluation.notes import counted
    from lgc_plugin.evaluation.postprocess.settings_text import settings_text
    from lgc_plugin.evaluation.score_files import read_frame_scores
    from lgc_plugin.report.result_files import event_table_text

    frames = read_frame_scores(args.scores)
    settings = _settings(args, frames)
    try:
        events = settings.operating_events(frames)
    except ValueError as error:
        raise ValueError(f"{args.scores}: {error}") from None
    text = event_table_text(events, frames.clips)
    where = "standard output"
    if args.output:
        write_text(args.output, text)
        where = args.output
    else:
        sys.stdout.write(text)
    found = counted(len(events), "event")
    clips = counted(len(frames.clips), "clip")
    classes = counted(len(frames.labels), "class")
    print(
        printable(
            f"{found} of {classes} in {clips}, {settings_text(settings)}: "
            f"{where}"
        ),
        file=sys.stderr,
    )
    return 0


def _settings(args: argparse.Namespace, frames: FrameScores) -> PostProcessing:
    """What was asked for, on top of tuned settings if there are any."""
    from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
    from lgc_plugin.evaluation.tuned_settings import TunedSettings

    given = given_settings(args)
    if args.settings is None:
        start = PostProcessing()
    else:
        tuned = TunedSettings.read(args.settings)
        tuned.check_frames(frames.frame_seconds)
        start = tuned.for_labels(frames.labels)
    given |= _of_method(args.method, given, start)
    return start.changed(given, frames.labels)


def _of_method(
    method: str | None, given: Mapping[str, Any], start: PostProcessing
) -> dict[str, Any]:
    """What a method sets that was not given."""
    needed = {"hysteresis": "deactivation_th", "sebb": "step_filter_length"}
    if method is None:
        return {}
    own = needed.pop(method, None)
    for name in needed.values():
        if given.get(name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise ValueError(f"{option} is not for --method {method}")
    settings = dict.fromkeys(needed.values())
    if own is None or given.get(own, getattr(start, own)) is not None:
        return settings
    if own == "step_filter_length":
        return {**settings, own: _FILTER_SECONDS}
    limit = given.get("decision_threshold", start.decision_threshold)
    return {**settings, own: _scaled(limit, _LOWER)}


def _scaled(limit: PerClass, factor: float) -> PerClass:
    if isinstance(limit, Mapping):
        return {label: factor * each for label, each in limit.items()}
    return factor * limit
