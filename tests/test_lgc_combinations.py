"""Views and further terms inside the whole module."""

from dataclasses import replace

import pytest
import torch

import small_lgc
from lgc_plugin.augment import (
    AddNoise,
    FilterAugment,
    FrequencyWarp,
    RandomVersions,
)
from lgc_plugin.lgc import LGC
from lgc_plugin.losses.ict import InterpolationConsistency
from lgc_plugin.losses.rct import RandomConsistency
from lgc_plugin.losses.sct import ShiftConsistency
from lgc_plugin.types import SEDBatch

NONE = {"consistency_weight": 0, "cutmix_weight": 0, "contrast_weight": 0}


def make(ict=2.0, sct=2.0, **options):
    terms = {
        "ict": InterpolationConsistency(ict),
        "sct": ShiftConsistency(sct, std=8.0),
    }
    return small_lgc.make(terms=terms, **options)


def passes_of(network):
    """The features of each pass from here on."""
    passes = []
    network.register_forward_hook(lambda _, given, __: passes.append(given[0]))
    return passes


@pytest.mark.parametrize(
    ("ict", "sct", "teacher_passes", "student_clips"),
    [(0, 0, 0, []), (2, 0, 1, [2]), (0, 2, 1, [6]), (2, 2, 1, [2, 6])],
)
def test_a_weight_of_zero_skips_the_work(
    ict, sct, teacher_passes, student_clips
):
    """ICT needs the two unlabeled clips only, and the teacher just once."""
    student, lgc, batch = make(ict, sct, **NONE)
    predictions = student(batch.features)
    of_teacher, of_student = passes_of(lgc.teacher.network), passes_of(student)
    terms = lgc(student, batch, predictions)
    assert len(of_teacher) == teacher_passes
    assert [len(passed) for passed in of_student] == student_clips
    assert lgc.trains_teacher == bool(student_clips)
    weights = {"ict": ict, "sct": sct}
    assert list(terms.others) == [n for n, w in weights.items() if w]


def test_further_terms_ramp_up_and_are_logged_by_name():
    student, lgc, batch = make(ict=3.0, sct=0.5)
    terms = lgc(student, batch, student(batch.features))
    consistency = 2 * (terms.mean_teacher + terms.cutmix)
    consistency += 3.0 * terms.others["ict"] + 0.5 * terms.others["sct"]
    torch.testing.assert_close(terms.total, lgc.ramp * consistency)
    assert terms.scalars()["sct"] is terms.others["sct"]
    assert lgc.effective_weights["ict"] == pytest.approx(3.0 * lgc.ramp)
    terms.total.backward()
    assert all(p.grad is None for p in lgc.parameters())


def test_terms_and_views_that_are_off_leave_every_number_alone():
    """Losses, gradients and what is drawn are those of LGC without them."""
    off = [FrequencyWarp(None), FilterAugment(None), AddNoise(None)]
    results = []
    for options in ({}, {"augment": off}):
        student, lgc, batch = make(0.0, 0.0, **options)
        if not options:
            lgc.terms = {}
        torch.manual_seed(1)
        seen = lgc.view(batch).features
        terms = lgc(student, batch, student(seen))
        terms.total.backward()
        gradients = [p.grad for p in student.parameters() if p.grad is not None]
        results.append([*terms, *gradients, torch.get_rng_state()])
    assert all(map(torch.equal, *results))


def test_student_and_teacher_have_views_of_their_own():
    """The views here are as loud as the number of their draw."""
    draws = []

    def louder(batch):
        draws.append(batch.feature_mask)
        return replace(batch, features=batch.features + 10 * len(draws))

    student, lgc, batch = make(augment=[louder])
    valid = torch.ones(6, 10, dtype=torch.bool)
    valid[0, 5:] = False
    batch = replace(batch, valid=valid, time_pooling=4)
    of_teacher, of_student = passes_of(lgc.teacher.network), passes_of(student)
    lgc(student, batch, lgc.run(student, lgc.view(batch)))
    loudness = [int(x.mean()) // 10 for x in (*of_student, *of_teacher)]
    assert sorted(loudness) == [1, 2, 3, 4, 5] and loudness[0] == 1
    assert loudness[-1] == 2
    assert torch.equal(of_teacher[0], batch.features + 20)
    assert draws[0].shape == (6, 41)
    assert draws[0][0].sum() == 20 and draws[0][1:].all()
    lgc.eval()
    assert lgc.view(batch) is batch
    lgc.train()
    lgc.init_prototypes([batch])
    assert torch.equal(of_teacher[-1], batch.features)


def test_versions_count_for_the_mean_teacher_only():
    """Everything else is that of the clips as they are."""
    student, lgc, batch = make(ict=0.0, sct=2.0)
    lgc.terms["rct"] = RandomConsistency()
    lgc.bank.initialized = True
    lgc.bank.active.fill_(True)
    lgc.bank.prototypes.normal_()
    lgc.contrast.pos_threshold, lgc.contrast.neg_threshold = 0.4, 0.9
    lgc.bank.pos_threshold = 0.4
    with torch.no_grad():
        for parameter in student.parameters():  # it leads, the teacher follows
            parameter.add_(0.1 * torch.randn(parameter.shape))
    plain = replace(batch, frame_labels=torch.rand(6, 2, 10).round())
    waves = SEDBatch(
        batch.label_kind,
        frame_labels=plain.frame_labels,
        wavs=torch.rand(6, 10),  # a sample is a frame
        n_samples=torch.full((6,), 10),
        kinds=batch.kinds,
        padded=False,
    )
    features = batch.features
    everything = torch.cat([features, features.flip(0), features.flip(2)])
    versions = RandomVersions(frame_samples=1, changes=["time_shift"])(waves)
    versions = versions.with_features(everything, 4, 1)
    passes = passes_of(student)
    results = []
    for given, weight in ((plain, 0.0), (versions, 2.0)):
        lgc.terms["rct"].weight = weight
        torch.manual_seed(1)
        predictions = student.eval()(given.features)
        terms = lgc.eval()(student, given, predictions)
        results.append((terms, lgc._pending))
        lgc.skip_step()
        target = lgc.teacher(given.features)
        squares = (predictions.frame - target.frame).square().mean()
        squares = squares + (predictions.clip - target.clip).square().mean()
        torch.testing.assert_close(terms.mean_teacher, squares)
    (plain, sums), (versed, more) = results
    for name in ("cutmix", "contrast", "n_anchors"):
        torch.testing.assert_close(getattr(versed, name), getattr(plain, name))
    assert plain.n_anchors > 0
    torch.testing.assert_close(versed.others["sct"], plain.others["sct"])
    assert all(map(torch.allclose, sums, more))
    assert versed.others["rct"] > 0 and "rct" not in plain.others
    # A batch, CutMix and SCT of it; then three versions, and the same again.
    assert [len(each) for each in passes] == [6, 6, 6, 18, 6, 6]


def test_a_term_cannot_take_the_name_of_another():
    with pytest.raises(ValueError, match="cutmix"):
        LGC(make()[0], 2, terms={"cutmix": ShiftConsistency()})
