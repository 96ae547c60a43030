"""What every further term promises."""

import pytest
import torch

from lgc_plugin.augment.frame_shift import FrameShiftPlan
from lgc_plugin.augment.mixup import MixupPlan
from lgc_plugin.losses import ict as interpolation
from lgc_plugin.losses import sct as shift
from lgc_plugin.losses.ict import InterpolationConsistency
from lgc_plugin.losses.sct import ShiftConsistency
from lgc_plugin.types import LabelKind
from lgc_scenes import build, scene_of
from term_cases import KINDS, PADDED, inputs, of_batch

TERMS = [InterpolationConsistency(), ShiftConsistency(std=5.0)]
all_terms = pytest.mark.parametrize("term", TERMS, ids=["ICT", "SCT"])


@all_terms
def test_nothing_reaches_the_teacher_and_no_input_changes(term):
    scene = scene_of(KINDS)
    student, lgc = build(scene)
    lgc.teacher.network.requires_grad_(True)
    given_ = inputs(scene, student, lgc)
    of_teacher = given_[1]
    before = scene.features.clone(), of_teacher.frame.clone()
    calls = []
    lgc.teacher.network.register_forward_hook(lambda *_: calls.append(1))
    term(*given_).backward()
    assert calls == []
    assert all(p.grad is None for p in lgc.teacher.parameters())
    assert torch.equal(scene.features, before[0])
    assert torch.equal(of_teacher.frame, before[1])


@all_terms
def test_the_order_of_the_clips_does_not_matter(monkeypatch, term):
    """With the clips' draws reordered along with them."""
    draws = {
        "mix": MixupPlan(
            torch.tensor([2, 1, 0, 3]), torch.tensor([0.3, 1.0, 0.3, 1.0])
        ),
        "shift": FrameShiftPlan(
            torch.tensor([1, -2, 3, 0]), torch.zeros(4, dtype=torch.long)
        ),
    }
    order = torch.tensor([2, 0, 3, 1])
    back = order.argsort()
    reordered = {
        "mix": MixupPlan(
            back[draws["mix"].permutation[order]], draws["mix"].weight[order]
        ),
        "shift": FrameShiftPlan(
            draws["shift"].frames[order], torch.zeros(4, dtype=torch.long)
        ),
    }
    values = []
    scene = scene_of(KINDS, PADDED)
    for plans, places in ((draws, torch.arange(4)), (reordered, order)):
        monkeypatch.setattr(
            interpolation, "draw_mixup", lambda *_, p=plans, **__: p["mix"]
        )
        monkeypatch.setattr(
            shift, "draw_frame_shift", lambda *_, p=plans, **__: p["shift"]
        )
        placed = scene.batch.select(places)
        values.append(term(*of_batch(placed, *build(scene))))
    torch.testing.assert_close(*values)


@pytest.mark.parametrize(
    ("module", "term"),
    [
        (interpolation, InterpolationConsistency()),
        (shift, ShiftConsistency(std=0.0)),
    ],
    ids=["ICT", "SCT"],
)
def test_the_processes_mean_is_that_of_all_their_frames(
    monkeypatch, module, term
):
    """Halves with unequal padding and, for ICT, other numbers of clips.

    No clip is mixed or shifted, so that each half draws what the whole does.
    """
    kind = [LabelKind.NONE] * 3
    kind += [LabelKind.WEAK, LabelKind.NONE, LabelKind.STRONG]
    lengths = torch.tensor([[6], [1], [4], [5], [2], [6]])
    scene = scene_of(kind, torch.arange(6) < lengths)
    student, lgc = build(scene)
    monkeypatch.setattr(
        interpolation,
        "draw_mixup",
        lambda k, *_, **__: MixupPlan(
            torch.arange(len(k)), torch.ones(len(k), dtype=torch.float64)
        ),
    )
    whole = term(*inputs(scene, student, lgc))
    halves = [scene.batch.select(p) for p in (slice(0, 3), slice(3, 6))]

    def run_halves(pool):
        monkeypatch.setattr(module, "pool_count", lambda: pool)
        return [term(*of_batch(half, student, lgc)) for half in halves]

    counts = []
    run_halves(lambda count: counts.append(count) or count)
    each = len(counts) // 2  # exchanges, of frames and perhaps of clips
    means = [(counts[i] + counts[i + each]) / 2 for i in range(each)] * 2
    values = run_halves(lambda _: means.pop(0))
    torch.testing.assert_close(sum(values) / 2, whole)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: InterpolationConsistency(weight=-1.0), "weight"),
        (lambda: InterpolationConsistency(alpha=0.0), "alpha"),
        (lambda: ShiftConsistency(weight=-1.0), "weight"),
        (lambda: ShiftConsistency(std=-1.0), "std"),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
