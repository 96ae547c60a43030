"""Files of tiny random BEATs, without a download."""

from unittest.mock import patch

import torch
from speechbrain.lobes.models import beats
from torch import nn

CONFIG = {
    "encoder_layers": 3,
    "encoder_embed_dim": 16,
    "embed_dim": 8,
    "encoder_ffn_embed_dim": 32,
    "encoder_attention_heads": 2,
    "conv_pos": 8,
    "conv_pos_groups": 2,
    "relative_position_embedding": True,
    "num_buckets": 8,
    "max_distance": 16,
    "gru_rel_pos": True,
    "deep_norm": True,
    "dropout": 0.5,
    "dropout_input": 0.5,
}


def make_network(seed=0, **changes):
    torch.manual_seed(seed)
    config = CONFIG | changes
    with patch.object(
        beats, "BEATsConfig", return_value=beats.BEATsConfig(config)
    ):
        network = beats.BEATs(freeze=True)
    # Initial biases are 0, and attention hardly differs from a mean.
    for parameter in network.parameters():
        nn.init.normal_(parameter.data, std=0.3)
    return network, config


def make_file(folder, seed=0, **changes):
    network, config = make_network(seed, **changes)
    path = folder / f"beats{seed}.pt"
    torch.save({"cfg": config, "model": network.state_dict()}, path)
    return path
