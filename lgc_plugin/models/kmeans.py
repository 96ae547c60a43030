"""Frames of a class gathered over the training set, and their centres."""

from __future__ import annotations

import warnings

import torch
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor
from torch.nn.functional import normalize

from lgc_plugin.models.precision import at_least_float32
from lgc_plugin.utils.distributed import gather_object


def spherical_centres(frames: Tensor, n_centres: int, seed: int) -> Tensor:
    """Normalized k-means centres of (N, D) unit vectors, on the CPU.

    (min(N, K), D): the frames themselves if they are few.

    >>> frames = torch.eye(2).repeat(5, 1)
    >>> spherical_centres(frames, 2, seed=0).sort(dim=0).values.tolist()
    [[0.0, 0.0], [1.0, 1.0]]
    """
    frames = at_least_float32(frames.detach()).cpu()
    if len(frames) <= n_centres:
        return normalize(frames, dim=-1)
    means = KMeans(n_centres, n_init=10, random_state=seed)
    with warnings.catch_warnings():
        # Fewer different frames than centres gives centres that coincide,
        # which does no harm: the nearest is the same.
        warnings.simplefilter("ignore", ConvergenceWarning)
        means.fit(frames.numpy())
    centres = torch.as_tensor(means.cluster_centers_, dtype=frames.dtype)
    return normalize(centres, dim=-1)


class FrameReservoir:
    """A uniform sample of at most ``limit`` frames of each class.

    Each frame draws a random key, and the frames with the largest keys stay:
    whatever the order of the clips, every frame has the same chance.

    >>> reservoir = FrameReservoir(n_classes=1, limit=3)
    >>> classes = torch.ones(10, 1, dtype=torch.bool)
    >>> reservoir.add(torch.rand(10, 4), classes, batch_number=0)
    >>> [frames.shape for frames in reservoir.frames()]
    [torch.Size([3, 4])]
    """

    # The draws depend on the number of the batch alone, so that several
    # processes that share the batches keep, together, the same frames as one.

    def __init__(self, n_classes: int, limit: int, seed: int = 0) -> None:
        self.limit = limit
        self.seed = seed
        self._kept: list[tuple[Tensor, Tensor] | None] = [None] * n_classes

    def add(
        self, embedding: Tensor, classes: Tensor, batch_number: int
    ) -> None:
        """Offers (N, D) embeddings of a batch with their (N, C) classes.

        ``batch_number`` is its place among all batches of all processes.
        """
        draws = torch.Generator().manual_seed(
            hash((self.seed, batch_number)) % 2**63
        )
        embedding, classes = embedding.cpu(), classes.cpu()
        # Double precision: two equal keys would be in no certain order.
        keys = torch.rand(classes.shape, generator=draws, dtype=torch.float64)
        for c in range(len(self._kept)):
            chosen = classes[:, c]
            self._keep(c, embedding[chosen], keys[chosen, c])

    def gather(self) -> None:
        """Brings the samples of all processes together on the main one."""
        parts = gather_object(self._kept)
        for part in (parts or [])[1:]:
            for c, kept in enumerate(part):
                if kept is not None:
                    self._keep(c, *kept)

    def frames(self) -> list[Tensor]:
        """One (N_c, D) tensor per class, N_c <= limit, in order of the keys."""
        return [kept[0] for kept in self._kept if kept is not None]

    def _keep(self, c: int, frames: Tensor, keys: Tensor) -> None:
        """Adds frames to those of a class; the largest keys stay, sorted."""
        kept = self._kept[c]
        if kept is not None:
            frames = torch.cat([kept[0], frames])
            keys = torch.cat([kept[1], keys])
        order = keys.argsort(descending=True)[: self.limit]
        self._kept[c] = (frames[order], keys[order])
