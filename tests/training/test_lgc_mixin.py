"""The mixin in a Brain of a few lines: what it owns, and what it refuses."""

from unittest import mock

import pytest
import speechbrain as sb
import torch
from torch import nn

from lgc_plugin.lgc import LGC
from lgc_plugin.training.lgc_mixin import LGCMixin
from lgc_plugin.training.recipe_modules import sed_output
from lgc_plugin.types import LabelKind, SEDBatch

T, F, D = 12, 5, 4
LENGTHS = torch.tensor([1.0, 0.5, 1.0, 0.75])
KNOWN = torch.tensor([True, True, False, False])


class Brain(LGCMixin, sb.Brain):
    """Pools time by two, unless a test sets it otherwise."""

    def network(self, modules, feats, lens):
        hidden = modules.encoder(feats)[:, 1::2].tanh()
        return hidden, modules.output(hidden).squeeze(2)

    def compute_forward(self, batch, stage):
        feats, labels, lengths, known = batch
        return self.lgc_forward(feats, lengths, labels, known)

    def compute_objectives(self, predictions, batch, stage):
        loss = predictions[1].square().mean()
        return loss + self.lgc_loss()


def batch_of(seed, labels=T // 2, known=KNOWN):
    draws = torch.Generator().manual_seed(seed)
    feats = torch.randn(4, T, F, generator=draws)
    targets = torch.randint(2, (4, labels), generator=draws).float()
    return feats, targets, LENGTHS, known


def make(kind=Brain, modules=None, run_options=None, **settings):
    torch.manual_seed(0)
    default = {"encoder": nn.Linear(F, D), "output": nn.Linear(D, 1)}
    sure = {"pos_threshold": 0.4, "neg_threshold": 1.1}
    return kind(
        {**default, **(modules or {})},
        lambda p: torch.optim.SGD(p, 0.1),
        {"lgc": {"rampup_steps": 4, **sure, **settings}},
        {"device": "cpu", "noprogressbar": True, **(run_options or {})},
    )


def fit(brain, batches, epochs=1):
    data = torch.utils.data.DataLoader(batches, batch_size=None)
    brain.fit(range(1, epochs + 1), data)


def test_it_is_lgc_of_the_recipes_network():
    """The same numbers as LGC called by hand, without and with prototypes."""
    brain = make(contrast_start_epoch=1)
    fit(brain, [batch_of(0), batch_of(1)], epochs=2)
    feats, labels, lengths, known = batch_of(2)
    batch = SEDBatch.from_frames(feats, lengths, labels, known)
    options = {"rampup_steps": 4, "run": brain._run_network}
    lgc = LGC(brain._student, 1, embedding_dim=D, **options)
    lgc.load_state_dict(brain.lgc.state_dict())
    lgc.contrast = brain.lgc.contrast
    assert lgc.contrasts
    results = []
    for module in (brain.lgc.train(), lgc.train()):
        module.bank.pos_threshold = 0.4
        torch.manual_seed(1)
        if module is lgc:
            output = lgc.run(brain._student, batch)
            results.append(lgc(brain._student, batch, output).total)
        else:
            brain.compute_forward(batch_of(2), sb.Stage.TRAIN)
            results.append(brain.lgc_loss())
    assert torch.equal(*results) and results[0] > 0


def test_padding_does_not_affect_a_clips_score():
    batch = SEDBatch(
        torch.zeros(1), torch.rand(1, 3, 2), lengths=torch.tensor([0.5])
    )
    logits = torch.tensor([[-1.0, 3.0]])
    output = sed_output((torch.ones(1, 2, 1), logits), batch)
    torch.testing.assert_close(output.clip, torch.tensor([[-1.0]]).sigmoid())
    tags = torch.tensor([[2.0]])
    output = sed_output((torch.ones(1, 2, 1), logits, tags), batch)
    torch.testing.assert_close(output.clip, tags.sigmoid())


def test_sizes_come_from_the_first_batch_or_a_checkpoint():
    brain = make()
    assert brain.lgc.bank is None
    fit(brain, [batch_of(0)])
    assert tuple(brain.lgc.bank.prototypes.shape) == (2, 3, D)
    other = make()
    other.lgc.load_state_dict(brain.lgc.state_dict())
    assert torch.equal(other.lgc.bank.prototypes, brain.lgc.bank.prototypes)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_the_teacher_follows_steps_that_happened(factor):
    """Of four batches; what is left over moves nothing."""
    brain = make(run_options={"grad_accumulation_factor": factor})
    fit(brain, [batch_of(i) for i in range(4)])
    assert brain.lgc.step == 4 // factor
    assert brain.lgc._pending is None


def test_a_skipped_step_moves_nothing(monkeypatch):
    brain = make(contrast_start_epoch=1)
    # As a GradScaler does it: the optimizer's step is not called.
    monkeypatch.setattr(brain.scaler, "step", lambda _: None)
    fit(brain, [batch_of(0)])
    assert brain.lgc.step == 0


def test_the_terms_are_at_hand_and_logged(caplog):
    caplog.set_level("INFO")
    brain = make(contrast_start_epoch=1)
    fit(brain, [batch_of(0), batch_of(1)], epochs=2)
    assert set(brain.lgc_stats) == set(brain.lgc_terms.scalars())
    for term in brain.lgc_terms.scalars().values():
        assert not term.requires_grad  # or the graph of the batch would stay
    assert brain._lgc_predictions is None
    assert "LGC, epoch 2: total" in caplog.text
    brain.lgc.contrast.pos_threshold = 2.0
    fit(brain, [batch_of(0)])
    assert "no frame was sure enough" in caplog.text


class Frozen(Brain):
    """Takes the embeddings from the frozen encoder."""

    def network(self, modules, feats, lens):
        hidden = modules.encoder(feats)[:, 1::2]
        return hidden, modules.output(hidden)


class Uneven(Brain):
    """Five frames of twelve, which no pooling gives."""

    def network(self, modules, feats, lens):
        hidden = modules.encoder(feats)[:, :5]
        return hidden, modules.output(hidden)


class Sum(nn.Linear):
    """Keeps a tensor that was computed, as weight_norm does."""

    def __init__(self):
        super().__init__(F, D)
        self.kept = self.weight * 2


FROZEN = {"encoder": nn.Linear(F, D).requires_grad_(False)}


@pytest.mark.parametrize(
    ("make_it", "batch", "message"),
    [
        (lambda: make(n_classes=2), {}, "n_classes is 2"),
        (lambda: make(embedding_dim=9), {}, "size 4, .*embedding_dim 9"),
        (lambda: make(Uneven), {}, "12 feature frames became 5"),
        (lambda: make(), {"labels": 5}, "labels have 5 frames.*output has 6"),
        (lambda: make(), {"known": KNOWN.long()}, "one bool for each"),
        (lambda: make(), {"known": KNOWN[:2]}, "one bool for each"),
        (lambda: make(Frozen, FROZEN), {}, "no gradient"),
        (lambda: make(networks=["rnn"]), {}, "no module 'rnn'.*encoder"),
        (lambda: make(networks=[]), {}, "no parameter of any module learns"),
        (lambda: make(modules={"encoder": Sum()}), {}, "cannot be copied"),
    ],
)
def test_mistakes_are_found_at_the_first_batch(make_it, batch, message):
    with pytest.raises(ValueError, match=message):
        fit(make_it(), [batch_of(0, **batch)])


def test_all_that_is_frozen_is_shared():
    brain = make(modules=FROZEN)
    assert [n for n, _ in brain.lgc.teacher.network.named_children()] == [
        "output"
    ]


def test_weights_loaded_before_the_training_reach_the_teacher():
    """Buffers too, which no step would bring."""
    norm = nn.BatchNorm1d(F)
    brain = make(modules={"norm": norm}, networks=["norm", "encoder", "output"])
    norm.running_mean.fill_(10.0), norm.weight.data.fill_(3.0)
    fit(brain, [])
    teacher = brain.lgc.teacher.network["norm"]
    assert torch.equal(teacher.running_mean, norm.running_mean)
    assert torch.equal(teacher.weight, norm.weight)


def test_a_teacher_from_a_checkpoint_stays_before_its_first_step():
    """Weights that were imported have made no step here."""
    brain = make()
    state = brain.lgc.state_dict()
    state["teacher.network.output.bias"] = torch.tensor([7.0])

    brain.checkpointer = mock.Mock()
    brain.checkpointer.recover_if_possible = lambda: brain.lgc.load_state_dict(
        state
    )
    brain.on_fit_start()
    assert brain.lgc.teacher.network["output"].bias.tolist() == [7.0]


def test_reading_the_stats_needs_no_other_process(monkeypatch):
    """A recipe may read them on the main process alone."""
    brain = make()
    fit(brain, [batch_of(0)])
    monkeypatch.setattr(brain._lgc_means, "read", pytest.fail)
    assert brain.lgc_stats["mean_teacher"] >= 0


def test_batch_norm_of_several_gpus_is_the_teachers_too():
    norm = nn.SyncBatchNorm(F)
    brain = make(modules={"norm": nn.BatchNorm1d(F)})
    brain._student["norm"] = norm
    brain.on_fit_start()
    teacher = brain.lgc.teacher.network["norm"]
    assert isinstance(teacher, nn.SyncBatchNorm)


def test_unlabeled_clips_are_of_no_kind():
    brain = make()
    brain.compute_forward(batch_of(0), sb.Stage.VALID)
    kinds = brain._lgc_batch.label_kind.tolist()
    assert kinds == [LabelKind.STRONG] * 2 + [LabelKind.NONE] * 2
    assert brain.lgc_loss() == 0  # no training yet


@pytest.mark.parametrize("names", [["encoder"], ["encoder", "output"]])
def test_a_student_in_half_precision_has_a_teacher_that_follows(names):
    """Mixed, and whole in bfloat16: as in float32, but for rounding."""

    class Half(Brain):
        def network(self, modules, feats, lens):
            hidden = modules.encoder(feats.to(modules.encoder.weight.dtype))
            hidden = hidden[:, 1::2].tanh()
            logits = modules.output(hidden.to(modules.output.weight.dtype))
            return hidden, logits.squeeze(2)

    def make_modules():
        torch.manual_seed(0)
        modules = {"encoder": nn.Linear(F, D), "output": nn.Linear(D, 1)}
        for name in names:
            modules[name].bfloat16()
        return modules

    brain = make(Half, make_modules(), contrast_start_epoch=1, ema_decay=0.9)
    brain.lgc.teacher.steps.fill_(100)
    brain.lgc._restored = True
    fit(brain, [batch_of(i) for i in range(4)], epochs=3)
    student = brain._student.state_dict()
    for name, value in brain.lgc.teacher.network.state_dict().items():
        assert value.dtype == student[name].dtype
        moved = make_modules()[name.split(".")[0]].state_dict()
        start = moved[name.split(".")[1]].float()
        gone = (student[name].float() - start).norm()
        assert 0 < (value.float() - start).norm() < gone
