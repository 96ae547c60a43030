"""The options of ``lgc-sed tune``: clips, and what is tried on them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lgc_plugin.evaluation.tuning_search import BoxCandidates

# As lgc_plugin.evaluation.tuning.TUNING_METRICS, which takes long to import.
METRICS = (
    *("psds1", "psds2", "psds1_free", "psds2_free"),
    *("event_f1", "segment_f1", "intersection_f1"),
)
# As lgc_plugin.evaluation.tuning_search.METHODS.
METHODS = ("median", "sebb", "both")
# What is tried for boxes; the names of options are those of BoxCandidates.
BOX_OPTIONS = {
    "step_filter_length": "step_lengths",
    "merge_threshold_abs": "merge_abs",
    "merge_threshold_rel": "merge_rel",
}
_BOX_HELP = {
    "step_lengths": (
        "SECONDS",
        "step filter lengths to try (default: 0.32 0.48 0.64)",
    ),
    "merge_abs": (
        "DIFFERENCE",
        "absolute merge thresholds to try (default: 0.15 0.2 0.3)",
    ),
    "merge_rel": (
        "RATIO",
        "relative merge thresholds to try (default: 1.5 2 3)",
    ),
}


def add_set_arguments(group: Any, prefix: str, required: bool) -> None:
    """Adds where scores and truth of some clips are."""
    group.add_argument(
        f"--{prefix}scores",
        required=required,
        metavar="PATH",
        help="frame scores: a .npz file of a run, or a folder with one TSV per "
        "clip as sed_scores_eval writes them",
    )
    group.add_argument(
        f"--{prefix}ground-truth",
        required=required,
        metavar="TSV",
        help="onsets and offsets of the events, or a manifest of a run (CSV)",
    )
    lengths = group.add_mutually_exclusive_group()
    lengths.add_argument(
        f"--{prefix}durations",
        metavar="TSV",
        help="filename and duration of each clip",
    )
    lengths.add_argument(
        f"--{prefix}audio", metavar="DIR", help="folder with the clips' audio"
    )


def add_search_arguments(group: Any) -> None:
    """Adds what is tried."""
    group.add_argument(
        "--metric",
        choices=METRICS,
        default="psds1",
        help="what to maximise (default: psds1)",
    )
    group.add_argument(
        "--method",
        choices=METHODS,
        default="median",
        help="what to choose: median windows (default), sound event bounding "
        "boxes, or both, boxes of scores that are median filtered first",
    )
    group.add_argument(
        "--windows",
        type=int,
        nargs="+",
        metavar="FRAMES",
        help="windows to try (default: 1 3 5 7 9 13 17 23 31 41 55 73 97 ... "
        "up to the longest clip; for both, up to 23)",
    )
    for option, (metavar, what) in _BOX_HELP.items():
        group.add_argument(
            f"--{option.replace('_', '-')}",
            type=float,
            nargs="+",
            metavar=metavar,
            help=f"for boxes: {what}",
        )
    group.add_argument(
        "--thresholds",
        action="store_true",
        help="choose thresholds too, of 0.01, 0.03 ... 0.99 (F1 metrics only)",
    )
    group.add_argument(
        "--folds",
        type=int,
        default=5,
        metavar="N",
        help="parts of the clips, recordings kept whole, that are left out in "
        "turn to see what is gained on other clips (default: 5; 0 for none)",
    )


def box_candidates(args: argparse.Namespace) -> BoxCandidates:
    """What is tried for bounding boxes."""
    from lgc_plugin.evaluation.tuning_search import BoxCandidates

    options = {
        name: getattr(args, option) for name, option in BOX_OPTIONS.items()
    }
    given = {name: value for name, value in options.items() if value}
    if given and args.method == "median":
        raise ValueError(
            "settings of bounding boxes to try need --method sebb or both"
        )
    return BoxCandidates(**given)
