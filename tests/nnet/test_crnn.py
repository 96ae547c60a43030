import pytest
import torch

from lgc_plugin.nnet.crnn import CRNN, GatedConvBlock

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


def test_clip_score_is_the_attention_mean_of_the_frames():
    network = CRNN(2, **SMALL).eval()
    features = torch.rand(1, 8, 24)
    output = network(features)
    x = network.blocks(features.transpose(1, 2).unsqueeze(1))
    x, _ = network.rnn(x.permute(0, 2, 1, 3).flatten(2))
    attention = network.attention_head(x).softmax(-1).clamp(1e-7, 1)[0]
    for c in range(2):
        weights = attention[:, c]
        frames = output.frame[0, c]
        expected = sum(f * w for f, w in zip(frames, weights, strict=True))
        expected = expected / sum(weights)
        torch.testing.assert_close(output.clip[0, c], expected)


def test_padding_has_no_say_in_the_clip_score():
    network = CRNN(2, **SMALL).eval()
    valid = torch.tensor([[True, True, False, False]])
    output = network(torch.rand(1, 8, 16), valid)
    frames = output.frame[..., :2]
    assert (output.clip >= frames.amin(-1) - 1e-6).all()
    assert (output.clip <= frames.amax(-1) + 1e-6).all()


def test_gate_multiplies_a_linear_map_by_a_sigmoid():
    block = GatedConvBlock(1, 3, (1, 1), dropout=0.0).eval()
    x = torch.rand(1, 1, 4, 4)
    hidden = block.norm(block.conv(x))
    weight = block.linear.weight[:, :, 0, 0]
    linear = torch.einsum("oc,bctf->botf", weight, hidden)
    linear = linear + block.linear.bias.view(1, -1, 1, 1)
    torch.testing.assert_close(block(x), linear * hidden.sigmoid())


def test_blocks_are_pooled_over_time_then_mel():
    network = CRNN(1, 8, filters=(4,), pooling=((1, 8),))
    assert network.time_pooling == 1
    assert network(torch.rand(1, 8, 7)).frame.shape == (1, 1, 7)


def test_wrong_pooling_is_refused():
    with pytest.raises(ValueError, match="1 filters but 2 poolings"):
        CRNN(1, 8, filters=(4,), pooling=((1, 2), (1, 2)))
    with pytest.raises(ValueError, match="leaves nothing of 8"):
        CRNN(1, 8, filters=(4,), pooling=((1, 16),))
