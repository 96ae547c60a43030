"""Tables of events: checked, sorted, free of overlaps."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

EVENT_COLUMNS = ["filename", "onset", "offset", "event_label"]

logger = logging.getLogger(__name__)


def clean_events(
    events: pd.DataFrame, labels: Sequence[str], name: str
) -> pd.DataFrame:
    """Checks a table of events; merges overlaps of a class.

    Arguments
    ---------
    events : pandas.DataFrame
        ``filename``, ``onset``, ``offset`` (s), ``event_label`` and,
        optionally, ``threshold``.
    labels : Sequence[str]
        The known classes.
    name : str
        What errors call the table.

    Returns
    -------
    pandas.DataFrame
        Sorted by threshold, clip, class and onset; none overlaps another of
        its class (events that only touch stay apart).

    Raises
    ------
    ValueError
        If a label is unknown, or a time is missing, negative or out of order.

    Example
    -------
    >>> table = pd.DataFrame(
    ...     [["a.wav", 0.0, 2.0, "Cat"], ["a.wav", 1.0, 3.0, "Cat"]],
    ...     columns=EVENT_COLUMNS,
    ... )
    >>> clean_events(table, ["Cat"], "annotations").offset.tolist()
    [3.0]
    """
    keys = [*(["threshold"] if "threshold" in events else []), "filename"]
    keys.append("event_label")
    table = events.astype({"onset": float, "offset": float})
    unknown = ~table.event_label.isin(labels)
    refuse_rows(
        table, unknown, name, f"label is not one of {', '.join(labels)}"
    )
    finite = np.isfinite(table[["onset", "offset"]]).all(axis=1)
    ordered = (table.onset >= 0) & (table.onset <= table.offset)
    refuse_rows(
        table,
        ~(finite & ordered & table.filename.notna()),
        name,
        "onset and offset must be seconds with 0 <= onset <= offset",
    )
    instant = table.onset == table.offset
    if instant.any():
        logger.info("%s: dropped %d of no length", name, instant.sum())
        table = table[~instant]
    return _merge_overlaps(table.sort_values([*keys, "onset"]), keys, name)


def _merge_overlaps(
    table: pd.DataFrame, keys: list[str], name: str
) -> pd.DataFrame:
    """Joins events that overlap within a group; the table is sorted."""
    groups = table.groupby(keys, sort=False)
    reach = groups.offset.cummax()
    previous = reach.groupby([table[key] for key in keys], sort=False).shift()
    joined = table.onset < previous
    if not joined.any():
        return table.reset_index(drop=True)
    logger.info(
        "%s: %d merged with one of the same class that overlaps, first in %s",
        name,
        joined.sum(),
        table.filename[joined].iloc[0],
    )
    run = (~joined).cumsum()
    merged = table[~joined].copy()
    merged["offset"] = table.offset.groupby(run).max().to_numpy()
    return merged.reset_index(drop=True)


def require_columns(
    table: pd.DataFrame, columns: Sequence[str], name: str
) -> None:
    """Refuses a table that lacks columns.

    Arguments
    ---------
    table : pandas.DataFrame
        The table.
    columns : Sequence[str]
        What it must have.
    name : str
        What the error calls it.

    Raises
    ------
    ValueError
        If any is missing.
    """
    missing = [column for column in columns if column not in table]
    if missing:
        raise ValueError(
            f"{name} lack the columns {', '.join(missing)}: found "
            f"{', '.join(map(str, table))}"
        )


def refuse_rows(
    table: pd.DataFrame, wrong: pd.Series, name: str, reason: str
) -> None:
    """Refuses a table by showing its first wrong row.

    Arguments
    ---------
    table : pandas.DataFrame
        The table.
    wrong : pandas.Series
        True for each row that is wrong.
    name : str
        What the error calls the table.
    reason : str
        What a right row looks like.

    Raises
    ------
    ValueError
        If any row is wrong; with its index and its values.
    """
    if wrong.any():
        row = table[wrong].iloc[0]
        values = ", ".join(f"{key}={value}" for key, value in row.items())
        raise ValueError(f"{name}, row {row.name}: {reason}; got {values}")
