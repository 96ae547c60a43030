"""How long a training is."""

from __future__ import annotations

import logging
import math

logger = logging.getLogger(__name__)


def steps_per_epoch(
    number_of_steps: int | None, number_of_epochs: int
) -> int | None:
    """Optimizer steps of an epoch; None: as many as the clips allow.

    All epochs are equally long, so that there may be a few steps more. Ramp
    and contrast, which count epochs, are then shares of the steps.

    >>> steps_per_epoch(1000, 30), steps_per_epoch(None, 30)
    (34, None)
    """
    if number_of_steps is None:
        return None
    if not isinstance(number_of_steps, int) or number_of_steps < 1:
        raise ValueError(
            f"number_of_steps is {number_of_steps}: give 1 or more, or null "
            "for one pass through the clips per epoch"
        )
    per_epoch = math.ceil(number_of_steps / number_of_epochs)
    logger.info("%d epochs of %d steps", number_of_epochs, per_epoch)
    return per_epoch
