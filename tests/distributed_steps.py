"""Twenty training steps of one process or of several, for test_distributed.

    torchrun --nproc_per_node=N tests/distributed_steps.py FOLDER

Every process writes what it has learned, without a pretrained encoder and
through one, to FOLDER/plain and FOLDER/in_loop as <processes>-<rank>.pt.
"""

import sys
from pathlib import Path

import speechbrain as sb
import torch
from speechbrain.utils.run_opts import RunOptions

from lgc_plugin.data.batch_loaders import collate_clips
from lgc_plugin.training.device_values import MeanMeter
from lgc_plugin.utils.distributed import (
    get_rank,
    get_world_size,
    init_process_group,
)
from split_batches import (
    SplitDraws,
    fit,
    make_brain,
    make_items,
    means_of,
    state_of,
)
from tiny_encoder import LayeredEncoder

STEPS_BEFORE = STEPS_AFTER = 10  # the prototypes are initialized


def run(brain, steps, draws):
    brain.on_stage_start(sb.Stage.TRAIN, 1)
    brain._lgc_means = MeanMeter()
    brain.modules.train()
    for draws.step in steps:
        halves = draws.halves
        fit(brain, [i for h in halves for i in make_items(draws.step, h, True)])
    return {"state": state_of(brain), "means": means_of(brain)}


def prototype_batches(brain):
    """Four batches, of which a process has its share."""
    for number in range(get_rank(), 4, get_world_size()):
        batch = collate_clips(make_items(1000 + number, 0, True))
        yield brain.lgc_batch_of(batch)


def learn(folder: Path, in_loop: bool) -> None:
    several = get_world_size() > 1
    draws = SplitDraws()
    draws.install()
    draws.halves = [get_rank()] if several else [0, 1]
    brain = make_brain(
        seed=get_rank(),  # the processes start apart
        distributed_launch=several,
        distributed_backend="gloo",
        frame_encoder=LayeredEncoder(dropout=0.0) if in_loop else None,
        in_loop={"trainable_layers": 1} if in_loop else None,
    )
    last = STEPS_BEFORE + STEPS_AFTER
    learned = {"before": run(brain, range(STEPS_BEFORE), draws)}
    brain.modules.lgc.init_prototypes(prototype_batches(brain), seed=0)
    learned["initial"] = brain.modules.lgc.bank.prototypes.clone()
    learned["after"] = run(brain, range(STEPS_BEFORE, last), draws)
    name = f"{get_world_size()}-{get_rank()}.pt"
    torch.save(learned, folder / name)


def main(folder: Path) -> None:
    init_process_group(RunOptions(device="cpu"))
    learn(folder / "plain", in_loop=False)
    learn(folder / "in_loop", in_loop=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
