"""How loaders fit the machine and the processes that train on it."""

from __future__ import annotations

import os
from typing import Any

import torch
from speechbrain.utils.run_opts import RunOptions

from lgc_plugin.utils.distributed import get_rank, get_world_size
from lgc_plugin.utils.parallel import available_cores


def loader_options(run_options: RunOptions) -> dict[str, Any]:
    """What a run decides of :func:`~lgc_plugin.data.loaders.make_loaders`.

    Arguments
    ---------
    run_options : RunOptions
        SpeechBrain's run options.

    Returns
    -------
    dict[str, Any]

    Example
    -------
    >>> options = loader_options(RunOptions(device="cpu", test_only=True))
    >>> options["world_size"], options["pin_memory"], options["data_cache"]
    (1, False, 'none')
    """
    on_cpu = (run_options.device or "").startswith("cpu")
    options = {
        "rank": get_rank(),
        "world_size": get_world_size(),
        "pin_memory": torch.cuda.is_available() and not on_cpu,
        "progress": not run_options.noprogressbar,
    }
    if run_options.test_only:  # what is read once is not worth keeping
        options["data_cache"] = "none"
    return options


def workers_within_cores(wanted: int) -> int:
    """Loading processes, at most one per core that this process can have.

    Processes that train on one machine share its cores.

    Arguments
    ---------
    wanted : int
        How many are wanted.

    Returns
    -------
    int

    Example
    -------
    >>> workers_within_cores(0)
    0
    """
    neighbours = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return min(wanted, max(1, available_cores() // neighbours))
