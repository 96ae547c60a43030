"""What a system detects at its operating point, as a plain text table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lgc_plugin.report.text import aligned, score_text

if TYPE_CHECKING:
    from lgc_plugin.evaluation.operating_counts import (
        DetectionCounts,
        OperatingCounts,
    )

_ABOVE = ["", "true", "false", "missed", "", "", "false alarms"]
_BELOW = ["positives", "alarms", "events", "precision", "recall", "per hour"]


def operating_table(operating: Mapping[str, OperatingCounts]) -> str:
    """True positives, false alarms and missed events of each class.

    >>> from lgc_plugin.evaluation.operating_counts import (
    ...     DetectionCounts,
    ...     OperatingCounts,
    ... )
    >>> cats = DetectionCounts(tp=3, fp=1, fn=2, hours=0.5)
    >>> counts = OperatingCounts(cats, {"Cat": cats})
    >>> print(operating_table({"event": counts}))
                      true   false  missed                     false alarms
    event-based  positives  alarms  events  precision  recall      per hour
    Cat                  3       1       2      0.750   0.600          2.00
    all                  3       1       2      0.750   0.600          2.00
    false alarms per hour: in 0.50 h of sound
    """
    return _table(
        {
            criterion: {**each.per_class, "all": each.overall}
            for criterion, each in operating.items()
        }
    )


def operating_totals(
    systems: Mapping[str, Mapping[str, OperatingCounts]],
) -> str:
    """The same of all classes together, system by system."""
    criteria = dict.fromkeys(x for each in systems.values() for x in each)
    return _table(
        {
            criterion: {k: x[criterion].overall for k, x in systems.items()}
            for criterion in criteria
        }
    )


def _table(counts: Mapping[str, Mapping[str, DetectionCounts]]) -> str:
    """A block for each criterion."""
    blocks, hours = [], None
    for criterion, each in counts.items():
        rows = [_row(label, found) for label, found in each.items()]
        blocks.append([_ABOVE, [f"{criterion}-based", *_BELOW], *rows])
        hours = next(iter(each.values())).hours
    length = "not known how long the clips are"
    if hours is not None:
        length = f"in {hours:.2f} h of sound"
    return f"{aligned(*blocks)}\nfalse alarms per hour: {length}"


def _row(label: str, counts: DetectionCounts) -> list[str]:
    rate = counts.false_alarms_per_hour
    # Three digits, if not more before the point.
    digits = 1 if rate >= 10 else 2 if rate >= 1 else 3
    return [
        label,
        *map(str, (counts.tp, counts.fp, counts.fn)),
        score_text(counts.precision),
        score_text(counts.recall),
        score_text(rate, digits),
    ]
