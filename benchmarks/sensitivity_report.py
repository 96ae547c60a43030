"""The table of varied settings, and what is written of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from ablation_report import SCORES
from ablation_runs import Run
from report_table import markdown_table
from sensitivity_results import Found, Outcome, Outcomes, seed_differences
from sensitivity_settings import REFERENCE, Setting
from step_report import describe_run

SHOWN = ("psds1", "psds2", "event_f1_macro")
COMPARED = ("psds1", "psds2")


def sensitivity_table(
    settings: Sequence[Setting], found: Mapping[str, Found]
) -> str:
    """Scores of every value, and how far they are from the default's.

    Arguments
    ---------
    settings : Sequence[Setting]
        What was varied.
    found : Mapping[str, Found]
        From :func:`sensitivity_results.read_settings`.

    Returns
    -------
    str
        Markdown; ``-`` where a run is missing.
    """
    columns = ["setting", "value", "seeds"]
    columns += [SCORES[name] for name in SHOWN]
    columns += [f"{SCORES[name]} - default" for name in COMPARED]
    lines = [
        _line(setting, value, found[setting.name])
        for setting in settings
        for value in setting.values
    ]
    return markdown_table([*columns, "anchors a step"], lines)


def unborn_notes(
    settings: Sequence[Setting], found: Mapping[str, Found]
) -> list[str]:
    """Which scores are not those of a network that felt the prototypes.

    Validation chooses the checkpoint that is tested; it may choose an early
    one.

    Arguments
    ---------
    settings : Sequence[Setting]
        What was varied.
    found : Mapping[str, Found]
        From :func:`sensitivity_results.read_settings`.

    Returns
    -------
    list[str]
        A line per run, none twice.
    """
    lines = [
        f"{setting.method(value).title}, seed {seed}: tested is epoch "
        f"{outcome.tested_epoch}, before the prototypes act "
        f"(contrast_start_epoch {outcome.contrast_start_epoch})"
        for setting in settings
        for value, outcomes in found[setting.name].items()
        for seed, outcome in outcomes.items()
        if outcome.tested_unborn
    ]
    return list(dict.fromkeys(lines))


def describe(
    settings: Sequence[Setting],
    found: Mapping[str, Found],
    reference: Outcomes,
    runs: Sequence[Run],
    train: str,
) -> dict[str, Any]:
    """All that was found, and what it was measured with.

    Arguments
    ---------
    settings : Sequence[Setting]
        What was varied.
    found : Mapping[str, Found]
        From :func:`sensitivity_results.read_settings`.
    reference : Outcomes
        Of LGC without its global term.
    runs : Sequence[Run]
        The finished ones.
    train : str
        Further options of the recipe.

    Returns
    -------
    dict[str, Any]
        For a JSON file.
    """
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
        *("" if is_default else _gap(each) for each in gaps),
        _mean((each.n_anchors for each in outcomes.values()), ".1f"),
    ]


def _mean(numbers: Iterable[float | None], form: str) -> str:
    known = [number for number in numbers if number is not None]
    return f"{mean(known):{form}}" if known else "-"


def _gap(numbers: Sequence[float]) -> str:
    if not numbers:
        return "-"
    spread = f"{stdev(numbers):.3f}" if len(numbers) > 1 else "-"
    return f"{mean(numbers):+.3f} ± {spread}"


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
    said = json.loads(file.read_text(encoding="utf-8"))
    options = {k: v for k, v in said["options"].items() if k != "seed"}
    return {"bank": said["bank"]["name"], "options": options}
