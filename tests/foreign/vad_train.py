"""Trains a small detector: python vad_train.py vad.yaml (or frozen.yaml)."""

import sys

import speechbrain as sb
import torch
import torch.distributed.nn  # its defaults keep a group that is there by then
from hyperpyyaml import load_hyperpyyaml
from speechbrain.dataio.dataset import DynamicItemDataset


def make_clip(seed, sample_rate, hop):
    """Noise with bursts of a tone; samples (N,) and labels per frame (T,)."""
    generator = torch.Generator().manual_seed(seed)
    n_frames = int(torch.randint(40, 71, (1,), generator=generator))
    labels = torch.zeros(n_frames)
    for start in torch.randint(0, n_frames - 10, (2,), generator=generator):
        labels[start : start + 10] = 1.0
    n_samples = (n_frames - 1) * hop
    time = torch.arange(n_samples) / sample_rate
    loud = labels[torch.arange(n_samples) // hop]
    noise = 0.05 * torch.randn(n_samples, generator=generator)
    return noise + 0.2 * loud * torch.sin(2 * torch.pi * 700 * time), labels


def make_dataset(first_seed, n_labeled, n_unlabeled, hparams):
    """Labeled clips, then clips whose labels nobody wrote down."""
    rate = hparams["sample_rate"]
    hop = rate * hparams["hop_ms"] // 1000
    clips = {
        f"clip{first_seed + i}": {
            "seed": first_seed + i,
            "labeled": i < n_labeled,
        }
        for i in range(n_labeled + n_unlabeled)
    }

    @sb.utils.data_pipeline.takes("seed", "labeled")
    @sb.utils.data_pipeline.provides("sig", "target")
    def read(seed, labeled):
        samples, labels = make_clip(seed, rate, hop)
        yield samples
        yield labels if labeled else torch.zeros_like(labels)

    keys = ["id", "sig", "target", "labeled"]
    return DynamicItemDataset(clips, [read], keys)


def main(arguments):
    """Runs the recipe; returns the Brain."""
    hparams_file, run_options, overrides = sb.parse_arguments(arguments)
    sb.utils.distributed.ddp_init_group(run_options)
    with open(hparams_file, encoding="utf-8") as file:
        hparams = load_hyperpyyaml(file, overrides)
    sb.create_experiment_directory(
        hparams["output_folder"], hparams_file, overrides
    )
    train = make_dataset(
        0, hparams["n_labeled"], hparams["n_unlabeled"], hparams
    )
    valid = make_dataset(1000, hparams["n_valid"], 0, hparams)
    if "pretrainer" in hparams:
        hparams["pretrainer"].collect_files()
    brain = hparams["brain_class"](
        hparams["modules"],
        hparams["opt_class"],
        hparams,
        run_options,
        hparams["checkpointer"],
    )
    if "pretrainer" in hparams:
        hparams["pretrainer"].load_collected()
    brain.fit(
        hparams["epoch_counter"],
        train,
        valid,
        train_loader_kwargs=hparams["train_loader_options"],
        valid_loader_kwargs=hparams["valid_loader_options"],
    )
    return brain


if __name__ == "__main__":
    main(sys.argv[1:])
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
