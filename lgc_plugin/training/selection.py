"""By what the best epoch of a run is found."""

from __future__ import annotations

from typing import NamedTuple


class Selection(NamedTuple):
    """A score of the teacher on the validation clips, or the last epoch.

    >>> Selection().key
    'teacher_intersection_f1_macro'
    >>> Selection(None).key
    'epoch'
    """

    #: An F1 score; None without validation clips.
    metric: str | None = "intersection_f1"

    @property
    def key(self) -> str:
        """Its name in logs and checkpoints, where more is better."""
        if self.metric is None:
            return "epoch"
        return f"teacher_{self.metric}_macro"

    @property
    def metrics(self) -> tuple[str, ...]:
        """What to compute of the validation clips."""
        return () if self.metric is None else (self.metric,)


#: By events of the validation clips, as the paper has it.
BY_EVENTS = Selection()
#: By the tags of the validation clips.
BY_TAGS = Selection("clip_f1")
#: Without validation clips.
LAST_EPOCH = Selection(None)
