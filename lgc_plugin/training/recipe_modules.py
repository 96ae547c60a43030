"""What LGC takes from a recipe: networks, their output, the training set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import speechbrain as sb
import torch
from torch import nn
from torch.nn.functional import normalize

from lgc_plugin.types import SEDBatch, SEDOutput
from lgc_plugin.utils.distributed import get_rank, get_world_size


def sed_output(outputs: Any, batch: SEDBatch) -> SEDOutput:
    """A recipe's network output as :class:`SEDOutput`.

    See :meth:`lgc_plugin.training.LGCMixin.network`. Scores on the padding of
    ``batch`` become 0.

    >>> batch = SEDBatch(torch.zeros(1), torch.rand(1, 3, 2))
    >>> hidden, logits = torch.ones(1, 2, 4), torch.tensor([[0.0, 9.0]])
    >>> output = sed_output((hidden, logits), batch)
    >>> output.frame.shape, output.embedding.shape
    (torch.Size([1, 1, 2]), torch.Size([1, 2, 4]))
    """
    if isinstance(outputs, SEDOutput):
        return outputs
    hidden, logits, *tags = outputs
    if logits.ndim == 2:
        logits = logits.unsqueeze(2)
    if hidden.ndim != 3 or logits.shape[:2] != hidden.shape[:2]:
        raise ValueError(
            "network() must return embeddings (B, T', D) and logits (B, T', C),"
            f" got {tuple(hidden.shape)} and {tuple(logits.shape)}"
        )
    with torch.autocast(logits.device.type, enabled=False):
        frame = logits.float().sigmoid().transpose(1, 2)
        embedding = normalize(hidden.float(), dim=2)
    valid = batch.with_frames(frame.shape[-1]).valid
    if valid is not None:
        frame = frame * valid.unsqueeze(1)
    clip = tags[0].float().sigmoid() if tags else frame.amax(dim=2)
    return SEDOutput(frame, clip, embedding)


def unmixed_batches(
    brain: sb.Brain, train_set: Any, loading: dict[str, Any]
) -> Iterable[Any]:
    """The training set in its order; of several processes, a share."""
    if isinstance(train_set, torch.utils.data.DataLoader):
        return train_set  # each process has its share already
    mixing = ("shuffle", "drop_last", "sampler", "batch_sampler")
    options = {k: v for k, v in loading.items() if k not in mixing}
    options["ckpt_prefix"] = None
    loader = brain.make_dataloader(train_set, sb.Stage.VALID, **options)
    return islice(loader, get_rank(), None, get_world_size())


class NetworkModules:
    """Modules by name: some networks, all else from the Brain."""

    def __init__(self, networks: nn.Module, others: nn.ModuleDict) -> None:
        self._networks = dict(networks.named_children())
        self._others = others

    def __getattr__(self, name: str) -> Any:
        found = self._networks.get(name)
        return getattr(self._others, name) if found is None else found

    __getitem__ = __getattr__


def student_of(
    modules: nn.ModuleDict, names: Sequence[str] | None
) -> nn.ModuleDict:
    """The modules that the teacher has copies of; None: those that learn."""
    if names is None:
        names = [n for n, m in modules.items() if _learns(m)]
    if unknown := [name for name in names if name not in modules]:
        raise ValueError(
            f"lgc: networks: there is no module {unknown[0]!r}; there are "
            f"{', '.join(modules)}"
        )
    student = nn.ModuleDict({n: modules[n] for n in names})
    if not _learns(student):
        raise ValueError(
            "lgc: networks: no parameter of "
            f"{', '.join(names) or 'any module'} learns"
        )
    return student


def _learns(module: nn.Module) -> bool:
    return any(p.requires_grad for p in module.parameters())
