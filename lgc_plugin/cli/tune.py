"""``lgc-sed tune``: settings of post-processing, chosen on some clips."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from lgc_plugin.cli.post_processing_arguments import (
    add_post_processing_arguments,
    post_processing_of,
)
from lgc_plugin.cli.scoring_arguments import (
    PROFILES,
    add_bootstrap_arguments,
    add_criteria_arguments,
    check_bootstrap,
    criteria_of,
    printed_notes,
)
from lgc_plugin.cli.tune_options import (
    add_search_arguments,
    add_set_arguments,
    box_candidates,
)
from lgc_plugin.utils.text import printable

if TYPE_CHECKING:
    from lgc_plugin.evaluation.notes import Notes
    from lgc_plugin.evaluation.prediction_checks import ScoredSet
    from lgc_plugin.evaluation.tuning import TuningResult

# Arguments that change nothing in the file.
_NOT_CHOSEN_BY = ("run", "folds", "n_bootstrap", "seed", "output", "quiet")
_DESCRIPTION = """\
Chooses settings of each class by a metric on validation clips: the median
window, or the step filter and merge thresholds of sound event bounding boxes
(--method sebb), or all of them (both), and with --thresholds the decision
threshold. It writes them to a YAML file that the recipe (--overrides) and
lgc-sed evaluate (--settings) read. Each class is chosen for its own score: for
F1 scores that maximises the macro mean; for PSDS it maximises the mean of the
areas under the classes' own curves, that is the score before the penalty on
unequal classes. Clips that were tuned on cannot be reported; what is gained on
others is seen from clips that are left out in turn (--folds).
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "tune",
        help="choose windows, boxes and thresholds on validation clips",
        description=_DESCRIPTION,
    )
    parser.set_defaults(run=run)
    group = parser.add_argument_group("clips to tune on")
    add_set_arguments(group, "", required=True)
    group = parser.add_argument_group("clips to report, if any")
    add_set_arguments(group, "report-", required=False)
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        default="strict",
        help="what is detected in a clip without events: a false alarm "
        "(strict, the default), or nothing (dcase)",
    )
    add_criteria_arguments(parser)
    add_search_arguments(parser.add_argument_group("search"))
    group = add_post_processing_arguments(parser)
    group.title = "settings to begin with"
    group.description = (
        f"{group.description} They are tried too. Classes without events keep "
        "them, and so do all what is not chosen."
    )
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
        note_doubts,
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
    doubts = Notes()
    with printed_notes(doubts):
        note_doubts(result, doubts)
    return 0


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
    return ScoredSet.read(
        **paths,
        profile=args.profile,
        criteria=criteria_of(args),
        notes=notes,
    )


def _tune(tuned_on: ScoredSet, args: argparse.Namespace) -> TuningResult:
    from lgc_plugin.evaluation.tuning import tune

    return tune(
        tuned_on.frames,
        tuned_on.truth,
        args.metric,
        args.windows,
        args.thresholds,
        method=args.method,
        boxes=box_candidates(args),
        start=post_processing_of(args, tuned_on.frames.labels),
        folds=args.folds,
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
    for name, value in vars(args).items():
        if name in _NOT_CHOSEN_BY or name.startswith("report_"):
            continue
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
