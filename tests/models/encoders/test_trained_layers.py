"""The last layers of each encoder learn in the loop, and nothing else does."""

import pytest
import torch

from lgc_plugin.models.encoders import (
    BEATs,
    EncoderInLoop,
    TransformersEncoder,
    YAMNet,
)
from lgc_plugin.types import SEDBatch
from tiny_beats import make_file
from tiny_transformers import KINDS, make_folder
from yamnet_files import random_weights, write_keras


def make_encoder(folder, name):
    if name == "YAMNet":
        write_keras(folder / "yamnet.h5", random_weights())
        return YAMNet(str(folder / "yamnet.h5"))
    if name == "BEATs":
        return BEATs(make_file(folder, layer_wise_gradient_decay_ratio=0.5))
    return TransformersEncoder(make_folder(folder, name))


def gradients(encoder, trained, checkpointing=False):
    """Of a sum of embeddings in training mode, by name of the parameter."""
    in_loop = EncoderInLoop(encoder, trained, checkpointing).train()
    torch.manual_seed(0)
    batch = SEDBatch(torch.zeros(1), wavs=torch.randn(1, 4800), padded=False)
    mels = torch.ones(1, 1, 6)
    found = in_loop(batch.with_features(mels, 2, 1600, keep_wavs=True))
    (found * torch.randn(found.shape)).sum().backward()
    return {n: p.grad for n, p in encoder.named_parameters()}


@pytest.mark.parametrize("name", ["YAMNet", "BEATs", *KINDS])
def test_gradients_reach_the_last_layers_alone(tmp_path, name):
    encoder = make_encoder(tmp_path, name)
    layers = encoder.layers()
    for trained in (1, 2):
        found = gradients(encoder, trained)
        last = layers[-trained:]
        expected = {id(p) for layer in last for p in layer.parameters()}
        names = {n for n, p in encoder.named_parameters() if id(p) in expected}
        reached = {n for n, g in found.items() if g is not None}
        assert reached <= names
        # Of each of these layers, some weight matters.
        for layer in last:
            own = [p.grad for p in layer.parameters() if p.grad is not None]
            assert own and any(bool(g.any()) for g in own)
        encoder.zero_grad()
        encoder.requires_grad_(False)
    again = gradients(make_encoder(tmp_path, name), 2, checkpointing=True)
    for key in reached:
        assert torch.equal(found[key], again[key]), key
