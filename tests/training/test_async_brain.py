import pytest
import torch
from speechbrain.utils.autocast import TorchAutocast
from torch.utils.data import DataLoader

from host_reads import Readers
from lgc_plugin.data.batch_loaders import collate_clips
from lgc_plugin.data.sampler import MixedBatchSampler
from lgc_plugin.training.device_values import AsyncScalar
from split_batches import (
    SplitDraws,
    fit,
    give_prototypes,
    make_brain,
    make_items,
    means_of,
    state_of,
)


@pytest.fixture
def draws(monkeypatch):
    def install(alike=False):
        split = SplitDraws(alike)
        split.install(monkeypatch.setattr)
        return split

    return install


def whole_batch(step=0, padding=False):
    return [i for half in (0, 1) for i in make_items(step, half, padding)]


@pytest.mark.parametrize("padding", [False, True])
def test_a_step_reads_nothing_from_its_device(monkeypatch, padding):
    brain = make_brain(thresholds=(0.4, 0.9), batch_norm=True)
    give_prototypes(brain)
    # On a CPU the values are read at once, which costs nothing there.
    monkeypatch.setattr(AsyncScalar, "offer", lambda self, value: self.value)
    items = whole_batch(padding=padding)
    with Readers() as readers:
        fit(brain, items)
    assert brain.modules.lgc.step == 1
    assert means_of(brain)["n_anchors"] > 0
    assert readers.seen == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_step_waits_for_no_gpu():
    brain = make_brain(thresholds=(0.4, 0.9), batch_norm=True, device="cuda")
    give_prototypes(brain)
    for step in range(3):
        fit(brain, whole_batch(step))
    torch.cuda.set_sync_debug_mode("error")
    try:
        fit(brain, whole_batch(3))
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert brain.modules.lgc.step == 4


@pytest.mark.parametrize("initialized", [False, True])
def test_two_accumulated_halves_are_one_batch(draws, initialized):
    """Where both halves have as many anchors and no padding, see README."""
    split = draws(alike=True)
    brains = [
        make_brain(grad_accumulation_factor=n, thresholds=(0.0, 1.1))
        for n in (1, 2)
    ]
    for brain in brains:
        if initialized:
            give_prototypes(brain)
        for split.step in range(5):
            if brain.grad_accumulation_factor == 1:
                split.halves = [0, 1]
                fit(brain, whole_batch(split.step))
                continue
            for half in (0, 1):
                split.halves = [half]
                fit(brain, make_items(split.step, half, False))
    assert [b.modules.lgc.step for b in brains] == [5, 5]
    assert (means_of(brains[0])["n_anchors"] > 0) == initialized
    whole, halves = map(state_of, brains)
    for name, expected in whole.items():
        torch.testing.assert_close(
            halves[name], expected, atol=1e-5, rtol=0, msg=name
        )


def bad_batch(step):
    items = whole_batch(step)
    items[0]["wav"][0] = torch.nan
    return items


@pytest.mark.parametrize("fused", [True, False])
def test_a_bad_batch_leaves_no_trace(draws, fused):
    """Not in parameters, moments, statistics, ramp or prototypes."""
    split = draws()
    split.halves = [0, 1]
    brains = [make_brain(fused=fused, batch_norm=True) for _ in range(2)]
    for spoilt, brain in enumerate(brains):
        give_prototypes(brain)
        for split.step in range(4):
            if spoilt and split.step == 2:
                fit(brain, bad_batch(split.step))
                assert not brain.step_taken
            fit(brain, whole_batch(split.step))
        assert brain.optimizer_step == brain.modules.lgc.step == 4
    assert brains[1].nonfinite_count == 1
    clean, spoilt = map(state_of, brains)
    for name, expected in clean.items():
        assert torch.equal(spoilt[name], expected), name


