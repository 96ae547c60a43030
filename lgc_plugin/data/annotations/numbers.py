"""Numbers with decimal commas, as some countries write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lgc_plugin.data.table_files import Row

_COMMA = re.compile(r"\s*-?\d+,\d+\s*")


def decimal_points(text: str) -> str:
    r"""Fields between tabs that are numbers with a comma get a point.

    >>> decimal_points("1,5\t2,25\tDog, large")
    '1.5\t2.25\tDog, large'
    """
    if "," not in text:
        return text
    return "\t".join(
        field.replace(",", ".") if _COMMA.fullmatch(field) else field
        for field in text.split("\t")
    )


def has_decimal_commas(numbers: Iterable[tuple[Row, str]]) -> bool:
    """Whether numbers have commas for points; never both."""
    numbers = list(numbers)
    comma = next((x for x in numbers if _COMMA.fullmatch(x[1])), None)
    point = next((x for x in numbers if "." in x[1]), None)
    if comma and point:
        comma[0].check(
            False,
            f"{comma[1]!r} has a comma, and {point[1]!r} in another row a "
            "point: write all numbers with points and without thousands' "
            "commas",
        )
    return comma is not None


def whole_times(
    filename: str,
    event: Mapping[str, Any],
    per_second: int,
    unit: str,
    notes: list[str],
) -> tuple[int, int]:
    """Onset and offset of an event in whole units; rounding is noted once.

    >>> event, notes = {"onset": 0.25, "offset": 0.5}, []
    >>> whole_times("a.wav", event, 1000, "milliseconds", notes), notes
    ((250, 500), [])
    """
    times = event["onset"] * per_second, event["offset"] * per_second
    onset, offset = map(round, times)
    if onset >= offset:
        raise ValueError(
            f"{filename}: event of {event['event_label']!r} from "
            f"{event['onset']:g} s to {event['offset']:g} s is too short: this "
            f"format has whole {unit} and cannot hold it: choose another format"
        )
    note = f"times are rounded to {unit}: this format has no other"
    exact = all(abs(x - round(x)) < 1e-6 for x in times)
    if not exact and note not in notes:
        notes.append(note)
    return onset, offset
