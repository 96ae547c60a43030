"""An encoder in the loop: shared where frozen, a copy each where trained."""

import copy

import pytest
import torch

from lgc_plugin.augment.cutmix import CutMixPlan
from lgc_plugin.lgc import LGC
from lgc_plugin.losses import cut_batch
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.models.encoders import (
    EncoderInLoop,
    embeddings_for,
    encoder_of,
    put_in_loop,
)
from lgc_plugin.models.mean_teacher import MeanTeacher
from lgc_plugin.types import SEDBatch
from tiny_encoder import LayeredEncoder, TinyEncoder

FRAME = 1024


def loop_batch(n_frames=12, lengths=None, seed=0):
    """Two clips that keep their waveforms."""
    torch.manual_seed(seed)
    wavs = 0.1 * torch.randn(2, n_frames * FRAME)
    for clip, length in enumerate(lengths or ()):
        wavs[clip, length:] = 0
    n_samples = torch.tensor(lengths or [wavs.shape[1]] * 2)
    batch = SEDBatch(
        torch.tensor([2, 0]),
        frame_labels=torch.rand(2, 3, n_frames).round(),
        wavs=wavs,
        n_samples=n_samples,
        wav_lengths=None if lengths is None else tuple(lengths),
        padded=lengths is not None,
        kinds=(2, 0),
    )
    mels = torch.rand(2, 8, 4 * n_frames)
    return batch.with_features(mels, 4, FRAME, keep_wavs=True)


def small_network(**options):
    torch.manual_seed(3)
    return CRNN(
        *(3, 8, (4,), ((4, 8),)),
        rnn_size=4,
        rnn_layers=1,
        embedding_dim=4,
        dropout=0.0,
        encoder_size=6,
        encoder_dropout=0.0,
        **options,
    )


@pytest.mark.parametrize("lengths", [None, [12 * FRAME, 5000]])
@pytest.mark.parametrize("trained", [0, 1, 2])
def test_unchanged_clips_have_the_embeddings_that_are_stored(lengths, trained):
    batch, encoder = loop_batch(lengths=lengths), LayeredEncoder()
    stored = embeddings_for(encoder, batch.wavs, lengths, 12, 0.064)
    found = EncoderInLoop(encoder, trained).eval()(batch)
    assert torch.equal(found, stored)
    assert found.requires_grad == bool(trained)


def test_a_cut_clip_has_the_embeddings_of_waveforms_cut_by_hand(monkeypatch):
    batch, encoder = loop_batch(), LayeredEncoder()
    network = put_in_loop(small_network(), encoder).eval()
    given = []
    network.register_forward_pre_hook(
        lambda _, __, options: given.append(options["embeddings"]),
        with_kwargs=True,
    )
    span = torch.zeros(2, 12, dtype=torch.bool)
    span[0, 3:7] = True
    plan = CutMixPlan(torch.tensor([1, 0]), span)
    monkeypatch.setattr(cut_batch, "draw_cutmix", lambda *_, **__: plan)
    lgc = LGC(network, embedding_dim=4, consistency_weight=0)
    lgc(network, batch, lgc.run(network, batch))
    by_hand = batch.wavs.clone()
    by_hand[0, 3 * FRAME : 7 * FRAME] = batch.wavs[1, 3 * FRAME : 7 * FRAME]
    student, teacher, cut = given
    whole = embeddings_for(encoder, batch.wavs, None, 12, 0.064)
    assert torch.equal(student, whole) and torch.equal(teacher, whole)
    assert torch.equal(cut, embeddings_for(encoder, by_hand, None, 12, 0.064))
    # Unlike embeddings that are cut, where the encoder's window is long.
    assert not torch.equal(cut[0, :, 2], whole[0, :, 2])


def test_clips_of_unknown_length_are_encoded_whole_and_masked():
    batch, encoder = loop_batch(lengths=[12 * FRAME, 5 * FRAME]), TinyEncoder()
    rolled = batch.roll(torch.tensor([0, 3]))
    found = EncoderInLoop(encoder)(rolled)
    whole = embeddings_for(encoder, rolled.wavs, None, 12, 0.064)
    assert torch.equal(found[0], whole[0])
    assert torch.equal(found[1, :, 3:8], whole[1, :, 3:8])
    assert not found[1, :, :3].any() and not found[1, :, 8:].any()


@pytest.mark.parametrize("trained", [0, 1, 2])
def test_gradients_reach_exactly_the_last_layers(trained):
    batch, encoder = loop_batch(), LayeredEncoder()
    network = put_in_loop(small_network(), encoder, trainable_layers=trained)
    network.train()
    lgc = LGC(network, embedding_dim=4)
    output = lgc.run(network, batch)
    (lgc(network, batch, output).total + output.frame.mean()).backward()
    learning = {
        id(p) for b in encoder.blocks[2 - trained :] for p in [*b.parameters()]
    }
    if not trained:
        learning = set()
    for name, parameter in encoder.named_parameters():
        has = parameter.grad is not None and bool(parameter.grad.any())
        assert has == (id(parameter) in learning), name
        assert parameter.requires_grad == (id(parameter) in learning)
    assert {id(p) for p in network.encoder.parameters()} == learning
    # Dropout works in the layers that learn alone.
    assert [b.training for b in encoder.blocks] == [
        n >= 2 - trained for n in range(2)
    ]
    assert not encoder.norm.training and not encoder.levels.training