def test_fused_and_plain_optimizers_learn_the_same(draws):
    split = draws()
    split.halves = [0, 1]
    brains = [make_brain(fused=fused) for fused in (True, False)]
    for brain in brains:
        for split.step in range(4):
            fit(brain, whole_batch(split.step))
    fused, plain = map(state_of, brains)
    for name, expected in plain.items():
        torch.testing.assert_close(fused[name], expected, atol=1e-5, rtol=0)


def half_precision(brain, dtype, scale=None):
    """What --precision sets, also where SpeechBrain has it for GPUs only."""
    brain.training_ctx = TorchAutocast(device_type="cpu", dtype=dtype)
    if scale is not None:
        brain.scaler = torch.GradScaler("cpu", init_scale=scale)
    return brain


@pytest.mark.parametrize("fused", [True, False])
def test_fp16_skips_steps_until_its_scale_fits(draws, fused):
    split = draws()
    split.halves = [0, 1]
    brain = half_precision(make_brain(fused=fused), torch.float16, 2.0**40)
    give_prototypes(brain)
    before = state_of(brain)
    fit(brain, whole_batch())
    assert brain.scaler.get_scale() == 2.0**39
    for name, value in state_of(brain).items():
        assert torch.equal(value, before[name]), name
    while not brain.step_taken:
        fit(brain, whole_batch())
    # Looking for the scale is no failure.
    assert brain.nonfinite_count == 0
    assert brain.optimizer_step == brain.modules.lgc.step == 1
    prototypes = state_of(brain)["lgc.bank.prototypes"]
    assert not torch.equal(prototypes, before["lgc.bank.prototypes"])


@pytest.mark.parametrize(
    ("dtype", "scale"), [(torch.float16, 2.0**10), (torch.bfloat16, None)]
)
def test_half_precision_learns_nearly_the_same(draws, dtype, scale):
    split = draws()
    split.halves = [0, 1]
    losses = []
    for brain in (make_brain(), half_precision(make_brain(), dtype, scale)):
        give_prototypes(brain)
        for split.step in range(4):
            fit(brain, whole_batch(split.step))
        losses.append(means_of(brain))
    assert losses[1] != losses[0]
    assert losses[1] == pytest.approx(losses[0], rel=0.05, abs=2.0)
    assert losses[1]["loss"] == pytest.approx(losses[0]["loss"], rel=0.02)


def test_compiling_changes_neither_names_nor_numbers(draws, monkeypatch):
    """With a quick backend; what is compiled, and how it is wrapped."""
    compiled = []
    original = torch.compile

    def quick(function, **options):
        compiled.append(function.__self__)
        return original(function, backend="eager", dynamic=options["dynamic"])

    monkeypatch.setattr(torch, "compile", quick)
    split = draws()
    split.halves = [0, 1]
    brains = [make_brain(), make_brain(compile=True)]
    for brain in brains:
        give_prototypes(brain)
        for split.step in range(2):
            fit(brain, whole_batch(split.step))
    modules = brains[1].modules
    assert compiled == [modules.model, modules.lgc.teacher.network]
    plain, of_compiled = map(state_of, brains)
    assert plain.keys() == of_compiled.keys()
    for name, expected in plain.items():
        torch.testing.assert_close(of_compiled[name], expected, msg=name)


def test_unknown_modules_to_compile_are_named():
    with pytest.raises(ValueError, match="no module 'modle'"):
        make_brain(compile_module_keys=["modle"])


def test_every_epoch_has_other_batches(draws):
    split = draws()
    split.halves = [0]
    sampler = MixedBatchSampler([4, 6], [2, 3], seed=0)
    brain = make_brain()
    seen = []
    brain.on_fit_batch_start = lambda batch, should_step: seen.append(batch.ids)
    brain.on_stage_end = lambda *_: None
    items = [dict(make_items(i, 0, False)[0], id=str(i)) for i in range(10)]
    loader = DataLoader(items, batch_sampler=sampler, collate_fn=collate_clips)
    brain.fit(range(1, 3), loader)
    assert len(seen) == 4
    first, second = seen[:2], seen[2:]
    drawn = sum(first, ())
    assert sorted(drawn) != list(drawn) and first != second
