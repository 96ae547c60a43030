"""The ground truth of the clips of a manifest."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lgc_plugin.data.manifest import ClipRow
from lgc_plugin.evaluation.event_tables import EVENT_COLUMNS
from lgc_plugin.evaluation.truth import GroundTruth
from lgc_plugin.types import LabelKind


def truth_of_rows(
    rows: Sequence[ClipRow], labels: Sequence[str], profile: str = "dcase"
) -> GroundTruth:
    """The ground truth of the strongly labeled clips of a manifest.

    Arguments
    ---------
    rows : Sequence[ClipRow]
        Clips; those with other label kinds are passed over.
    labels : Sequence[str]
        All classes, in order.
    profile : str
        ``dcase`` or ``strict``, see
        :class:`~lgc_plugin.evaluation.truth.GroundTruth`.

    Returns
    -------
    GroundTruth
        Clips are named as the brain names them: ``<ID>.wav``.

    Example
    -------
    >>> from lgc_plugin.types import Event
    >>> row = ClipRow(
    ...     "a", 10.0, "a.wav", LabelKind.STRONG, (Event(0, 1, "Cat"),), ()
    ... )
    >>> truth_of_rows([row], ["Cat"]).events.values.tolist()
    [['a.wav', 0.0, 1.0, 'Cat']]
    """
    strong = [row for row in rows if row.label_kind == LabelKind.STRONG]
    events = [
        (clip_name(row.id), *event) for row in strong for event in row.events
    ]
    lengths = [(clip_name(row.id), row.duration) for row in strong]
    return GroundTruth.from_tables(
        pd.DataFrame(events, columns=EVENT_COLUMNS),
        pd.DataFrame(lengths, columns=["filename", "duration"]),
        labels,
        profile=profile,
    )


def clip_name(clip_id: str) -> str:
    """The file name under which DESED's tables know a clip.

    Arguments
    ---------
    clip_id : str
        ID in a manifest.

    Returns
    -------
    str

    Example
    -------
    >>> clip_name("Y-0A1_30.000_40.000")
    'Y-0A1_30.000_40.000.wav'
    """
    return f"{clip_id}.wav"
