"""``lgc-sed embed``: embeddings of a training's clips, ahead of it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from functools import lru_cache, partial
from multiprocessing import current_process
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lgc_plugin.utils.text import printable

if TYPE_CHECKING:
    from lgc_plugin.data.embedding_cache import EmbeddingCache, Shard
    from lgc_plugin.data.encoder import EventEncoder
    from lgc_plugin.data.packed_clips import ClipFiles

_DESCRIPTION = """\
Computes the embeddings that a training with a pretrained encoder needs, and
keeps them in its cache_folder, where the training finds them. Take the words
of the training, and put this command in the place of the recipe: sample rate,
clip length and encoder are then the same. What is there already is not
computed again, so that a command that was stopped can be repeated.
"""
_EPILOG = """\
The clips are those of the manifests that the recipe wrote to
<output_folder>/manifests, or, with --data, all audio of some folders. Of
clips that are longer than clip_seconds the beginning is used, as in training.

--n_jobs=N uses N processes (here 1 unless given, which uses all cores);
--device=cuda uses a GPU, or with several processes a GPU each. Without a
data_folder, the recipe adds hparams/mini.yaml: do so here too.

examples:
  lgc-sed embed hparams/lgc.yaml --overrides=hparams/lgc_yamnet.yaml \\
      --encoder_weights=yamnet.h5 --data_folder=/path/to/DESED --n_jobs=2
  lgc-sed embed --data /path/to/DESED/audio/train/weak hparams/lgc.yaml \\
      --overrides=hparams/lgc_beats.yaml --encoder_weights=beats.pt
"""


class Job(NamedTuple):
    """What was asked for, for each process."""

    #: The words of the recipe
    words: tuple[str, ...]
    #: Folders of audio; none: the manifests of the run
    folders: tuple[str, ...]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "embed",
        help="compute the embeddings of a training ahead of it",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="DIR",
        help="folder of audio, before the words of the recipe; may be given "
        "several times",
    )
    parser.add_argument(
        "words",
        nargs=argparse.REMAINDER,
        metavar="HPARAMS ...",
        help="YAML file of the experiment, [--overrides=FILE ...] [--key=value "
        "...]: the words of the recipe",
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from lgc_plugin.utils.hparams import parse_recipe_arguments, read_plain

    job = Job(tuple(args.words), tuple(args.data))
    file, options, overrides = parse_recipe_arguments(job.words)
    n_jobs = read_plain(file, overrides)["n_jobs"]
    n_jobs = 1 if n_jobs is None else n_jobs
    if not isinstance(n_jobs, int) or n_jobs < 1:
        raise ValueError(f"n_jobs is {n_jobs}: give 1 or more")
    progress = not options.noprogressbar
    cache = _open_cache(job)
    plan = cache.plan(progress)
    folder = printable(cache.files.folder)
    print(f"{folder}: {plan}", flush=True)
    if not plan.shards:
        return 0
    start = time.time()
    if n_jobs == 1:
        cache.compute(plan.shards, progress)
    else:
        _compute(job, plan.shards, n_jobs, progress)
    seconds = time.time() - start
    print(
        f"done in {seconds:.1f} s, {plan.seconds / seconds:.1f} times real time"
    )
    return 0


def _compute(
    job: Job, shards: list[Shard], n_jobs: int, progress: bool
) -> None:
    """Computes in processes that make the encoder each for itself."""
    from lgc_plugin.utils.parallel import parallel_map

    parallel_map(
        partial(_write, job, n_jobs),
        shards,
        n_jobs=n_jobs,
        description="embeddings",
        unit="file",
        progress=progress,
    )


def _write(job: Job, n_jobs: int, shard: Shard) -> None:
    """In a process of its own: one file."""
    import torch

    from lgc_plugin.utils.parallel import available_cores

    torch.set_num_threads(max(1, available_cores() // n_jobs))
    _open_cache(job).write(shard)


@lru_cache(maxsize=1)
def _open_cache(job: Job) -> EmbeddingCache:
    from lgc_plugin.data.embedding_cache import EmbeddingCache
    from lgc_plugin.utils.hparams import (
        hparams_text,
        load_part,
        parse_recipe_arguments,
        read_plain,
    )

    file, options, overrides = parse_recipe_arguments(job.words)
    settings = read_plain(file, overrides)
    if settings.get("encoder_in_loop"):
        raise ValueError(
            "encoder_in_loop is true: such a training computes embeddings at "
            "each step, and keeps none"
        )
    if not settings.get("cache_folder"):
        raise ValueError("there is no cache_folder: name one")
    # Clip lengths depend on no label, and the manifests have theirs.
    labels = {"labels": settings["labels"] or ["any"]}
    text = hparams_text(file, {**overrides, **labels})
    encoder = load_part(text, "frame_encoder")
    if encoder is None:
        raise ValueError(
            "there is no frame_encoder: choose one, as "
            "--overrides=hparams/lgc_yamnet.yaml does"
        )
    events = load_part(text, "encoder")
    return EmbeddingCache(
        _find_clips(job, settings, events),
        encoder,
        settings["cache_folder"],
        events.n_samples,
        _device(options.device),
    )


def _find_clips(
    job: Job, settings: Mapping[str, Any], encoder: EventEncoder
) -> dict[str, ClipFiles]:
    """The clips of the manifests, or of the folders of audio."""
    from lgc_plugin.data.loaders import files_to_cache
    from lgc_plugin.data.preparation import Preparation

    if job.folders:
        return {folder: _audio_of(folder, encoder) for folder in job.folders}
    folder = Path(settings["output_folder"]) / "manifests"
    try:
        data = Preparation.load(folder, settings["data_folder"])
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{folder}: no prepared data: the recipe writes manifests there "
            "when it begins; give its output_folder, or folders of audio "
            "(--data DIR, before the YAML file)"
        ) from None
    return files_to_cache(data, encoder, settings["batch_sizes"])


def _audio_of(folder: str, encoder: EventEncoder) -> ClipFiles:
    from lgc_plugin.data.audio_search import list_audio
    from lgc_plugin.data.packed_clips import ClipFiles

    paths = tuple(str(audio.path) for audio in list_audio(folder).values())
    if not paths:
        raise FileNotFoundError(f"{folder}: no audio in this folder")
    # Lengths are found when the files are read.
    seconds = (0.0,) * len(paths)
    return ClipFiles(paths, seconds, encoder.sample_rate, encoder.n_samples)


def _device(wanted: str | None) -> str:
    """A device that is there; of several processes, a GPU each."""
    import torch

    from lgc_plugin.inference.prediction import run_options

    name, _, number = current_process().name.rpartition("-")
    if wanted == "cuda" and name and number.isdigit():
        wanted = f"cuda:{(int(number) - 1) % max(1, torch.cuda.device_count())}"
    return run_options({"device": wanted})["device"]
