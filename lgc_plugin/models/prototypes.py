"""Class prototypes: what the frames of a class look like, over all clips."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from lgc_plugin.models.frame_classes import frame_classes
from lgc_plugin.models.kmeans import spherical_centres
from lgc_plugin.utils.distributed import all_reduce_sum

logger = logging.getLogger(__name__)


class FrameSums(NamedTuple):
    """Sums of a batch's frames per prototype and class; batches add up.

    (C+1, K, D) and (C+1, K) sum and number of the frames nearest to each
    prototype; (C+1, D) and (C+1,) those of all frames of each class.
    """

    sums: Tensor
    counts: Tensor
    class_sums: Tensor
    class_counts: Tensor

    def plus(self, other: FrameSums) -> FrameSums:
        """Sums of both, as if they had been one batch."""
        return FrameSums(*(a + b for a, b in zip(self, other, strict=True)))

    def over_processes(self) -> FrameSums:
        """Sums of all processes' batches, in one exchange."""
        flat = all_reduce_sum(torch.cat([part.flatten() for part in self]))
        parts = flat.split([part.numel() for part in self])
        return FrameSums(
            *(new.view_as(old) for new, old in zip(parts, self, strict=True))
        )


class PrototypeBank(nn.Module):
    """K unit vectors per class for C classes and the background (last).

    Initialized once by k-means (:meth:`fit`), they then follow the frames of
    each batch (:meth:`update`): a prototype that received frames becomes
    ``normalize(m p + (1 - m) mean of them)``.

    A class with fewer than K frames at the initialization has inactive
    prototypes. While a class has one, each update that brings frames of the
    class sets one of them to the normalized mean of those frames.

    Arguments
    ---------
    n_classes : int
        Number of classes C, the background not counted.
    n_prototypes : int
        Prototypes per class, K.
    dim : int
        Size of an embedding, D.
    momentum : float
        Weight of the past, m, in [0, 1].
    pos_threshold : float
        A frame has a class when its label is at least this, and is
        background when its largest label is at most 1 minus this.
    class_names : Sequence[str], optional
        For messages.

    Raises
    ------
    ValueError
        If a size is below 1 or the momentum outside [0, 1].

    Example
    -------
    >>> bank = PrototypeBank(n_classes=1, n_prototypes=1, dim=2, momentum=0.5)
    >>> frames = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> bank.fit(frames, torch.tensor([[1.0], [0.0]]))
    >>> bank.prototypes.squeeze(1).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    >>> bank.update(torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0]]))
    >>> [round(x, 4) for x in bank.prototypes[0, 0].tolist()]
    [0.7071, 0.7071]

    With a network of one's own; only the rows of frames matter, whatever they
    were cut from:

    >>> network = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    >>> embedding = normalize(network(torch.randn(100, 4)), dim=1)
    >>> labels = torch.randint(2, (100, 2)).float()
    >>> bank = PrototypeBank(n_classes=2, dim=3)
    >>> bank.fit(embedding, labels)
    >>> bank.prototypes.shape, bool(bank.active.all())
    (torch.Size([3, 3, 3]), True)
    >>> bank.update(embedding[:10], labels[:10])
    """

    prototypes: Tensor
    active: Tensor

    def __init__(
        self,
        n_classes: int,
        n_prototypes: int = 3,
        dim: int = 128,
        momentum: float = 0.996,
        pos_threshold: float = 0.9,
        class_names: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        if min(n_classes, n_prototypes, dim) < 1:
            raise ValueError(
                "n_classes, n_prototypes and dim must be at least 1, got "
                f"{n_classes}, {n_prototypes} and {dim}"
            )
        if not 0.0 <= momentum <= 1.0:
            raise ValueError(f"momentum must be in [0, 1], got {momentum}")
        self.momentum = momentum
        self.pos_threshold = pos_threshold
        names = class_names or [f"class {i}" for i in range(n_classes)]
        self.class_names = (*names, "background")
        self.initialized = False
        self.dim = dim
        shape = (n_classes + 1, n_prototypes)
        self.register_buffer("prototypes", torch.zeros(*shape, dim))
        self.register_buffer("active", torch.zeros(shape, dtype=torch.bool))

    def fit(self, embedding: Tensor, labels: Tensor, seed: int = 0) -> None:
        """Initializes the prototypes from labeled frames.

        Arguments
        ---------
        embedding : Tensor
            (N, D) unit vectors.
        labels : Tensor
            (N, C) labels or scores in [0, 1].
        seed : int
            Of the k-means starts.
        """
        classes = frame_classes(labels, self.pos_threshold)
        frames = [embedding[classes[:, c]] for c in range(classes.shape[1])]
        self.fit_classes(frames, seed)

    @torch.no_grad()
    def fit_classes(self, frames: Sequence[Tensor], seed: int = 0) -> None:
        """Initializes from the frames of each class, by k-means, normalized.

        Arguments
        ---------
        frames : Sequence[Tensor]
            One (N_c, D) tensor per class, the background last.
        seed : int
            Of the k-means starts.

        Raises
        ------
        ValueError
            If there is not one tensor per class.
        """
        n_classes, n_prototypes, _ = self.prototypes.shape
        if len(frames) != n_classes:
            raise ValueError(
                f"expected frames of {n_classes} classes (the last one "
                f"background), got {len(frames)}"
            )
        self.prototypes.zero_()
        self.active.zero_()
        for c, of_class in enumerate(frames):
            centres = spherical_centres(of_class, n_prototypes, seed)
            self.prototypes[c, : len(centres)] = centres.to(self.prototypes)
            self.active[c, : len(centres)] = True
            if len(centres) < n_prototypes:
                logger.warning(
                    "Prototypes: %s has %d labeled frames, too few for %d "
                    "prototypes; the others wait for frames.",
                    self.class_names[c],
                    len(of_class),
                    n_prototypes,
                )
        self.initialized = True

    @torch.no_grad()
    def assign(
        self, embedding: Tensor, labels: Tensor, valid: Tensor | None = None
    ) -> FrameSums:
        """Sums of the frames that fall to each prototype, by cosine.

        Arguments
        ---------
        embedding : Tensor
            (N, D) unit vectors.
        labels : Tensor
            (N, C) labels or scores in [0, 1].
        valid : Tensor, optional
            (N,) bool, False for frames to leave out.

        Returns
        -------
        FrameSums
        """
        # Half precision would round the sums of hundreds of frames.
        with torch.autocast(embedding.device.type, enabled=False):
            return self._assign(embedding, labels, valid)

    def _assign(
        self, embedding: Tensor, labels: Tensor, valid: Tensor | None
    ) -> FrameSums:
        embedding = embedding.to(self.prototypes.dtype)
        classes = frame_classes(labels, self.pos_threshold)
        if valid is not None:
            classes = classes & valid.unsqueeze(1)
        similarity = torch.einsum("nd,ckd->nck", embedding, self.prototypes)
        similarity = similarity.masked_fill(~self.active, -torch.inf)
        slots = torch.arange(self.active.shape[1], device=embedding.device)
        nearest = similarity.argmax(dim=2, keepdim=True) == slots
        chosen = nearest & classes.unsqueeze(2) & self.active
        weight = chosen.to(embedding.dtype)
        class_weight = classes.to(embedding.dtype)
        return FrameSums(
            torch.einsum("nck,nd->ckd", weight, embedding),
            weight.sum(0),
            class_weight.T @ embedding,
            class_weight.sum(0),
        )

    @torch.no_grad()
    def apply_sums(
        self, frames: FrameSums, step_taken: Tensor | None = None
    ) -> None:
        """Moves the prototypes by the frames of one optimizer step.

        Arguments
        ---------
        frames : FrameSums
            From :meth:`assign`, added up over the batches of the step.
        step_taken : Tensor, optional
            Scalar bool: whether the step really happened. None means that it
            did.
        """
        mean = frames.sums / frames.counts.clamp_min(1.0).unsqueeze(-1)
        moved = self.momentum * self.prototypes + (1.0 - self.momentum) * mean
        received = (frames.counts > 0).unsqueeze(-1)
        present = frames.class_counts > 0
        if step_taken is not None:
            received, present = received & step_taken, present & step_taken
        moved = torch.where(received, normalize(moved, dim=-1), self.prototypes)
        # The first inactive prototype of each class that has frames.
        waiting = ~self.active
        first = waiting & (waiting.cumsum(dim=1) == 1)
        activated = first & present.unsqueeze(1)
        initial = normalize(frames.class_sums, dim=-1).unsqueeze(1)
        self.prototypes.copy_(
            torch.where(activated.unsqueeze(-1), initial, moved)
        )
        self.active.logical_or_(activated)

    def update(
        self, embedding: Tensor, labels: Tensor, valid: Tensor | None = None
    ) -> None:
        """One update: :meth:`assign`, then :meth:`apply_sums`.

        Arguments
        ---------
        embedding : Tensor
            (N, D) unit vectors.
        labels : Tensor
            (N, C) labels or scores in [0, 1].
        valid : Tensor, optional
            (N,) bool, False for frames to leave out.
        """
        self.apply_sums(self.assign(embedding, labels, valid))

    def get_extra_state(self) -> dict[str, bool]:
        """Whether they are initialized: read on the host every step."""
        return {"initialized": self.initialized}

    def set_extra_state(self, state: dict[str, bool]) -> None:
        """Restores that from a checkpoint."""
        self.initialized = bool(state["initialized"])
