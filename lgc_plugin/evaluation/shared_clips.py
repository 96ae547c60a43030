"""Nobody reports scores on clips that settings were chosen on."""

from __future__ import annotations

from collections.abc import Iterable


def refuse_shared(
    tuned_on: Iterable[str], clips: Iterable[str], what: str
) -> None:
    """Refuses to score clips that settings are chosen on.

    Arguments
    ---------
    tuned_on : Iterable[str]
        The clips that settings are chosen on.
    clips : Iterable[str]
        The clips to be scored.
    what : str
        What the error calls them.

    Raises
    ------
    ValueError
        If they share any.

    Example
    -------
    >>> refuse_shared(["a.wav"], ["b.wav"], "test.tsv")
    """
    asked = set(clips)
    shared = asked.intersection(tuned_on)
    if shared:
        raise ValueError(
            f"{len(shared)} of the {len(asked)} clips of {what} are tuned on, "
            f"such as {min(shared)!r}: windows and thresholds are chosen to "
            "make the score on them large, so that it says too much. Tune on "
            "other clips, or score others"
        )
