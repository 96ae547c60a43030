"""Hypothesis strategies that several rooms share."""

from __future__ import annotations

import torch
from hypothesis import strategies as st

seeds = st.integers(0, 2**31 - 1)


@st.composite
def score_tensors(draw, *shape_strategies, levels=None):
    """A float64 tensor of scores, often exactly at a threshold."""
    shape = tuple(draw(strategy) for strategy in shape_strategies)
    generator = torch.Generator().manual_seed(draw(seeds))
    scores = torch.rand(shape, generator=generator, dtype=torch.float64)
    if levels is not None and draw(st.booleans()):
        chosen = torch.tensor(levels, dtype=torch.float64)
        index = torch.randint(len(levels), shape, generator=generator)
        scores = chosen[index]
    return scores
