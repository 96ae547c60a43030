"""Detected events as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from lgc_plugin.inference.event_stream import Detection


def detection_table(
    events: Iterable[Detection], labels: Sequence[str]
) -> pd.DataFrame:
    """The events of one recording, by onset.

    Arguments
    ---------
    events : Iterable[Detection]
        In any order.
    labels : Sequence[str]
        Decide the order of events that begin together.

    Returns
    -------
    pandas.DataFrame
        ``onset`` and ``offset`` (seconds), ``event_label``, ``score``.

    Example
    -------
    >>> late, early = Detection(2, 3, "Cat", 0.9), Detection(1, 4, "Dog", 0.7)
    >>> table = detection_table([late, early], ["Cat", "Dog"])
    >>> print(table.to_string(index=False))
     onset  offset event_label  score
       1.0     4.0         Dog    0.7
       2.0     3.0         Cat    0.9
    """
    row = {label: number for number, label in enumerate(labels)}
    found = sorted(events, key=lambda e: (e.onset, row[e.event_label]))
    table = pd.DataFrame(found, columns=list(Detection._fields))
    # Without events, pandas would not know that these are numbers.
    numbers = [name for name in Detection._fields if name != "event_label"]
    return table.astype(dict.fromkeys(numbers, "float64"))
