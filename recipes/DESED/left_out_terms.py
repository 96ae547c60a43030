"""What a training does without when there are no clips of some kind."""

from __future__ import annotations

import logging
from typing import Any

logger = logging.getLogger(__name__)

# What keys switch on, and the kinds of clips that it is computed of.
_NEEDS = {
    "contrast_weight": ("contrast with the prototypes", ("weak", "unlabeled")),
    "ict_weight": ("interpolation consistency", ("unlabeled",)),
    "time_mask": ("time mask", ("strong",)),
}


def leave_out_terms(settings: dict[str, Any]) -> None:
    """Switches off, and names, what has no clips in a batch.

    Arguments
    ---------
    settings : dict[str, Any]
        Plain values of the hparams file; ``batch_sizes`` is as it will be.
    """
    sizes = settings["batch_sizes"]
    if sizes["weak"] and not sizes["strong"]:
        logger.info(
            "No clip is strongly labeled: the frame loss is left out, times "
            "are learned from tags alone; prototypes begin with the teacher's "
            "scores"
        )
    if sizes["strong"] and not sizes["weak"]:
        logger.info(
            "No clip is weakly labeled: the clip loss is left out, so clip "
            "scores are means that may all be low: read clip AP, not clip F1"
        )
    for key, (name, kinds) in _NEEDS.items():
        if settings.get(key) and not any(sizes[kind] for kind in kinds):
            logger.info(
                "Without %s clips, the %s is left out (%s)",
                " or ".join(kinds),
                name,
                key,
            )
            settings[key] = type(settings[key])(0)
