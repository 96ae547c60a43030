#!/usr/bin/env python3
"""A plain CRNN on few recordings, without this package, to compare with.

    python benchmarks/plain_crnn.py RECORDINGS --labeled A B --test C D

Three 3x3 convolutions with batch norm, mel bins pooled, time halved, a
bidirectional GRU; random windows of 2 s of whole recordings. Prints how many
frames of 8 ms of each recording have a wrong set of notes, and how many there
are, as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf
import torch
from torch import Tensor, nn
from torchaudio.transforms import MelSpectrogram

FRAME = 0.008  # s
WINDOW = 250  # frames, of 2 s
N_WINDOWS = 12
RATE = 32000


class PlainCRNN(nn.Module):
    """Maps (B, 64, 2 T) log mels to (B, T, C) logits."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        blocks = []
        for n_in, n_out, time in ((1, 16, 2), (16, 32, 1), (32, 64, 1)):
            blocks += [
                nn.Conv2d(n_in, n_out, 3, padding=1),
                nn.BatchNorm2d(n_out),
                nn.ReLU(),
                nn.MaxPool2d((4, time)),
            ]
        self.blocks = nn.Sequential(*blocks)
        self.rnn = nn.GRU(64, 96, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(192, n_classes)

    def forward(self, mels: Tensor) -> Tensor:
        """The logits."""
        x = self.blocks(mels.unsqueeze(1)).squeeze(2)
        return self.head(self.dropout(self.rnn(x.transpose(1, 2))[0]))


def read(
    folder: Path, names: Sequence[str], notes: pd.DataFrame
) -> list[tuple[Tensor, Tensor]]:
    """Log mels (64, 2 T) and notes (T, C) of each recording."""
    mel = MelSpectrogram(RATE, 512, 512, hop_length=128, n_mels=64)
    labels = sorted(notes.event_label.unique())
    read = []
    for name in names:
        samples, rate = sf.read(folder / "audio" / name, dtype="float32")
        if rate != RATE:
            raise ValueError(f"{name} has {rate} Hz, not {RATE}")
        levels = mel(torch.from_numpy(samples)).add(1e-8).log()
        n_frames = levels.shape[1] // 2
        middles = (np.arange(n_frames) + 0.5) * FRAME
        truth = torch.zeros(n_frames, len(labels))
        for note in notes[notes.filename == name].itertuples():
            inside = (middles >= note.onset) & (middles < note.offset)
            truth[inside, labels.index(note.event_label)] = 1
        read.append((levels[:, : 2 * n_frames], truth))
    return read


def train(
    data: Sequence[tuple[Tensor, Tensor]], steps: int, lr: float, seed: int
) -> PlainCRNN:
    """A network trained on random windows, with one cycle of its rate."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = PlainCRNN(data[0][1].shape[1])
    optimizer = torch.optim.Adam(network.parameters())
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for _ in range(steps):
        mels, truth = [], []
        for i in rng.integers(len(data), size=N_WINDOWS):
            start = int(rng.integers(max(1, len(data[i][1]) - WINDOW + 1)))
            mels.append(data[i][0][:, 2 * start : 2 * (start + WINDOW)])
            truth.append(data[i][1][start : start + WINDOW])
        loss = nn.functional.binary_cross_entropy_with_logits(
            network(torch.stack(mels)), torch.stack(truth)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        cycle.step()
    return network.eval()


def main(words: Sequence[str]) -> int:
    """Trains, tests and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recordings", type=Path)
    parser.add_argument("--labeled", nargs="+", required=True)
    parser.add_argument("--test", nargs="+", required=True)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(words)
    notes = pd.read_csv(options.recordings / "notes.tsv", sep="\t")
    data = read(options.recordings, options.labeled, notes)
    levels = torch.cat([mels for mels, _ in data], dim=1)
    mean, deviation = levels.mean(1, keepdim=True), levels.std(1, keepdim=True)
    data = [((mels - mean) / deviation, truth) for mels, truth in data]
    network = train(data, options.steps, options.lr, options.seed)
    counts = {}
    with torch.no_grad():
        test = read(options.recordings, options.test, notes)
        for name, (mels, truth) in zip(options.test, test, strict=True):
            found = network((mels - mean)[None] / deviation)[0] > 0
            wrong = (found != truth.bool()).any(1)
            counts[name] = int(wrong.sum()), len(wrong)
    print(json.dumps(counts))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
