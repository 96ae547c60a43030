#!/usr/bin/env python3
"""Trains and tests a sound event detector with LGC on DESED.

    python recipes/DESED/train.py hparams/lgc.yaml --data_folder=/path/to/DESED

The folder may be one of lgc-sed dataset, too. Without one, soundscapes of
sounds made by code stand in, and the small profile (hparams/mini.yaml) applies.
"""

from __future__ import annotations

from lgc_plugin.utils.loading import check_versions
from lgc_plugin.utils.parallel import end_with_launcher

end_with_launcher()
check_versions()  # before PyTorch, which may be what fails to load

import shlex
import sys
import time
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import speechbrain as sb
from speechbrain.utils.distributed import if_main_process, run_on_main

from desed_prepare import prepare_desed
from finished_model import plan_model, write_finished_model
from left_out_terms import leave_out_terms
from lgc_plugin.data.loaders import loader_options
from lgc_plugin.data.preparation import Preparation
from lgc_plugin.inference.model.hparams_settings import parse_arguments
from lgc_plugin.report.run_report import write_run_page
from lgc_plugin.training.brain import LGCBrain
from lgc_plugin.training.imported_run import check_imported
from lgc_plugin.training.resume import check_same_run
from lgc_plugin.training.run_log import EnergyMeter, start_log
from lgc_plugin.training.schedule import steps_per_epoch
from lgc_plugin.utils.distributed import (
    destroy_process_group,
    get_world_size,
    init_process_group,
    launch_rank,
)
from lgc_plugin.utils.files import DiskFullError
from lgc_plugin.utils.hparams import (
    hparams_text,
    load_hparams,
    read_plain,
    save_hparams,
)
from lgc_plugin.utils.locks import lock_file
from lgc_plugin.utils.text import one_line
from own_recordings import is_own, load_own
from pretrained_encoder import check_encoder, check_keys, check_weights
from scored_sets import score_sets, scorers, validate_with
from small_runs import debug_overrides, make_soundscapes, parse_with_fallback


def prepare(
    settings: dict[str, Any], debug: bool, given: Collection[str]
) -> Preparation:
    """Manifests of the data, or of the toy dataset if there are none."""
    folder = settings["data_folder"] or make_soundscapes(settings, debug)
    if is_own(folder):
        data = load_own(folder, settings, given)
        leave_out_terms(settings)
        return data
    manifests = Path(settings["output_folder"]) / "manifests"
    keys = (
        "sample_rate labels weak_validation_share seed use_strong_real "
        "public_eval batch_sizes resampled_folder cache_folder n_jobs skip_prep"
    )
    options = {key: settings[key] for key in keys.split()}
    run_on_main(
        prepare_desed,
        args=(folder, manifests),
        kwargs={**options, **settings["data_paths"]},
    )
    leave_out_terms(settings)
    return Preparation.load(manifests, folder)


def command_line(words: list[str]) -> str:
    """What repeats a run, with as many processes."""
    count = get_world_size()
    start = (
        ["torchrun", f"--nproc_per_node={count}"] if count > 1 else ["python"]
    )
    return shlex.join([*start, sys.argv[0], *words])


def main(words: list[str]) -> int:
    """Runs the recipe, one at a time in a folder; returns the exit status."""
    try:
        with ExitStack() as held:
            return run(words, held)
    except DiskFullError as error:
        print(f"train.py: error: {one_line(error)}", file=sys.stderr)
        return 1


def run(words: list[str], held: ExitStack) -> int:
    """Prepares, trains, tests; what is held is released when it ends."""
    if not words or words[0] in ("-h", "--help"):
        print(__doc__, "\nEvery key of the YAML file is an option.", sep="")
        return 0
    start = time.time()
    start_log()
    try:
        arguments, settings = parse_with_fallback(words)
        file, run_options, overrides = arguments
        if run_options.debug:
            overrides.update(debug_overrides(settings))
            settings = read_plain(file, overrides)
        folder = str(settings["output_folder"])
        if launch_rank() == 0:
            held.enter_context(lock_file(Path(folder) / ".lock", folder))
        run_options = init_process_group(run_options)
        before = dict(settings)
        data = prepare(settings, run_options.debug, overrides)
        # What follows from the sets that there are.
        overrides.update({k: v for k, v in settings.items() if v != before[k]})
        overrides["data_folder"] = str(data.data_root)
        settings["labels"] = overrides["labels"] = list(data.labels)
        steps = steps_per_epoch(
            settings["number_of_steps"], settings["number_of_epochs"]
        )
        settings["steps_per_epoch"] = steps
        text = hparams_text(file, overrides)
        made = parse_arguments(text)
        check_keys(made, overrides)
        check_weights(made)
        model = plan_model(made, folder)
        hparams = load_hparams(text)
        settings["frame_encoder"] = check_encoder(hparams)
        if not run_options.debug:
            same_run = (folder, settings)
            run_on_main(check_imported, args=same_run)
            run_on_main(check_same_run, args=(*same_run, False))
        options = loader_options(run_options, steps)
        loaders = hparams["make_loaders"](data, **options)
        metrics = scorers(hparams, settings, data)
        hparams["checkpointer"].set_aside_damaged(run_options.test_only)
        checkpoints = hparams["checkpointer"].list_checkpoints()
        if run_options.test_only and not checkpoints:
            raise ValueError(
                f"{hparams['save_folder']}: no checkpoint to test; train "
                "first, or give the --output_folder of a run"
            )
        sb.create_experiment_directory(folder)
        run_on_main(save_hparams, args=(folder, text))
        brain = LGCBrain(
            hparams["modules"],
            hparams["opt_class"],
            hparams,
            run_options,
            hparams["checkpointer"],
            prototype_loader=loaders["prototypes"],
        )
        if not run_options.debug:
            run_on_main(check_same_run, args=same_run)  # it begins: record it
    except (OSError, ValueError) as error:
        print(f"train.py: error: {one_line(error)}", file=sys.stderr)
        return 2

    # Only matters for checkpoints within an epoch (ckpt_interval_minutes).
    brain.checkpointer.add_recoverable("dataloader", loaders["train"])
    steps = len(loaders["train"]) // brain.grad_accumulation_factor
    hparams["lgc"].rampup_steps = hparams["rampup_epochs"] * steps
    validate_with(brain, metrics)
    measure = hparams["measure_energy"] and if_main_process()
    with EnergyMeter(measure) as meter:
        valid = loaders.get("valid", ())
        brain.fit(hparams["epoch_counter"], loaders["train"], valid)

    facts = {
        "seed": hparams["seed"],
        "device": brain.device,
        "processes": get_world_size(),
        "command": command_line(words),
        "energy_kwh": meter.kwh,
    }
    score_sets(brain, loaders, metrics, data, folder, start, **facts)
    write_finished_model(model, hparams, brain.tested_epoch)
    if hparams["write_report"]:
        run_on_main(write_run_page, args=(folder,))
    destroy_process_group()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
