"""How prototypes begin and move, frame by frame."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

from oracles.labels import frame_classes


def unit(vector: Tensor) -> Tensor:
    """A vector of length 1."""
    return vector / max(math.sqrt(float((vector * vector).sum())), 1e-12)


def members(
    embedding: Tensor, labels: Tensor, c: int, threshold: float
) -> list[Tensor]:
    """The frames of a class."""
    return [
        frame
        for frame, label in zip(embedding, labels, strict=True)
        if c in frame_classes(label.tolist(), threshold)
    ]


def initial_prototypes(frames: list[Tensor], n_prototypes: int) -> list[Tensor]:
    """The prototypes of a class with few frames.

    K-means by its definition: of all ways to sort the frames into K groups,
    the one with the least squared distances to the means of the groups.
    """
    if len(frames) <= n_prototypes:
        return [unit(frame) for frame in frames]
    best, best_cost = [], math.inf
    table = torch.stack(frames).numpy()
    for groups in itertools.product(range(n_prototypes), repeat=len(frames)):
        if len(set(groups)) < n_prototypes:
            continue
        means, cost = [], 0.0
        for group in range(n_prototypes):
            of_group = table[[g == group for g in groups]]
            means.append(of_group.mean(axis=0))
            cost += float(((of_group - means[-1]) ** 2).sum())
        if cost < best_cost:
            best, best_cost = means, cost
    return [unit(torch.from_numpy(mean)) for mean in best]


def bank_update(
    prototypes: Tensor,
    active: Tensor,
    embedding: Tensor,
    labels: Tensor,
    momentum: float,
    threshold: float,
) -> tuple[Tensor, Tensor]:
    """One update of the prototypes, frame by frame."""
    n_classes, n_prototypes, _ = prototypes.shape
    new, new_active = prototypes.clone(), active.clone()
    for c in range(n_classes):
        of_class = members(embedding, labels, c, threshold)
        followers: dict[int, list[Tensor]] = {}
        in_use = [k for k in range(n_prototypes) if active[c, k]]
        for frame in of_class:
            if in_use:
                best = max(
                    in_use, key=lambda k: float(frame @ prototypes[c, k])
                )
                followers.setdefault(best, []).append(frame)
        for k, frames in followers.items():
            mean = sum(frames) / len(frames)
            new[c, k] = unit(
                momentum * prototypes[c, k] + (1 - momentum) * mean
            )
        sleeping = [k for k in range(n_prototypes) if not active[c, k]]
        if of_class and sleeping:
            new[c, sleeping[0]] = unit(sum(of_class))
            new_active[c, sleeping[0]] = True
    return new, new_active
