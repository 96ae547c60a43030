"""``lgc-sed tune``: median windows and thresholds, chosen on some clips."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lgc_plugin.cli.scoring_arguments import (
    PROFILES,
    add_bootstrap_arguments,
    check_bootstrap,
    median_windows,
    printed_notes,
)
from lgc_plugin.utils.text import printable

if TYPE_CHECKING:
    from lgc_plugin.evaluation.notes import Notes
    from lgc_plugin.evaluation.prediction_checks import ScoredSet
    from lgc_plugin.evaluation.tuning import TuningResult

# As lgc_plugin.evaluation.tuning.TUNING_METRICS, which takes long to import.
METRICS = (
    *("psds1", "psds2", "psds1_free", "psds2_free"),
    *("event_f1", "segment_f1", "intersection_f1"),
)
_DESCRIPTION = """\
Chooses the median window of each class, and with --thresholds its decision
threshold, by a metric on validation clips, and writes them to a YAML file that
the recipe (--overrides) and lgc-sed evaluate (--settings) read. Each class is
chosen for its own score: for F1 scores that maximises the macro mean; for
PSDS it maximises the mean of the areas under the classes' own curves, that is
the score before the penalty on unequal classes. Clips that were tuned on
cannot be reported.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "tune",
        help="choose median windows and thresholds on validation clips",
        description=_DESCRIPTION,
    )
    parser.set_defaults(run=run)
    _add_set(parser.add_argument_group("clips to tune on"), "", required=True)
    group = parser.add_argument_group("clips to report, if any")
    _add_set(group, "report-", required=False)
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        default="strict",
        help="what is detected in a clip without events: a false alarm "
        "(strict, the default), or nothing (dcase)",
    )
    _add_search(parser.add_argument_group("search"))
    add_bootstrap_arguments(parser)
    parser.add_argument(
        "--output",
        required=True,
        metavar="YAML",
        help="file to write; one of this command is replaced",
    )
    parser.add_argument(
        "--quiet", action="store_true", help="show no progress bar"
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from lgc_plugin.evaluation.notes import Notes
    from lgc_plugin.evaluation.tuned_settings import refuse_shared
    from lgc_plugin.evaluation.tuning import check_tuning_metric
    from lgc_plugin.report.tables import score_table
    from lgc_plugin.report.tuning_report import (
        choice_table,
        score_both,
        summary,
    )

    check_tuning_metric(args.metric, thresholds=args.thresholds)
    check_bootstrap(args)
    _check_out(Path(args.output))
    notes = Notes()
    with printed_notes(notes):
        tuned_on = _read_set(args, "", notes)
        assert tuned_on is not None  # argparse asks for both of its files
        reported = _read_set(args, "report_", notes.named("report"))
    if reported is not None:
        refuse_shared(tuned_on.clips, reported.truth.clips, reported.name)
    result = _tune(tuned_on, args)
    command = _command(args)
    result.settings.write(args.output, command)
    print(
        f"tuned on {len(result.settings.tuned_on)}/"
        f"{len(tuned_on.truth.durations)} clips of {printable(tuned_on.name)} "
        f"({args.profile})\n\n{choice_table(result)}\n\n{summary(result)}"
    )
    if reported is not None:
        options = {"resamples": args.n_bootstrap, "seed": args.seed}
        results = score_both(result, reported, **options)
        print(f"\n{printable(reported.name)}\n\n{score_table(results)}")
    print(_next_steps(args.output))
    return 0


def _add_set(group: Any, prefix: str, required: bool) -> None:
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


def _add_search(group: Any) -> None:
    group.add_argument(
        "--metric",
        choices=METRICS,
        default="psds1",
        help="what to maximise (default: psds1)",
    )
    group.add_argument(
        "--windows",
        type=int,
        nargs="+",
        metavar="FRAMES",
        help="windows to try (default: 1 3 5 7 9 13 17 23 31 41 55 73 97 ... "
        "up to the longest clip)",
    )
    group.add_argument(
        "--thresholds",
        action="store_true",
        help="choose thresholds too, of 0.01, 0.03 ... 0.99 (F1 metrics only)",
    )
    group.add_argument(
        "--median-windows",
        nargs="+",
        default=["1"],
        metavar="FRAMES",
        help="windows to begin with: one number, one for each class in the "
        "order of the scores, or LABEL=FRAMES for each (default: 1, no "
        "filter). They are tried too, and classes without events keep them",
    )
    group.add_argument(
        "--threshold",
        type=float,
        default=0.5,
        help="threshold of F1 scores to begin with (default: 0.5)",
    )


def _read_set(
    args: argparse.Namespace, prefix: str, notes: Notes
) -> ScoredSet | None:
    """A set as asked for; None if nobody did."""
    from lgc_plugin.evaluation.prediction_checks import ScoredSet

    names = ("scores", "ground_truth", "durations", "audio")
    paths = {name: getattr(args, prefix + name) for name in names}
    if not any(paths.values()):
        return None
    if None in (paths["scores"], paths["ground_truth"]):
        raise ValueError(
            "a report needs both --report-scores and --report-ground-truth"
        )
    return ScoredSet.read(**paths, profile=args.profile, notes=notes)


def _tune(tuned_on: ScoredSet, args: argparse.Namespace) -> TuningResult:
    from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
    from lgc_plugin.evaluation.tuning import tune

    return tune(
        tuned_on.frames,
        tuned_on.truth,
        args.metric,
        args.windows,
        args.thresholds,
        start=PostProcessing(
            median_windows(args.median_windows),
            decision_threshold=args.threshold,
        ),
        ground_truth=tuned_on.name,
        resamples=args.n_bootstrap,
        seed=args.seed,
        progress=not args.quiet,
    )


def _check_out(path: Path) -> None:
    """Refuses to replace anything that this command has not written."""
    from lgc_plugin.evaluation.tuned_settings import TunedSettings

    if not path.exists():
        return
    try:
        TunedSettings.read(path)
    except (ValueError, OSError) as error:
        raise ValueError(
            f"{path} exists and does not hold tuned settings: choose another "
            "name for --output"
        ) from error


def _command(args: argparse.Namespace) -> str:
    """What made the file, without what does not change it."""
    words = ["lgc-sed", "tune"]
    for name in (
        *("scores", "ground_truth", "durations", "audio", "profile"),
        *("metric", "windows", "thresholds", "median_windows", "threshold"),
    ):
        value = getattr(args, name)
        if value is None or value is False:
            continue
        words.append(f"--{name.replace('_', '-')}")
        if value is not True:
            words += map(str, value if isinstance(value, list) else [value])
    return shlex.join(words)


def _next_steps(out: str) -> str:
    file = printable(shlex.quote(out))
    return (
        f"\nwrote {printable(out)}; use it with\n"
        "  python recipes/DESED/train.py hparams/lgc.yaml "
        f"--overrides={file} --output_folder=RUN --data_folder=/path/to/DESED "
        "--test_only\n"
        "  lgc-sed evaluate --predictions SCORES --ground-truth TSV "
        f"--durations TSV --settings {file}"
    )
