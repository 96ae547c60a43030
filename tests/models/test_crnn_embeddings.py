"""Embeddings of an encoder join what the convolutions give."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import oracles
from lgc_plugin.models.crnn import CRNN, GatedConvBlock
from lgc_plugin.models.dropout import Dropout
from lgc_plugin.models.encoders import align_embeddings
from strategies import (
    default_precision,
    masks,
    precisions,
    random_tensor,
    seeds,
)

SMALL = {"n_mels": 8, "filters": (4, 6), "pooling": ((2, 2), (2, 4))}


class NetworkBefore(nn.Module):
    """The parts of the network without an encoder, made in order."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(
            GatedConvBlock(1, 4, (2, 2), 0.5), GatedConvBlock(4, 6, (2, 4), 0.5)
        )
        # Dropout draws in the order of memory.
        self.blocks.to(memory_format=torch.channels_last)
        self.rnn = nn.GRU(6, 5, 2, batch_first=True, bidirectional=True)
        self.dropout = Dropout(0.5)
        self.frame_head = nn.Linear(10, 3)
        self.attention_head = nn.Linear(10, 3)
        self.projection = nn.Linear(10, 128)

    def forward(self, features):
        x = features.transpose(1, 2).contiguous()
        x = self.blocks(x.unsqueeze(-1).permute(0, 3, 1, 2))
        x, _ = self.rnn(x.permute(0, 2, 1, 3).flatten(2))
        x = self.dropout(x)
        return torch.sigmoid(self.frame_head(x)).transpose(1, 2)


def test_without_an_encoder_nothing_changes():
    torch.manual_seed(3)
    before = NetworkBefore()
    next_before = torch.rand(1)
    torch.manual_seed(3)
    network = CRNN(3, **SMALL, rnn_size=5)
    assert torch.equal(torch.rand(1), next_before)
    expected = before.state_dict()
    assert list(network.state_dict()) == list(expected)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, expected[name]), name
    features = torch.rand(2, 8, 32)
    torch.manual_seed(4)
    scores = before(features)
    next_before = torch.rand(1)
    torch.manual_seed(4)
    assert torch.equal(network(features).frame, scores)
    assert torch.equal(torch.rand(1), next_before)


@settings(max_examples=20)
@given(
    st.integers(1, 5),
    st.sampled_from([None, 1, 4]),
    st.sampled_from([(), (2, 3)]),
    masks(2, 4),
    precisions,
    seeds,
)
def test_fusion_equals_the_sums_one_by_one(
    size, fusion_size, filters, valid, dtype, seed
):
    pooling = ((2, 2), (1, 4)) if filters else ((2, 4),)
    with default_precision(dtype):
        network = CRNN(
            2,
            8,
            filters,
            pooling,
            rnn_size=2,
            rnn_layers=1,
            embedding_dim=3,
            encoder_size=size,
            fusion_size=fusion_size,
        ).eval()
    for i, tensor in enumerate(network.embedding_norm.state_dict().values()):
        tensor.copy_(random_tensor(*tensor.shape, seed=seed + i))
    features = random_tensor(2, 8, 8, seed=seed).to(dtype)
    embeddings = random_tensor(2, size, 4, seed=seed + 1).to(dtype)
    output = network(features, valid, embeddings)
    exact = copy.deepcopy(network).double()
    x = oracles.exact(features).transpose(1, 2).unsqueeze(1)
    x = oracles.blocks(exact, x)
    fused = oracles.fusion(exact, x, oracles.exact(embeddings))
    default = x.shape[1] * x.shape[3] if filters else size
    assert fused.shape == (2, 4, fusion_size or default)
    hidden, _ = exact.rnn(fused)
    expected = oracles.heads(exact, hidden.detach(), valid)
    for fast, slow in zip(output, expected, strict=True):
        oracles.assert_exact(fast, slow)


@pytest.mark.parametrize("n_embeddings", [1, 3, 8, 20])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_embeddings_at_another_rate_are_aligned(n_embeddings, dtype):
    network = CRNN(3, **SMALL, encoder_size=5).eval()
    features = torch.rand(2, 8, 32)
    embeddings = torch.randn(2, 5, n_embeddings).to(dtype)
    output = network(features, None, embeddings)
    aligned = align_embeddings(embeddings, 8)
    assert torch.equal(output.frame, network(features, None, aligned).frame)
    assert output.frame.shape == (2, 3, 8)


def test_dropout_acts_on_both_streams_before_they_are_joined():
    options = {"filters": (), "pooling": ((4, 8),), "dropout": 0.0}
    network = CRNN(3, 8, **options, encoder_size=63, encoder_dropout=0.75)
    seen = []
    network.fusion.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    arguments = torch.ones(8, 8, 64), None, torch.randn(8, 63, 16)
    network(*arguments)
    network.eval()(*arguments)
    dropped, kept = seen
    share = (dropped == 0).float().mean(dim=(0, 1))
    assert (share - 0.75).abs().amax() < 0.25
    left = dropped != 0
    torch.testing.assert_close(dropped[left], 4 * kept[left])


def test_gradients_reach_every_parameter_in_half_precision():
    network = CRNN(3, **SMALL, encoder_size=5)
    embeddings = torch.randn(2, 5, 8)
    with torch.autocast("cpu", torch.bfloat16):
        output = network(torch.rand(2, 8, 32), None, embeddings)
    assert all(part.dtype == torch.float32 for part in output)
    sum(part.square().sum() for part in output).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all(), name


def test_wrong_embeddings_are_refused():
    features, embeddings = torch.rand(2, 8, 32), torch.rand(2, 5, 8)
    network = CRNN(3, **SMALL, encoder_size=6)
    with pytest.raises(ValueError, match=r"of 6 numbers .* was given none: "):
        network(features)
    with pytest.raises(ValueError, match=r"of 6 numbers .* was given 5: "):
        network(features, None, embeddings)
    with pytest.raises(ValueError, match=r"of 0 numbers .* was given 5: "):
        CRNN(3, **SMALL)(features, None, embeddings)
    with pytest.raises(ValueError, match="neither filters nor an encoder"):
        CRNN(3, 8, filters=[], pooling=[(4, 8)])


def test_without_a_norm_the_embeddings_are_joined_as_they_are():
    """As the layer norm leaves those that are normed already."""
    normed = torch.nn.functional.layer_norm(torch.randn(2, 8, 5), (5,), eps=0)
    options = {**SMALL, "rnn_size": 5, "encoder_size": 5}
    network = CRNN(3, **options).eval()
    plain = CRNN(3, **options, encoder_norm=False).eval()
    names = plain.state_dict().keys()
    missing = plain.load_state_dict(
        {k: v for k, v in network.state_dict().items() if k in names}
    )
    assert not missing.missing_keys
    assert network.state_dict().keys() - names == {
        "embedding_norm.weight",
        "embedding_norm.bias",
    }
    features, embeddings = torch.rand(2, 8, 32), normed.transpose(1, 2)
    with torch.no_grad():
        expected = network(features, embeddings=embeddings).frame
        found = plain(features, embeddings=embeddings).frame
        scaled = plain(features, embeddings=3 * embeddings).frame
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    assert (found - scaled).abs().max() > 1e-3
