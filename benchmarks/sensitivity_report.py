"""What the runs with varied settings have come to, and its table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from ablation_profile import changed_settings
from ablation_report import SCORES
from ablation_runs import Method, Run, plan_runs
from harness import describe_run
from sensitivity_plan import REFERENCE, Setting
from tables import markdown_table, mean_and_spread

_ANCHORS = re.compile(r"epoch: (\d+),.* train n_anchors: ([^\s,]+)")


class Outcome(NamedTuple):
    """What is known of a finished run."""

    #: Of the teacher, by the names of :data:`ablation_report.SCORES`
    scores: dict[str, float]
    #: Frames per step that the contrast acts on, once there are prototypes.
    #: None: there never were any
    n_anchors: float | None
    #: Whose checkpoint was tested, the best on validation
    tested_epoch: int | None
    #: At whose end the prototypes were initialized
    contrast_start_epoch: int

    @property
    def tested_untouched(self) -> bool:
        """Whether the tested epoch is one before the prototypes act."""
        return (
            self.tested_epoch is not None
            and self.tested_epoch <= self.contrast_start_epoch
        )


Outcomes = dict[int, Outcome]
"""Of one method, by seed."""

Found = dict[float, Outcomes]
"""Of one setting, by value."""


def read_outcome(run: Run, contrast_start_epoch: int) -> Outcome:
    """Reads a finished run."""
    results = json.loads((run.folder / "results.json").read_text())
    return Outcome(
        {name: results["scores"]["teacher"][name] for name in SCORES},
        mean_anchors(run.folder / "train_log.txt", contrast_start_epoch),
        results["epoch"],
        contrast_start_epoch,
    )


def read_method(
    folder: Path,
    method: Method,
    seeds: Sequence[int],
    profile: Mapping[str, Any],
) -> Outcomes:
    """The finished runs of a method."""
    start = {**profile, **changed_settings(method.words)}[
        "contrast_start_epoch"
    ]
    return {
        run.seed: read_outcome(run, start)
        for run in plan_runs(folder, [method], seeds)
        if run.finished
    }


def read_settings(
    folder: Path,
    settings: Sequence[Setting],
    seeds: Sequence[int],
    profile: Mapping[str, Any],
) -> dict[str, Found]:
    """The finished runs of all settings and values.

    Returns by setting; values without a finished run are there, and empty.
    """
    return {
        setting.name: {
            value: read_method(folder, setting.method(value), seeds, profile)
            for value in setting.values
        }
        for setting in settings
    }


def mean_anchors(log: Path, contrast_start_epoch: int) -> float | None:
    r"""Anchors per step, over the epochs after the initialization.

    Returns none without such epochs.

    >>> log = getfixture("tmp_path") / "train_log.txt"
    >>> line = "epoch: {}, step: 9 - train loss: 1.0, train n_anchors: {}"
    >>> lines = [line.format(*each) for each in ((1, 0.0), (2, 8), (3, 9))]
    >>> _ = log.write_text("\n".join(lines))
    >>> mean_anchors(log, 1)
    8.5
    """
    if not log.is_file():
        return None
    found = _ANCHORS.findall(log.read_text(encoding="utf-8"))
    by_epoch = {int(epoch): float(count) for epoch, count in found}
    after = [n for epoch, n in by_epoch.items() if epoch > contrast_start_epoch]
    return mean(after) if after else None


def seed_differences(
    outcomes: Outcomes, base: Outcomes, score: str
) -> list[float]:
    """By how much a method is better than another, seed by seed."""
    return [
        outcome.scores[score] - base[seed].scores[score]
        for seed, outcome in outcomes.items()
        if seed in base
    ]


def shared_seeds(found: Found) -> list[int]:
    """The seeds that all values have, so that their means compare.

    >>> shared_seeds({1: {1: ..., 2: ...}, 3: {2: ...}, 8: {}})
    [2]
    """
    there = [set(outcomes) for outcomes in found.values() if outcomes]
    return sorted(set.intersection(*there)) if there else []


SHOWN = ("psds1", "psds2", "event_f1_macro")
COMPARED = ("psds1", "psds2")


def sensitivity_table(
    settings: Sequence[Setting], found: Mapping[str, Found]
) -> str:
    """Scores of every value, and how far they are from the default's."""
    columns = ["setting", "value", "seeds"]
    columns += [SCORES[name] for name in SHOWN]
    columns += [f"{SCORES[name]} - default" for name in COMPARED]
    lines = [
        _line(setting, value, found[setting.name])
        for setting in settings
        for value in setting.values
    ]
    return markdown_table([*columns, "anchors a step"], lines)


def untouched_notes(
    settings: Sequence[Setting], found: Mapping[str, Found]
) -> list[str]:
    """Which scores are of an epoch before the prototypes act.

    Validation chooses the checkpoint that is tested; it may choose an early
    one.

    Returns A line per run, none twice.
    """
    lines = [
        f"{setting.method(value).title}, seed {seed}: tested is epoch "
        f"{outcome.tested_epoch}, before the prototypes act "
        f"(contrast_start_epoch {outcome.contrast_start_epoch})"
        for setting in settings
        for value, outcomes in found[setting.name].items()
        for seed, outcome in outcomes.items()
        if outcome.tested_untouched
    ]
    return list(dict.fromkeys(lines))


def describe(
    settings: Sequence[Setting],
    found: Mapping[str, Found],
    reference: Outcomes,
    runs: Sequence[Run],
    train: str,
) -> dict[str, Any]:
    """All that was found, and what it was measured with."""
    results = json.loads((runs[0].folder / "results.json").read_text())
    return {
        **describe_run("sensitivity"),
        "data": _describe_data(runs[0].data),
        "train": train,
        "seeds": sorted({run.seed for run in runs}),
        "versions": results["versions"],
        "median_windows": results["median_windows"],
        "settings": {
            setting.name: {
                "default": setting.default,
                "values": [
                    {"value": value, "seeds": _by_seed(outcomes)}
                    for value, outcomes in found[setting.name].items()
                ],
            }
            for setting in settings
        },
        REFERENCE.name: _by_seed(reference),
    }


def _line(setting: Setting, value: float, found: Found) -> list[str]:
    outcomes, base = found[value], found[setting.default]
    is_default = value == setting.default
    numbers = [
        [outcome.scores[name] for outcome in outcomes.values()]
        for name in SHOWN
    ]
    gaps = [seed_differences(outcomes, base, name) for name in COMPARED]
    return [
        setting.name,
        f"{value:g} (default)" if is_default else f"{value:g}",
        str(len(outcomes)),
        *(_mean(each, ".3f") for each in numbers),
        *("" if is_default else mean_and_spread(each, "+") for each in gaps),
        _mean((each.n_anchors for each in outcomes.values()), ".1f"),
    ]


def _mean(numbers: Iterable[float | None], form: str) -> str:
    known = [number for number in numbers if number is not None]
    return f"{mean(known):{form}}" if known else "-"


def _by_seed(outcomes: Mapping[int, Outcome]) -> dict[str, Any]:
    return {
        str(seed): {
            **outcome.scores,
            "n_anchors": outcome.n_anchors,
            "tested_epoch": outcome.tested_epoch,
        }
        for seed, outcome in outcomes.items()
    }


def _describe_data(folder: Path) -> dict[str, Any] | None:
    """What the soundscapes were made of; None if they are gone."""
    file = folder / "soundscapes.json"
    if not file.is_file():
        return None
    described = json.loads(file.read_text(encoding="utf-8"))
    options = {k: v for k, v in described["options"].items() if k != "seed"}
    return {"bank": described["bank"]["name"], "options": options}
