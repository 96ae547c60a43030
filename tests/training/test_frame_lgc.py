import copy

import pytest
import torch
from torch import nn

import lgc_plugin.training.frame_lgc as frame_lgc
from lgc_plugin.lgc import LGC
from lgc_plugin.training.frame_lgc import FrameLGC, FrameStudent, sed_output
from lgc_plugin.types import LabelKind

B, T, F, D, C = 4, 12, 5, 3, 2


@pytest.fixture
def parts():
    torch.manual_seed(0)
    encoder, classifier = nn.Linear(F, D), nn.Linear(D, C)
    lgc = FrameLGC(encoder, classifier, n_classes=C, embedding_dim=D)
    lgc.contrast.pos_threshold, lgc.contrast.neg_threshold = 0.4, 1.1
    lgc.bank.pos_threshold = 0.4
    feats, labels = torch.randn(B, T, F), torch.randint(2, (B, T, C)).float()
    lengths = torch.tensor([1.0, 0.5, 1.0, 0.75])
    known = torch.tensor([True, True, False, False])
    return lgc, (feats, lengths, labels, known)


def test_a_batch_in_lgcs_words(parts):
    lgc, batch = parts
    clips = lgc.clips(*batch)
    assert clips.label_kind.tolist() == [LabelKind.STRONG] * 2 + [0] * 2
    assert clips.valid.sum(1).tolist() == [12, 6, 12, 9]
    assert torch.equal(clips.features[1, :, 3], batch[0][1, 3])
    assert torch.equal(clips.frame_labels[1, :, 3], batch[2][1, 3])
    one_class = lgc.clips(*batch[:2], batch[2][..., 0], batch[3])
    assert torch.equal(one_class.frame_labels, clips.frame_labels[:, :1])


def test_padding_does_not_speak_for_a_clip():
    logits = torch.tensor([[[-1.0], [3.0]]])
    said = sed_output(
        torch.ones(1, 2, 1), logits, torch.tensor([[True, False]])
    )
    torch.testing.assert_close(said.clip, torch.tensor([[-1.0]]).sigmoid())


def test_it_is_lgc_of_the_student(parts):
    """The same numbers as LGC called by hand, without and with prototypes."""
    lgc, (feats, lengths, labels, known) = parts
    (student,) = lgc._student
    plain = LGC(student, C, embedding_dim=D)
    hidden = student.encoder(feats)
    logits = student.classifier(hidden)
    for initialized in (False, True):
        if initialized:
            lgc.init_prototypes_from_loader([1], lambda _: lgc.clips(*parts[1]))
            assert lgc.bank.active.any()
        plain.load_state_dict(lgc.state_dict())
        plain.contrast, plain.bank.pos_threshold = lgc.contrast, 0.4
        clips = lgc.clips(*parts[1])
        torch.manual_seed(1)
        found = lgc.loss(feats, hidden, logits, lengths, labels, known)
        torch.manual_seed(1)
        said = student(clips.features, clips.valid)
        terms = plain(student, clips.features, said, *clips[1:])
        torch.testing.assert_close(found, terms.total)
    assert terms.n_anchors > 0


def test_the_student_stays_the_recipes(parts):
    lgc, _ = parts
    (student,) = lgc._student
    assert not any(p.requires_grad for p in lgc.parameters())
    assert all("_student" not in name for name in lgc.state_dict())
    before = copy.deepcopy(lgc.teacher.network.state_dict())
    with torch.no_grad():
        student.encoder.weight.add_(1.0)
    lgc.follow(torch.tensor(False))
    assert lgc.step == 0
    lgc.follow()
    assert lgc.step == 1
    moved = lgc.teacher.network.state_dict()["encoder.weight"]
    assert not torch.equal(moved, before["encoder.weight"])


def test_pooled_time_is_cut_where_the_features_are(monkeypatch):
    """With a pooling encoder, a CutMix of constant clips has no seams."""

    class Pooled(nn.Module):
        def forward(self, feats):
            return feats.unflatten(1, (-1, 4)).amax(2) - 1.0

    torch.manual_seed(0)
    lgc = FrameLGC(
        Pooled(), nn.Identity(), time_pooling=4, n_classes=1, embedding_dim=1
    )
    heard = []
    run = FrameStudent.forward
    monkeypatch.setattr(
        FrameStudent,
        "forward",
        lambda self, features, valid: (
            heard.append(features) or run(self, features, valid)
        ),
    )
    feats = torch.arange(4.0).view(4, 1, 1).expand(4, 40, 1)
    hidden = lgc._student[0].encoder(feats)
    labels, known = torch.zeros(4, 10), torch.tensor([False] * 4)
    lgc.loss(feats, hidden, hidden, torch.ones(4), labels, known)
    mixed = heard[-1].unflatten(2, (10, 4))
    assert not torch.equal(heard[-1], heard[0])
    assert torch.equal(mixed.amin(3), mixed.amax(3))


@pytest.mark.parametrize(("rank", "expected"), [(0, [0, 2, 4]), (1, [1, 3])])
def test_each_process_reads_its_share(parts, monkeypatch, rank, expected):
    lgc, _ = parts
    monkeypatch.setattr(frame_lgc, "get_rank", lambda: rank)
    monkeypatch.setattr(frame_lgc, "get_world_size", lambda: 2)
    monkeypatch.setattr(lgc, "init_prototypes", lambda clips, seed: [*clips])
    seen = []
    lgc.init_prototypes_from_loader(range(5), seen.append)
    assert seen == expected
