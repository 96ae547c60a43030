"""Names of metrics, numbers, intervals and aligned columns in plain text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lgc_plugin.utils.text import printable

#: Metrics, by their keys, in the order in which they are shown.
METRIC_NAMES = {
    "psds1": "PSDS1",
    "psds2": "PSDS2",
    "psds1_free": "PSDS1, threshold-free",
    "psds2_free": "PSDS2, threshold-free",
    "event_f1": "event F1",
    "segment_f1": "segment F1",
    "intersection_f1": "intersection F1",
    "frame_error_rate": "frame error rate",
    "clip_f1": "clip F1",
    "clip_ap": "clip average precision",
    "weak_f1": "weak clips, clip F1",
}
#: The same in two short lines, for narrow columns.
SHORT_NAMES = {
    "psds1": ("", "PSDS1"),
    "psds2": ("", "PSDS2"),
    "psds1_free": ("PSDS1", "free"),
    "psds2_free": ("PSDS2", "free"),
    "event_f1": ("event", "F1"),
    "segment_f1": ("segment", "F1"),
    "intersection_f1": ("inters.", "F1"),
    "frame_error_rate": ("frame", "error"),
    "clip_f1": ("clip", "F1"),
    "clip_ap": ("clip", "AP"),
    "weak_f1": ("weak", "F1"),
}
#: Rows of a table of averages.
SCORE_NAMES = {
    key: title
    for name, metric in METRIC_NAMES.items()
    for key, title in (
        (name, metric),
        (f"{name}_macro", f"{metric}, macro"),
        (f"{name}_micro", f"{metric}, micro"),
    )
}
# The macro mean of average precisions has a name of its own.
SCORE_NAMES["clip_ap_macro"] = "clip AP, macro (mAP)"
SCORE_NAMES["clip_ap_micro"] = "clip AP, micro"


def score_text(
    value: float | None, digits: int = 3, *, signed: bool = False
) -> str:
    """A score with three decimals.

    >>> score_text(0.44706), score_text(float("nan"))
    ('0.447', '-')
    >>> score_text(0.0112, signed=True), score_text(0.0, signed=True)
    ('+0.011', ' 0.000')
    """
    if value is None or math.isnan(value):
        return "-"
    sign = "" if not signed else "+" if value else " "
    # An exact 0 may come as -0.0.
    return f"{value or 0.0:{sign}.{digits}f}"


def interval_text(
    interval: Sequence[float | None] | None, *, signed: bool = False
) -> str:
    """The bounds of an interval with three decimals.

    >>> interval_text((0.43111, 0.4617))
    '[0.431, 0.462]'
    >>> interval_text((float("nan"), float("nan")))
    ''
    """
    bounds = [score_text(bound, signed=signed) for bound in interval or ()]
    return f"[{', '.join(bounds)}]" if bounds and "-" not in bounds else ""


def sure_text(
    value: float | None,
    interval: Sequence[float | None] | None,
    digits: int = 3,
) -> str:
    """A score and how sure it is.

    >>> sure_text(0.447062, (0.4311, 0.4617), digits=6)
    '0.447062 [0.431, 0.462]'
    >>> sure_text(0.447062, None)
    '0.447'
    """
    number = score_text(value, digits)
    bounds = interval_text(interval)
    return f"{number} {bounds}" if bounds and number != "-" else number


def share_text(share: float | None) -> str:
    """A share in per cent.

    >>> share_text(0.9985)
    '99.9 %'
    """
    number = score_text(None if share is None else 100 * share, 1)
    return number if number == "-" else f"{number} %"


def aligned(*blocks: Sequence[Sequence[str]], left: bool = False) -> str:
    """Rows in columns; the first one starts to the left.

    Control characters in them are printable.

    >>> print(aligned([["", "a"], ["Cat", "0.500"]], [["Dog", "-"]]))
             a
    Cat  0.500
    <BLANKLINE>
    Dog      -
    """
    shown = [[list(map(printable, row)) for row in block] for block in blocks]
    rows = [row for block in shown for row in block]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.ljust(width) if left or i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return "\n\n".join("\n".join(map(line, block)) for block in shown)


def shown_label(label: str) -> str:
    """A class as a figure writes it.

    >>> shown_label("Alarm_bell_ringing")
    'Alarm bell ringing'
    """
    return figure_text(label.replace("_", " "))


def figure_text(text: str) -> str:
    r"""Text that a figure shows as it is, and not as a formula.

    >>> figure_text("$a$")
    '\\$a\\$'
    """
    return printable(text).replace("$", r"\$")
