"""Slow, obvious versions of the method, written from its equations.

One file per room. Loops and explicit sums, nothing clever; where a gradient is
compared as well, the numbers are tensors that autograd can follow.
"""

from oracles.augment import cutmix, mixup
from oracles.event_rules import held_runs, mean_score, ruled
from oracles.exact import assert_exact, assert_same_set, exact
from oracles.front_end import levels, log_mel, mel_magnitudes
from oracles.labels import (
    decode,
    encode,
    encode_clip,
    encode_nearest,
    frame_classes,
    frame_labels,
    valid_frames,
)
from oracles.lgc import Bank, Batch, Cut, Numbers, Terms, lgc_terms, of_each
from oracles.losses import (
    anchor,
    consistency,
    contrast_loss,
    supervised,
)
from oracles.network import blocks, fusion, gated_conv_block, heads
from oracles.postprocess import median, thresholded_events
from oracles.prototypes import bank_update, initial_prototypes, members, unit
from oracles.schedule import moving_average, ramp
from oracles.sebbs import boxes

__all__ = [
    "Bank",
    "Batch",
    "Cut",
    "Numbers",
    "Terms",
    "anchor",
    "assert_exact",
    "assert_same_set",
    "bank_update",
    "blocks",
    "boxes",
    "held_runs",
    "initial_prototypes",
    "consistency",
    "contrast_loss",
    "cutmix",
    "decode",
    "encode",
    "encode_clip",
    "encode_nearest",
    "exact",
    "frame_classes",
    "frame_labels",
    "fusion",
    "gated_conv_block",
    "heads",
    "levels",
    "lgc_terms",
    "log_mel",
    "mean_score",
    "median",
    "mel_magnitudes",
    "members",
    "mixup",
    "moving_average",
    "of_each",
    "ramp",
    "ruled",
    "supervised",
    "thresholded_events",
    "unit",
    "valid_frames",
]
