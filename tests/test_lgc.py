"""The whole module on a small network: what each term and update does."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from lgc_plugin.lgc import LGC
from lgc_plugin.losses.consistency import clip_consistency, frame_consistency
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.models.features import LogMel
from lgc_plugin.types import LabelKind, SEDBatch, SEDOutput
from small_lgc import KIND, N_FRAMES, give_prototypes, make


def count_calls(module):
    calls = []
    module.register_forward_hook(lambda *_: calls.append(1))
    return calls


@pytest.mark.parametrize(
    ("weights", "initialized", "teacher_calls", "student_calls"),
    [
        ((0, 0, 0), False, 0, 0),
        ((2, 0, 0), False, 1, 0),
        ((2, 2, 0), False, 1, 1),
        ((2, 0, 0.1), False, 1, 0),
        ((2, 0, 0.1), True, 1, 1),
        ((0, 0, 0), True, 0, 0),
    ],
)
def test_a_weight_of_zero_skips_the_work(
    weights, initialized, teacher_calls, student_calls
):
    consistency, mix, contrast = weights
    student, lgc, batch = make(
        consistency_weight=consistency,
        cutmix_weight=mix,
        contrast_weight=contrast,
    )
    if initialized:
        give_prototypes(lgc)
    predictions = student(batch.features)
    of_teacher = count_calls(lgc.teacher.network)
    of_student = count_calls(student)
    lgc(student, batch, predictions)
    assert (len(of_teacher), len(of_student)) == (teacher_calls, student_calls)


def test_total_is_the_weighted_sum_and_the_ramp_leaves_out_the_contrast():
    student, lgc, batch = make()
    give_prototypes(lgc)
    terms = lgc(student, batch, student(batch.features))
    assert terms.n_anchors > 0
    expected = lgc.ramp * 2 * (terms.mean_teacher + terms.cutmix)
    torch.testing.assert_close(terms.total, expected + 0.1 * terms.contrast)


def test_without_prototypes_there_is_no_contrast():
    student, lgc, batch = make()
    terms = lgc(student, batch, student(batch.features))
    assert terms.contrast == 0 and terms.n_anchors == 0
    terms.total.backward()
    assert student.projection.weight.grad is None


def test_mean_teacher_term_is_the_consistency_with_the_teacher():
    student, lgc, batch = make(cutmix_weight=0, contrast_weight=0)
    lgc.eval()
    predictions = student.eval()(batch.features)
    student.frame_head.bias.data.add_(1.0)
    moved = student(batch.features)
    terms = lgc(student, batch, moved)
    expected = frame_consistency(
        moved.frame, predictions.frame
    ) + clip_consistency(moved.clip, predictions.clip)
    torch.testing.assert_close(terms.mean_teacher, expected)


def test_only_the_student_learns_and_all_of_it_does():
    student, lgc, batch = make()
    give_prototypes(lgc)
    before = copy.deepcopy(lgc.state_dict())
    predictions = student(batch.features)
    terms = lgc(student, batch, predictions)
    (terms.total + predictions.frame.mean()).backward()
    missing = [n for n, p in student.named_parameters() if p.grad is None]
    assert missing == []
    assert all(p.grad is None for p in lgc.parameters())
    for name in ("bank.prototypes", "bank.active"):
        assert torch.equal(lgc.state_dict()[name], before[name])


def test_prototypes_follow_only_a_step_that_happened():
    student, lgc, batch = make()
    give_prototypes(lgc)
    before = lgc.bank.prototypes.clone()
    lgc(student, batch, student(batch.features))
    lgc.skip_step()
    assert lgc.step == 0
    lgc.update_teacher(student)
    assert torch.equal(lgc.bank.prototypes, before)
    lgc(student, batch, student(batch.features))
    lgc.update_teacher(student)
    assert lgc.step == 2
    assert not torch.equal(lgc.bank.prototypes, before)


def test_two_half_batches_move_the_prototypes_like_one_batch():
    results = []
    for parts in ([slice(0, 6)], [slice(0, 3), slice(3, 6)]):
        student, lgc, batch = make()
        give_prototypes(lgc)
        # Without batch statistics and dropout, clips do not affect each other.
        student.eval(), lgc.eval()
        for part in parts:
            half = batch.select(part)
            lgc(student, half, student(half.features))
        lgc.update_teacher(student)
        results.append(lgc.bank.prototypes)
    torch.testing.assert_close(*results)


def test_true_labels_place_the_frames_of_strong_clips():
    student, lgc, batch = make()
    give_prototypes(lgc)
    lgc.bank.pos_threshold = 0.99  # the untrained teacher is sure of nothing
    lgc.eval(), student.eval()
    labels = torch.zeros(6, 2, N_FRAMES)
    labels[0, 1] = 1.0
    labels[1, 0] = 1.0  # weak: must not be read
    batch = replace(batch, frame_labels=labels)
    lgc(student, batch, student(batch.features))
    counts = lgc._pending.class_counts.tolist()
    assert counts == [0, N_FRAMES, N_FRAMES]


def test_padding_is_no_target_no_anchor_and_no_frame():
    student, lgc, batch = make()
    give_prototypes(lgc)
    lgc.eval(), student.eval()
    valid = torch.ones(6, N_FRAMES, dtype=torch.bool)
    batch = replace(batch, valid=valid)
    lgc(student, batch, student(batch.features, valid))
    everything = lgc._pending.class_counts.sum()
    lgc.skip_step()
    valid[:, N_FRAMES // 2 :] = False
    predictions = student(batch.features, valid)
    loud = predictions._replace(
        frame=predictions.frame.masked_fill(~valid.unsqueeze(1), 1e6)
    )
    terms = lgc(student, batch, loud)
    assert terms.mean_teacher < 1.0
    assert terms.n_anchors <= valid.sum()
    assert lgc._pending.class_counts.sum() < everything


def test_normalize_acts_after_cutmix():
    """The front end must scale the mixed magnitudes."""
    torch.manual_seed(0)
    front_end = LogMel(hop_length=512, n_mels=8)
    student = CRNN(2, 8, filters=(4,), pooling=((4, 8),), embedding_dim=6)
    lgc = LGC(student, 2, front_end, embedding_dim=6)
    assert "spectrogram" not in str(list(lgc.state_dict()))
    seen = []
    student.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    mels = front_end.mel(torch.randn(6, 16000))
    batch = SEDBatch(KIND, mels)
    lgc(student, batch, lgc.run(student, batch))
    for features in seen:
        assert features.shape == mels.shape
        torch.testing.assert_close(features.amax((1, 2)), torch.ones(6))
        assert (features.amin((1, 2)) == 0).all()


def test_prototypes_begin_with_labels_of_strong_clips_and_scores_elsewhere():
    student, lgc, batch = make()
    labels = torch.zeros(6, 2, N_FRAMES)
    labels[KIND == LabelKind.STRONG, 0] = 1.0
    assert not lgc.should_init_prototypes(99) and lgc.should_init_prototypes(
        100
    )
    lgc.train()
    lgc.init_prototypes([replace(batch, frame_labels=labels)])
    assert lgc.bank.initialized and lgc.contrasts
    assert lgc.bank.active[0].all() and not lgc.bank.active[1].any()
    assert lgc.teacher.training
    assert not lgc.should_init_prototypes(101)


def test_supervised_baseline_has_a_teacher_with_the_students_statistics():
    student, lgc, batch = make(
        consistency_weight=0, cutmix_weight=0, contrast_weight=0
    )
    student(batch.features)
    lgc.update_teacher(student)
    for mine, theirs in zip(
        lgc.teacher.network.buffers(), student.buffers(), strict=True
    ):
        assert torch.equal(mine, theirs)


def test_state_survives_a_checkpoint():
    student, lgc, batch = make()
    give_prototypes(lgc)
    lgc(student, batch, student(batch.features))
    lgc.update_teacher(student)
    other = make(seed=1)[1]
    other.load_state_dict(lgc.state_dict())
    assert other.step == 1 and other.bank.initialized
    for name, value in lgc.state_dict().items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(other.state_dict()[name], value), name


class WithEmbeddings(nn.Module):
    """Its frame scores are the first numbers of what it is given."""

    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(()))
        self.passes = []

    def forward(self, features, valid=None, embeddings=None):
        self.passes.append((features, embeddings))
        frame = (embeddings[:, :1] + self.shift).sigmoid()
        hidden = normalize(embeddings.transpose(1, 2) + self.shift, dim=2)
        return SEDOutput(frame, frame.amax(2), hidden)


@pytest.mark.parametrize("padded", [False, True])
def test_embeddings_reach_the_networks_and_are_cut_along(padded):
    """A pretrained encoder's, which move as the features do."""
    student = WithEmbeddings()
    lgc = LGC(student, 1, embedding_dim=3, contrast_weight=0)
    embeddings = torch.randn(6, 3, N_FRAMES)
    valid = None
    if padded:
        valid = torch.arange(N_FRAMES) < torch.tensor([[10], [5]] * 3)
    batch = SEDBatch(
        KIND,
        embeddings.repeat_interleave(4, dim=2),
        valid=valid,
        embeddings=embeddings,
        time_pooling=4,
    )
    terms = lgc(student, batch, lgc.run(student, batch))
    assert terms.mean_teacher == 0 and terms.cutmix == 0
    (first, _), (features, cut) = student.passes
    assert torch.equal(first, batch.features)
    assert not torch.equal(features, first)
    assert torch.equal(features, cut.repeat_interleave(4, dim=2))


@pytest.mark.parametrize("teacher", [False, True])
def test_a_recipe_may_run_the_networks_itself(teacher):
    student, lgc, batch = make(run=lambda network, b: network(b.features * 2))
    network = lgc.teacher if teacher else student
    output = lgc.eval().run(network.eval(), batch)
    expected = network(batch.features * 2)
    assert torch.equal(output.frame, expected.frame)
    assert output.frame.requires_grad != teacher
