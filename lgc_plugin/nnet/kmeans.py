"""Frames of a class gathered over the training set, and their centres."""

from __future__ import annotations

import warnings

import torch
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor
from torch.nn.functional import normalize


def spherical_centres(frames: Tensor, n_centres: int, seed: int) -> Tensor:
    """Normalised k-means centres; the frames themselves if they are few.

    Arguments
    ---------
    frames : Tensor
        (N, D) unit vectors.
    n_centres : int
        Centres wanted, K.
    seed : int
        Of the ten starts.

    Returns
    -------
    Tensor
        (min(N, K), D) unit vectors, on the CPU.

    Example
    -------
    >>> frames = torch.eye(2).repeat(5, 1)
    >>> spherical_centres(frames, 2, seed=0).sort(dim=0).values.tolist()
    [[0.0, 0.0], [1.0, 1.0]]
    """
    frames = frames.detach().float().cpu()
    if len(frames) <= n_centres:
        return normalize(frames, dim=-1)
    means = KMeans(n_centres, n_init=10, random_state=seed)
    with warnings.catch_warnings():
        # Fewer different frames than centres gives centres that coincide,
        # which does no harm: the nearest is the same.
        warnings.simplefilter("ignore", ConvergenceWarning)
        means.fit(frames.numpy())
    centres = torch.as_tensor(means.cluster_centers_, dtype=torch.float32)
    return normalize(centres, dim=-1)


class FrameReservoir:
    """A uniform sample of the frames of each class, of bounded size.

    Each frame draws a random key, and the frames with the largest keys stay:
    whatever the order of the clips, every frame has the same chance.

    Arguments
    ---------
    n_classes : int
        Number of classes, the background included.
    limit : int
        Frames kept per class.
    seed : int
        Of the keys.

    Example
    -------
    >>> reservoir = FrameReservoir(n_classes=1, limit=3)
    >>> reservoir.add(torch.rand(10, 4), torch.ones(10, 1, dtype=torch.bool))
    >>> [frames.shape for frames in reservoir.frames()]
    [torch.Size([3, 4])]
    """

    def __init__(self, n_classes: int, limit: int, seed: int = 0) -> None:
        self.limit = limit
        self._generator = torch.Generator().manual_seed(seed)
        self._kept: list[tuple[Tensor, Tensor] | None] = [None] * n_classes

    def add(self, embedding: Tensor, classes: Tensor) -> None:
        """Offers frames.

        Arguments
        ---------
        embedding : Tensor
            (N, D) embeddings.
        classes : Tensor
            (N, n_classes) bool.
        """
        embedding, classes = embedding.cpu(), classes.cpu()
        for c, kept in enumerate(self._kept):
            frames = embedding[classes[:, c]]
            keys = torch.rand(len(frames), generator=self._generator)
            if kept is not None:
                frames = torch.cat([kept[0], frames])
                keys = torch.cat([kept[1], keys])
            if len(keys) > self.limit:
                best = keys.topk(self.limit).indices
                frames, keys = frames[best], keys[best]
            self._kept[c] = (frames, keys)

    def frames(self) -> list[Tensor]:
        """The sample.

        Returns
        -------
        list[Tensor]
            One (N_c, D) tensor per class, N_c <= limit.
        """
        return [kept[0] for kept in self._kept if kept is not None]
