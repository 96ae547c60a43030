import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import oracles
from lgc_plugin.models.crnn import CRNN, GatedConvBlock
from strategies import (
    default_precision,
    masks,
    precisions,
    random_tensor,
    seeds,
)

SMALL = {"n_mels": 8, "filters": (4, 6), "pooling": ((2, 2), (2, 4))}


@pytest.mark.parametrize("frames", [16, 17, 18, 19, 21])
def test_output_frames_are_input_frames_over_four(frames):
    output = CRNN(3, **SMALL)(torch.rand(2, 8, frames))
    assert output.frame.shape == (2, 3, frames // 4)
    assert output.clip.shape == (2, 3)
    assert output.embedding.shape == (2, frames // 4, 128)


def test_embeddings_are_unit_vectors_and_scores_probabilities():
    output = CRNN(3, **SMALL)(torch.rand(2, 8, 32))
    norms = output.embedding.norm(dim=-1)
    torch.testing.assert_close(norms, torch.ones_like(norms))
    for scores in (output.frame, output.clip):
        assert ((scores >= 0) & (scores <= 1)).all()


def scatter(module, seed):
    """Parameters and statistics far from their tame first values."""
    for i, tensor in enumerate(module.state_dict().values()):
        if tensor.is_floating_point():
            numbers = random_tensor(*tensor.shape, seed=seed + i)
            tensor.copy_(numbers.abs() if tensor.ndim == 1 else numbers)
    return module


@settings(max_examples=25)
@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 2),
    st.integers(1, 2),
    st.booleans(),
    precisions,
    seeds,
)
def test_block_equals_the_loop_over_cells(
    n_in, n_out, over_time, over_mel, training, dtype, seed
):
    with default_precision(dtype):
        block = GatedConvBlock(n_in, n_out, (over_time, over_mel), 0.0)
    block = scatter(block, seed).train(training)
    x = random_tensor(2, n_in, 5, 4, seed=seed).to(dtype)
    expected = oracles.gated_conv_block(copy.deepcopy(block), oracles.exact(x))
    result = block(x)
    assert result.shape == (2, n_out, 5 // over_time, 4 // over_mel)
    oracles.assert_exact(result, expected)


def test_running_statistics_are_nearly_those_of_the_last_batch():
    block = GatedConvBlock(1, 2, (1, 1), 0.0).double()
    x = random_tensor(3, 1, 4, 4, seed=0)
    block(x)
    hidden = block.conv(x).transpose(0, 1).flatten(1)
    variance = hidden.var(dim=1)
    oracles.assert_exact(block.norm.running_mean, 0.99 * hidden.mean(dim=1))
    oracles.assert_exact(block.norm.running_var, 0.01 + 0.99 * variance)


@st.composite
def heads_of_networks(draw):
    """A network that is all heads: its blocks and GRU pass nothing on."""
    dtype, seed = draw(precisions), draw(seeds)
    with default_precision(dtype):
        network = CRNN(
            draw(st.integers(1, 4)),
            4,
            filters=(2,),
            pooling=((2, 2),),
            rnn_size=2,
            rnn_layers=1,
            embedding_dim=draw(st.integers(1, 4)),
        )
    clips, frames = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    valid = draw(masks(clips, frames))
    # Sharp scores too: attention below its floor of 1e-7. In float32 these
    # would be rounding errors made large.
    scales = [1.0, 100.0] if dtype == torch.float64 else [1.0]
    scale = draw(st.sampled_from(scales))
    features = random_tensor(clips, 4, 2 * frames, seed=seed).to(dtype)
    network.attention_head.weight.data.mul_(scale)
    return network.eval(), features, valid


@settings(max_examples=30)
@given(heads_of_networks())
def test_network_equals_blocks_gru_and_heads_one_by_one(drawn):
    network, features, valid = drawn
    output = network(features, valid)
    assert all(part.dtype == features.dtype for part in output)
    exact = copy.deepcopy(network).double()
    x = oracles.exact(features).transpose(1, 2).unsqueeze(1)
    for block in exact.blocks:
        x = oracles.gated_conv_block(block, x)
    # To the GRU a frame is its channels, each with its mel bins.
    frames = [
        torch.cat([x[:, c, t] for c in range(x.shape[1])], dim=1)
        for t in range(x.shape[2])
    ]
    hidden, _ = exact.rnn(torch.stack(frames, dim=1))
    expected = oracles.heads(exact, hidden.detach(), valid)
    for fast, slow in zip(output, expected, strict=True):
        oracles.assert_exact(fast, slow)


def test_attention_has_a_floor():
    """Where every frame's attention is below it, all frames count alike."""
    torch.manual_seed(0)
    network = CRNN(2, **SMALL).eval()
    nn.init.normal_(network.attention_head.weight)
    nn.init.normal_(network.frame_head.weight, std=10.0)
    network.attention_head.bias.data = torch.tensor([11.0, -11.0])
    output = network(torch.rand(2, 8, 16))
    expected = output.frame[:, 1].mean(dim=-1)
    torch.testing.assert_close(output.clip[:, 1], expected)


def test_padding_does_not_affect_the_clip_score():
    network = CRNN(2, **SMALL).eval()
    valid = torch.tensor([[True, True, False, False]])
    output = network(torch.rand(1, 8, 16), valid)
    frames = output.frame[..., :2]
    assert (output.clip >= frames.amin(-1) - 1e-6).all()
    assert (output.clip <= frames.amax(-1) + 1e-6).all()


def test_mel_bins_are_normalized_by_those_of_training():
    torch.manual_seed(0)
    network = CRNN(2, **SMALL, mel_norm="global")
    for _ in range(200):
        network(torch.rand(16, 8, 32) * torch.arange(1.0, 9.0)[:, None])
    plain = CRNN(2, **SMALL)
    missing = plain.load_state_dict(network.state_dict(), strict=False)
    assert not missing.missing_keys
    features = torch.rand(3, 8, 16)
    size = torch.arange(1.0, 9.0)[:, None]
    expected = (features - size / 2) / (size / 12**0.5)
    for found, wanted in zip(
        network.eval()(features), plain.eval()(expected), strict=True
    ):
        torch.testing.assert_close(found, wanted, atol=0.02, rtol=0)


def test_blocks_are_pooled_over_time_then_mel():
    network = CRNN(1, 8, filters=(4,), pooling=((1, 8),))
    assert network.time_pooling == 1
    assert network(torch.rand(1, 8, 7)).frame.shape == (1, 1, 7)


def test_wrong_pooling_is_refused():
    with pytest.raises(ValueError, match="1 filters but 2 poolings"):
        CRNN(1, 8, filters=(4,), pooling=((1, 2), (1, 2)))
    with pytest.raises(ValueError, match="leaves nothing of 8"):
        CRNN(1, 8, filters=(4,), pooling=((1, 16),))
