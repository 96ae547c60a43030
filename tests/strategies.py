"""Hypothesis strategies that several rooms share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import normalize

seeds = st.integers(0, 2**31 - 1)

# In both of them 0.875, 0.125 and 0.5 are exact, so that a score can lie
# exactly at a threshold.
precisions = st.sampled_from([torch.float64, torch.float32])


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


@st.composite
def masks(draw, n_clips, n_frames):
    """None, or (B, T') with sound in the first frames of each clip."""
    if draw(st.booleans()):
        return None
    lengths = draw(
        st.lists(st.integers(1, n_frames), min_size=n_clips, max_size=n_clips)
    )
    return torch.arange(n_frames) < torch.tensor(lengths).unsqueeze(1)


def random_tensor(*shape: int, seed: int) -> Tensor:
    """Normal numbers in float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def unit_vectors(*shape: int, seed: int) -> Tensor:
    """Random directions in float64, along the last dimension."""
    return normalize(random_tensor(*shape, seed=seed), dim=-1)


@contextlib.contextmanager
def default_precision(dtype: torch.dtype) -> Iterator[None]:
    """What is built inside has this precision: parameters, windows, filters."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
