"""Embeddings are the same to the networks, stored or computed on the spot."""

import pytest
import speechbrain as sb
import torch

from host_reads import Readers
from lgc_plugin.augment import RandomVersions
from lgc_plugin.data.batch_loaders import collate_clips
from lgc_plugin.models.encoders import embeddings_for
from lgc_plugin.training.device_values import AsyncScalar
from oracles import rct
from split_batches import (
    ENCODER,
    fit,
    give_prototypes,
    make_brain,
    make_items,
    state_of,
)
from tiny_encoder import TinyEncoder

N = ENCODER.n_samples


def items_of(stored, lengths=(N,) * 5):
    """Five clips, with their embeddings where these are stored."""
    items, encoder = make_items(0, 0, False), TinyEncoder()
    for item, length in zip(items, lengths, strict=True):
        item["wav"][length:] = 0
        item["n_samples"] = length
        if stored:
            (embedded,) = encoder.embed(item["wav"][:length].unsqueeze(0))
            item["embeddings"] = embedded
    return items


@pytest.mark.parametrize(
    "lengths", [(N,) * 5, (N, 9000, N, 300, N), (9000, 300, 9000, 1, 8000)]
)
def test_stored_ones_are_those_computed(lengths):
    brain = make_brain(frame_encoder=TinyEncoder())
    given, made = (
        brain.prepare(collate_clips(items_of(stored, lengths)))
        for stored in (True, False)
    )
    n_frames = given.features.shape[-1] // ENCODER.pooling
    assert given.embeddings.shape == (5, 6, n_frames)
    assert torch.equal(given.embeddings, made.embeddings)
    for clip, length in enumerate(lengths):
        wav = items_of(False)[clip]["wav"][:length].unsqueeze(0)
        (alone,) = embeddings_for(
            TinyEncoder(), wav, None, n_frames, ENCODER.frame_seconds
        )
        # Where the clip ends, an embedding is between its last one and 0.
        inside = max(0, -(-length // ENCODER.frame_samples) - 2)
        found = made.embeddings[clip]
        torch.testing.assert_close(found[:, :inside], alone[:, :inside])


def test_a_training_step_is_the_same_and_reads_nothing(monkeypatch):
    monkeypatch.setattr(AsyncScalar, "offer", lambda self, value: self.value)
    states = []
    for stored in (True, False):
        encoder = TinyEncoder()
        brain = make_brain(thresholds=(0.4, 0.9), frame_encoder=encoder)
        give_prototypes(brain)
        items = items_of(stored)
        torch.manual_seed(1)
        with Readers() as readers:
            loss = fit(brain, items)
        assert readers.seen == [] and loss.isfinite()
        states.append(state_of(brain))
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name
    names = [n for n in states[0] if "fusion" in n or "embedding_norm" in n]
    assert len(names) == 8


def test_student_and_teacher_read_the_same(monkeypatch):
    brain = make_brain(frame_encoder=TinyEncoder())
    given = []
    for network in (brain.modules.model, brain.modules.lgc.teacher.network):
        network.register_forward_pre_hook(
            lambda _, __, options: given.append(options["embeddings"]),
            with_kwargs=True,
        )
    brain.on_stage_start(sb.Stage.TRAIN, 1)
    brain.hparams.augmentations = []
    fit(brain, items_of(True))
    student, teacher, cut = given
    assert torch.equal(student, teacher)
    assert cut.shape == student.shape and not torch.equal(cut, student)


def test_the_encoder_is_no_part_of_what_learns_or_is_kept():
    encoder = TinyEncoder()
    brain = make_brain(frame_encoder=encoder)
    held = {id(p) for p in brain.modules.parameters()}
    assert not held & {id(p) for p in encoder.parameters()}
    of_encoder = encoder.weight.shape
    assert all(t.shape != of_encoder for t in state_of(brain).values())
    brain.modules.train()
    assert not encoder.training


def test_changed_waveforms_have_embeddings_of_their_own_unless_stored():
    """Stored ones of a shifted clip are shifted: an estimate."""
    brain = make_brain(frame_encoder=TinyEncoder())
    versions = RandomVersions(
        frame_samples=ENCODER.frame_samples, changes=["time_shift"]
    )
    brain.hparams.wav_augmentations = [versions]
    brain.hparams.augmentations = []
    batches = []
    for stored in (True, False):
        torch.manual_seed(2)
        batch = collate_clips(items_of(stored))
        batches.append(brain.prepare(batch, augment=True))
    given, made = (batch.embeddings for batch in batches)
    assert torch.equal(given[:5], made[:5])
    assert not torch.equal(given[5:10], made[5:10])
    shifts, circles = (x.tolist() for x in batches[0].plan.change.roll)
    assert any(shifts)
    assert torch.equal(given[10:], rct.rolled(given[:5], shifts, circles))
    # The encoder's frames are longer than the output's.
    assert (given[10:] - made[10:]).abs().mean() < 0.2


def test_long_clips_have_the_embeddings_of_their_windows():
    brain = make_brain(frame_encoder=TinyEncoder())
    brain.modules.eval()
    (item,) = make_items(0, 0, False)[:1]
    item["wav"] = torch.randint(-9000, 9000, (3 * N + 500,)).short()
    item["n_samples"] = len(item["wav"])
    item["embeddings"] = torch.zeros(6, 1).half()  # of the whole: not used
    given = []
    brain.modules.model.register_forward_pre_hook(
        lambda _, __, options: given.append(options["embeddings"]),
        with_kwargs=True,
    )
    with torch.no_grad():
        brain.compute_forward(collate_clips([item]), sb.Stage.TEST)
    first = item["wav"][:N].unsqueeze(0)
    expected = embeddings_for(
        TinyEncoder(), first, None, ENCODER.n_frames, ENCODER.frame_seconds
    )
    torch.testing.assert_close(given[0][:1], expected)
    assert given[-1].any()
