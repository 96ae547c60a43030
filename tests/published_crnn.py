"""The network of the DCASE baselines and of the LGC authors' code, stated
plainly: with their names, its gate a linear layer between two permutations.
With ``embedding_size``, as in 2023 and 2024: a linear layer on what the CNN
gives and the tokens of an encoder, averaged to as many frames.
"""

from __future__ import annotations

import copy
from collections import OrderedDict

import torch
from torch import Tensor, nn
from torchaudio.transforms import MelSpectrogram

PAPER_FILTERS = (16, 32, 64, 128, 128, 128, 128)
PAPER_POOLING = ((2, 2), (2, 2), *[(1, 2)] * 5)


class PublishedGLU(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        linear = self.linear(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return linear * torch.sigmoid(x)


class PublishedCNN(nn.Module):
    def __init__(self, filters, pooling) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        before = 1
        for i, (n, pool) in enumerate(zip(filters, pooling, strict=True)):
            layers[f"conv{i}"] = nn.Conv2d(before, n, 3, 1, 1)
            layers[f"batchnorm{i}"] = nn.BatchNorm2d(n, 1e-3, 0.99)
            layers[f"glu{i}"] = PublishedGLU(n)
            layers[f"dropout{i}"] = nn.Dropout(0.5)
            layers[f"pooling{i}"] = nn.AvgPool2d(pool)
            before = n
        self.cnn = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.cnn(x)


class PublishedRNN(nn.Module):
    def __init__(self, n_in: int, size: int, layers: int) -> None:
        super().__init__()
        self.rnn = nn.GRU(
            n_in, size, layers, batch_first=True, bidirectional=True
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.rnn(x)[0]


class PublishedCRNN(nn.Module):
    def __init__(
        self,
        n_classes: int = 10,
        n_mels: int = 128,
        filters=PAPER_FILTERS,
        pooling=PAPER_POOLING,
        rnn_size: int = 128,
        rnn_layers: int = 2,
        embedding_dim: int | None = 128,
        embedding_size: int | None = None,
    ) -> None:
        super().__init__()
        self.cnn = PublishedCNN(filters, pooling)
        bins = n_mels
        for _, mel in pooling:
            bins //= mel
        n_in = filters[-1] * bins
        self.rnn = PublishedRNN(n_in, rnn_size, rnn_layers)
        if embedding_size is not None:
            self.cat_tf = nn.Linear(n_in + embedding_size, n_in)
        self.dropout = nn.Dropout(0.5)
        self.dense = nn.Linear(2 * rnn_size, n_classes)
        self.dense_softmax = nn.Linear(2 * rnn_size, n_classes)
        self.projects = embedding_dim is not None
        if self.projects:
            self.cnn_proj_fc = nn.Linear(2 * rnn_size, embedding_dim)
            self.cnn_proj_bn = nn.BatchNorm1d(embedding_dim)  # never called

    def forward(
        self, mels: Tensor, tokens: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """(B, mel, T) to scores (B, C, T') and (B, C), embedding.

        Tokens are (B, E, N), for any N.
        """
        x = self.cnn(mels.transpose(1, 2).unsqueeze(1))
        batch, channels, frames, bins = x.shape
        x = x.permute(0, 2, 1, 3).reshape(batch, frames, channels * bins)
        if tokens is not None:
            x = torch.cat([x, published_pooling(tokens, frames)], dim=-1)
            x = self.cat_tf(self.dropout(x))
        x = self.dropout(self.rnn(x))
        strong = torch.sigmoid(self.dense(x))
        attention = torch.softmax(self.dense_softmax(x), dim=-1)
        attention = torch.clamp(attention, min=1e-7, max=1)
        weak = (strong * attention).sum(1) / attention.sum(1)
        embedding = None
        if self.projects:
            embedding = nn.functional.leaky_relu(self.cnn_proj_fc(x), 0.2)
            embedding = nn.functional.normalize(embedding, dim=-1)
        return strong.transpose(1, 2), weak, embedding


def published_pooling(tokens: Tensor, n_frames: int) -> Tensor:
    """(B, E, N) tokens as (B, T', E), one share of N after the other."""
    pooled = nn.functional.adaptive_avg_pool1d(tokens, n_frames)
    return pooled.transpose(1, 2)


class PublishedModule(nn.Module):
    """What a Lightning checkpoint's state dict is the state dict of."""

    def __init__(self, **network) -> None:
        super().__init__()
        n_mels = network.get("n_mels", 128)
        self.sed_student = PublishedCRNN(**network)
        self.sed_teacher = copy.deepcopy(self.sed_student)
        self.mel_spec = MelSpectrogram(
            sample_rate=16000,
            n_fft=2048,
            win_length=2048,
            hop_length=256,
            f_min=0,
            f_max=8000,
            n_mels=n_mels,
            window_fn=torch.hamming_window,
            wkwargs={"periodic": False},
            power=1,
        )


@torch.no_grad()
def published_module(seed: int = 0, **network) -> PublishedModule:
    """Two networks that have seen data, unlike fresh ones and each other."""
    n_mels = network.get("n_mels", 128)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = PublishedModule(**network)
        for part in (module.sed_student, module.sed_teacher):
            for value in part.parameters():
                value.mul_(1 + torch.rand_like(value))
                value.add_(0.1 * torch.randn_like(value))
            size = network.get("embedding_size")
            tokens = None if size is None else torch.rand(4, size, 50)
            part(torch.rand(4, n_mels, 64), tokens)  # the batch statistics
    return module.eval()


def lightning_checkpoint(module: nn.Module) -> dict:
    """What Lightning writes around a state dict."""
    return {
        "epoch": 187,
        "global_step": 22184,
        "pytorch-lightning_version": "1.6.5",
        "state_dict": module.state_dict(),
        "callbacks": {"ModelCheckpoint": {"best_model_score": torch.ones(())}},
        "optimizer_states": [{"state": {}, "param_groups": [{"lr": 1e-3}]}],
        "lr_schedulers": [],
        "hyper_parameters": {"training": {"n_epochs": 200}},
    }
