"""Runs without data, and runs to debug."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from speechbrain.utils.distributed import run_on_main

from lgc_plugin.data.soundscapes.generate import make_toy_dataset, toy_root
from lgc_plugin.data.soundscapes.options import COUNTS, SoundscapeOptions
from lgc_plugin.utils.distributed import launch_rank
from lgc_plugin.utils.hparams import (
    RecipeArguments,
    parse_recipe_arguments,
    read_plain,
)

NO_DATA = (
    "No --data_folder given: training on the toy dataset, whose sounds are "
    "made by code, with the small profile. They are clear and do not overlap: "
    "the scores show that everything works; they are not DESED's."
)
DEBUG_CLIPS, DEBUG_SOUNDS, DEBUG_BATCH = 30, 6, 3


def parse_with_fallback(
    words: list[str],
) -> tuple[RecipeArguments, dict[str, Any]]:
    """The command line; without data, on top of the small profile.

    Arguments
    ---------
    words : list[str]
        The words behind the script's name.

    Returns
    -------
    RecipeArguments
    dict[str, Any]
        Plain values of the hparams file, with the overrides.
    """
    arguments = parse_recipe_arguments(words)
    file = arguments.hparams_file
    settings = read_plain(file, arguments.overrides)
    if settings["data_folder"] is None:
        if launch_rank() == 0:  # of several processes, only one prints
            print(NO_DATA, flush=True)
        mini = Path(file).with_name("mini.yaml")
        small = [file, f"--overrides={mini}", *words[1:]]
        arguments = parse_recipe_arguments(small)
        settings = read_plain(file, arguments.overrides)
    return arguments, settings


def make_soundscapes(settings: dict[str, Any], debug: bool) -> Path:
    """The toy dataset; a few clips of it to debug.

    Arguments
    ---------
    settings : dict[str, Any]
        Plain values of the hparams file.
    debug : bool
        Whether the run is a debug run.

    Returns
    -------
    Path
        Root of the data set.
    """
    sizes = settings["toy_dataset"]
    if debug:
        few = {k: min(v, DEBUG_CLIPS) for k, v in sizes.items() if k in COUNTS}
        sizes = {**sizes, **few, "sounds_per_class": DEBUG_SOUNDS}
    options = SoundscapeOptions(
        seed=settings["seed"],
        clip_seconds=settings["clip_seconds"],
        sample_rate=settings["sample_rate"],
        **sizes,
    )
    folder, n_jobs = settings["toy_folder"], settings["n_jobs"]
    run_on_main(
        make_toy_dataset, args=(folder, options), kwargs={"n_jobs": n_jobs}
    )
    return toy_root(folder, options)


def debug_overrides(settings: dict[str, Any]) -> dict[str, Any]:
    """Small batches, and a folder apart from the results of real runs.

    Arguments
    ---------
    settings : dict[str, Any]
        Plain values of the hparams file.

    Returns
    -------
    dict[str, Any]
    """
    sizes = settings["batch_sizes"].items()
    return {
        "output_folder": str(Path(settings["output_folder"]) / "debug"),
        # The paper's take minutes on a CPU.
        "batch_sizes": {name: min(size, DEBUG_BATCH) for name, size in sizes},
        "eval_batch_size": DEBUG_BATCH,
    }
