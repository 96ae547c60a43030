"""Twenty training steps of one process or of several, for test_distributed.

    torchrun --nproc_per_node=N tests/distributed_steps.py FOLDER

Every process writes what it has learned to FOLDER/<processes>-<rank>.pt.
"""

import sys
from pathlib import Path

import speechbrain as sb
import torch
from speechbrain.dataio.batch import PaddedBatch
from speechbrain.utils.run_opts import RunOptions

from lgc_plugin.lgc import TrainingClips
from lgc_plugin.utils.distributed import (
    get_rank,
    get_world_size,
    init_process_group,
)
from split_batches import SplitDraws, fit, make_brain, make_items, state_of

STEPS_BEFORE_BIRTH = STEPS_AFTER_BIRTH = 10


def run(brain, steps, draws):
    brain.on_stage_start(sb.Stage.TRAIN, 1)
    brain.modules.train()
    for draws.step in steps:
        halves = draws.halves
        fit(brain, [i for h in halves for i in make_items(draws.step, h, True)])
    return {"state": state_of(brain), "means": brain._means.read()}


def birth_clips(brain):
    """Four batches, of which a process has its share."""
    for number in range(get_rank(), 4, get_world_size()):
        batch = PaddedBatch(make_items(1000 + number, 0, True))
        clips = brain.prepare(batch, mix=False)
        yield TrainingClips(
            clips.mels, clips.label_kind, clips.frame_labels, clips.valid
        )


def main(folder: Path) -> None:
    init_process_group(RunOptions(device="cpu"))
    several = get_world_size() > 1
    draws = SplitDraws()
    draws.install()
    draws.halves = [get_rank()] if several else [0, 1]
    brain = make_brain(
        seed=get_rank(),  # the processes start apart
        distributed_launch=several,
        distributed_backend="gloo",
    )
    last = STEPS_BEFORE_BIRTH + STEPS_AFTER_BIRTH
    learned = {"before": run(brain, range(STEPS_BEFORE_BIRTH), draws)}
    brain.modules.lgc.init_prototypes(birth_clips(brain), seed=0)
    learned["initial"] = brain.modules.lgc.bank.prototypes.clone()
    learned["after"] = run(brain, range(STEPS_BEFORE_BIRTH, last), draws)
    name = f"{get_world_size()}-{get_rank()}.pt"
    torch.save(learned, folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