def test_rounding_leaves_the_gradient_as_it_is():
    batch, encoder = loop_batch(), LayeredEncoder(frame_seconds=0.064)
    in_loop = EncoderInLoop(encoder, 1).eval()
    weight = encoder.blocks[1][0].weight
    target = torch.randn(2, 6, 12)
    (rounded,) = torch.autograd.grad((in_loop(batch) * target).sum(), weight)
    exact = (encoder(batch.wavs) * target).sum()
    (expected,) = torch.autograd.grad(exact, weight)
    torch.testing.assert_close(rounded, expected)


def test_checkpointing_has_the_same_gradients():
    gradients = []
    for checkpointing in (False, True):
        encoder = LayeredEncoder(dropout=0.4)
        in_loop = EncoderInLoop(encoder, 2, checkpointing).train()
        torch.manual_seed(8)
        loss = in_loop(loop_batch()).square().mean() * 100
        loss.backward()
        gradients.append([p.grad for p in in_loop.parameters()])
    for plain, again in zip(*gradients, strict=True):
        assert plain.any() and torch.equal(plain, again)


def test_checkpointed_layers_of_a_copy_are_its_own():
    in_loop = EncoderInLoop(LayeredEncoder(dropout=0.0), 1, checkpointing=True)
    copied = copy.deepcopy(in_loop)
    batch = loop_batch()
    assert torch.equal(copied(batch), in_loop(batch))
    with torch.no_grad():
        for parameter in copied.parameters():
            parameter.zero_()
    assert not torch.equal(copied(batch), in_loop(batch))


@pytest.mark.parametrize("trained", [0, 1])
def test_student_and_teacher_share_what_is_frozen(trained):
    encoder = LayeredEncoder()
    network = put_in_loop(small_network(), encoder, trainable_layers=trained)
    teacher = MeanTeacher(network, decay=0.9)
    other = teacher.network.encoder.whole
    assert (other is encoder) == (trained == 0)
    before = {n: p.clone() for n, p in encoder.named_parameters()}
    twin = copy.deepcopy(encoder.blocks[1])
    for _ in range(3):
        with torch.no_grad():
            for parameter in network.encoder.parameters():
                parameter.add_(torch.randn_like(parameter))
        teacher.update(network)
        rate = max(1 / teacher.step, 0.1)
        for mine, theirs in zip(
            twin.parameters(), encoder.blocks[1].parameters(), strict=True
        ):
            mine.data = rate * theirs.data + (1 - rate) * mine.data
    shared = {id(p) for p in encoder.parameters()}
    learning = {id(p) for p in network.encoder.parameters()}
    for name, parameter in other.named_parameters():
        if name.startswith("blocks.1") and trained:
            assert id(parameter) not in shared
            expected = twin.get_parameter(name.removeprefix("blocks.1."))
            torch.testing.assert_close(parameter, expected)
        else:
            assert id(parameter) in shared - learning, name
            assert torch.equal(parameter, before[name])


@pytest.mark.parametrize("trained", [0, 2])
def test_a_state_holds_the_trained_layers_alone(trained):
    plain = small_network().state_dict()
    network = put_in_loop(small_network(), LayeredEncoder(), True, trained)
    lgc = LGC(network, n_classes=3, embedding_dim=4)
    own = {n for n in network.state_dict() if n not in plain}
    names = {
        f"encoder.layers.{i}.0.{p}" for i in (0, 1) for p in ("weight", "bias")
    }
    assert own == (names if trained else set())
    of_teacher = {f"teacher.network.{n}" for n in own}
    assert {n for n in lgc.state_dict() if ".encoder." in n} == of_teacher
    again = put_in_loop(small_network(), LayeredEncoder(), True, trained)
    changed = {n: t + 1 for n, t in network.state_dict().items()}
    again.load_state_dict(changed)
    if trained:
        added = again.encoder.whole.blocks[0][0].bias - 1
        first = network.encoder.whole.blocks[0][0].bias
        torch.testing.assert_close(added, first)


def test_the_average_of_half_precision_is_kept_in_float32():
    encoder = LayeredEncoder()
    network = put_in_loop(small_network(), encoder, True, 1)
    network.encoder.layers.bfloat16()
    teacher = MeanTeacher(network)
    kept = [b for n, b in teacher.named_buffers() if "average" in n]
    assert len(kept) == 2 and {b.dtype for b in kept} == {torch.float32}


def test_the_fingerprint_is_of_the_weights_before_training():
    encoder = LayeredEncoder()
    network = put_in_loop(small_network(), encoder, True, 1)
    with torch.no_grad():
        network.encoder.layers[0][0].bias.add_(1)
    assert encoder.fingerprint == LayeredEncoder().fingerprint


def test_what_cannot_be_is_refused():
    network = small_network()
    with pytest.raises(ValueError, match="no layers of TinyEncoder"):
        put_in_loop(network, TinyEncoder(), True, 1)
    with pytest.raises(ValueError, match="is 3, but LayeredEncoder has 2"):
        put_in_loop(network, LayeredEncoder(), True, 3)
    tied = LayeredEncoder()
    tied.blocks[1][0].weight = tied.blocks[0][0].weight
    with pytest.raises(ValueError, match="share parameters: train all 2"):
        put_in_loop(network, tied, True, 1)
    with pytest.raises(ValueError, match="there is no frame_encoder"):
        put_in_loop(network, None, True)
    with pytest.raises(ValueError, match="set encoder_in_loop to true"):
        put_in_loop(network, LayeredEncoder(), False, 1)
    assert put_in_loop(network, None, False) is network
    assert encoder_of(network) is None
    lgc = LGC(network, embedding_dim=4)
    with pytest.raises(ValueError, match="the network has none"):
        lgc.run(network, loop_batch())
