"""Several processes that train one model: what they must agree on.

Every function here does nothing, at no cost, in a single process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch
import torch.distributed as dist

# The default arguments of its functions are the group that there is when it is
# first imported, by whomever. Imported before there is one, they hold none;
# later they keep the group, with its threads, beyond destroy_process_group(),
# and now and then such a thread meets a Python that has ended: the process
# aborts.
import torch.distributed.nn.functional  # noqa: F401
from speechbrain.utils.distributed import (
    ddp_init_group,
    is_distributed_initialized,
)
from speechbrain.utils.run_opts import RunOptions
from torch import Tensor, nn


def get_rank() -> int:
    """Number of this process, from 0; 0 without others.

    >>> get_rank(), get_world_size()
    (0, 1)
    """
    return dist.get_rank() if is_distributed_initialized() else 0


def launch_rank() -> int:
    """As :func:`get_rank`, also before the processes have found each other."""
    return int(os.environ.get("RANK", "0"))


def get_world_size() -> int:
    """How many processes train together; 1 without others."""
    return dist.get_world_size() if is_distributed_initialized() else 1


def init_process_group(run_options: RunOptions) -> RunOptions:
    """Makes the processes that ``torchrun`` started find each other.

    Without a GPU for each of them the backend is gloo, whatever the
    options are: SpeechBrain's default, NCCL, only supports GPUs.

    >>> init_process_group(RunOptions(device="cpu")).distributed_backend
    'gloo'
    >>> get_world_size()
    1
    """
    device = run_options.device or ""
    if device.startswith("cpu") or not torch.cuda.is_available():
        given = {*run_options.overridden_args, "distributed_backend"}
        run_options = replace(
            run_options, distributed_backend="gloo", overridden_args=given
        )
    ddp_init_group(run_options)
    return run_options


def destroy_process_group() -> None:
    """Ends what :func:`init_process_group` began; call it on all processes."""
    if is_distributed_initialized():
        # Destroying a gloo group joins its threads while this one holds
        # Python's lock (seen with PyTorch 2.7): one that has just finished
        # and needs that lock to drop its tensors would wait forever.
        time.sleep(0.1)
        dist.destroy_process_group()


@torch.no_grad()
def all_reduce_sum(values: Tensor) -> Tensor:
    """The sum of a tensor over all processes.

    >>> all_reduce_sum(torch.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    if not is_distributed_initialized():
        return values
    total = values.detach().clone()
    dist.all_reduce(total)
    return total


def all_reduce_mean(values: Tensor) -> Tensor:
    """The mean of a tensor over all processes.

    A loss that divides by the mean count of its cells, instead of its own
    count, becomes the loss of all processes' cells when the gradients of all
    processes are averaged.

    >>> all_reduce_mean(torch.tensor(3.0))
    tensor(3.)
    """
    return all_reduce_sum(values) / get_world_size()


@torch.no_grad()
def broadcast_module(module: nn.Module) -> None:
    """Gives all processes the main one's parameters and buffers."""
    if is_distributed_initialized():
        for tensor in (*module.parameters(), *module.buffers()):
            dist.broadcast(tensor.data, src=0)


@torch.no_grad()
def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Averages gradients over all processes, in one exchange."""
    if not is_distributed_initialized():
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    parts = all_reduce_mean(flat).split([g.numel() for g in gradients])
    torch._foreach_copy_(
        gradients,
        [new.view_as(old) for new, old in zip(parts, gradients, strict=True)],
    )


@torch.no_grad()
def average_statistics(module: nn.Module) -> None:
    """Averages the floating-point buffers of a module over all processes.

    These are its batch statistics: each process has had other clips.
    """
    if is_distributed_initialized():
        for buffer in module.buffers():
            if buffer.is_floating_point():
                buffer.copy_(all_reduce_mean(buffer))


def gather_object(content: Any) -> list[Any] | None:
    """Collects one picklable object of each process on the main one.

    In the order of the processes; None on all but the main process.

    >>> gather_object("a")
    ['a']
    """
    if not is_distributed_initialized():
        return [content]
    parts = [None] * dist.get_world_size() if dist.get_rank() == 0 else None
    dist.gather_object(content, parts, dst=0)
    return parts


def broadcast_object(content: Any) -> Any:
    """Hands the main process's object to all processes.

    >>> broadcast_object({"f1": 0.5})
    {'f1': 0.5}
    """
    if not is_distributed_initialized():
        return content
    held = [content]
    dist.broadcast_object_list(held, src=0)
    return held[0]


def draw_apart(seed: int, epoch: int) -> None:
    """Lets each process draw its own random numbers from here on.

    All start from one seed, so that their models are equal; with the same
    draws, though, they would all cut the same spans. The main process keeps
    its random state, which checkpoints hold; the others follow from the seed,
    the epoch and their rank.

    >>> before = torch.get_rng_state()
    >>> draw_apart(seed=1, epoch=1)
    >>> torch.equal(torch.get_rng_state(), before)
    True
    """
    rank = get_rank()
    if rank > 0:
        torch.manual_seed(hash((seed, epoch, rank)) % 2**63)
