import json
from dataclasses import asdict
from functools import partial

import pytest
import step_worker
import torch
import train_step
from measured_step import make_step
from step_report import VARIANTS, choose_variants, format_table, summarize
from step_setup import load_hparams, random_batch

from forked import run_forked

N_STEPS = 3
EAGER = [v for v in VARIANTS if not v.compiled]
BY_NAME = {v.name: v for v in VARIANTS}


def small_hparams():
    """The mini profile, smaller still, and without what draws differently."""
    hparams = load_hparams(
        "mini",
        {
            "labels": ["Cat", "Dog", "Frog"],
            "clip_seconds": 1.0,
            "batch_sizes": {"strong": 3, "weak": 3, "unlabeled": 4},
            "n_mels": 16,
            "filters": [4, 8],
            "pooling": [[2, 4], [2, 4]],
            "dropout": 0.0,
            "lr": 0.01,
            "rnn_size": 8,
            "embedding_dim": 6,
            "ema_decay": 0.5,
            "prototype_momentum": 0.7,
            "pos_threshold": 0.2,
            "neg_threshold": 0.9,
            "mixup_probability": 1.0,
        },
    )
    for network in (hparams["model"], hparams["lgc"].teacher.network):
        # Opinions on all classes, even of so small a network.
        network.frame_head.bias.data.copy_(torch.tensor([-2.0, -1.0, 0.0]))
    # From the first step on, teacher and learning rate count.
    hparams["lgc"].rampup_steps = 0
    # Adam divides a gradient by its own size: with the usual eps, one that is
    # rounding noise (of a bias before a batch norm) moves as far as any other.
    hparams["opt_class"] = partial(
        torch.optim.Adam, lr=hparams["lr"], eps=1e-2, fused=True
    )
    return hparams


def trained(variant, n_steps=N_STEPS):
    """Losses of some steps, and what they made of the networks."""
    hparams = small_hparams()
    batch = random_batch(hparams, "cpu")
    step = make_step(variant, hparams, "cpu")
    before = step.prototypes().clone()
    losses = []
    for number in range(n_steps):
        torch.manual_seed(number)  # for mixup and CutMix
        loss, terms = step(batch)
        losses.append([value.item() for value in (loss, *terms)])
    networks = {"student": step.student, "teacher": step.teacher}
    state = {
        f"{name}.{key}": value.flatten().float()
        for name, network in networks.items()
        for key, value in network.state_dict().items()
    }
    state["prototypes"] = step.prototypes()
    return torch.tensor(losses), state, before


@pytest.fixture(scope="module")
def plain():
    return trained(BY_NAME["plain"])


def test_the_plain_step_uses_every_term_and_moves_everything(plain):
    losses, state, before = plain
    # At the first step, teacher and student are the same network.
    assert (losses[1:] > 0).all()
    hparams = small_hparams()
    for name, value in hparams["model"].named_parameters():
        # What batch normalization subtracts again only moves by rounding.
        if not name.endswith("conv.bias"):
            moved = state[f"student.{name}"] - value.detach().flatten()
            assert moved.abs().max() > 1e-4, name
    key = "rnn.weight_ih_l0"
    assert not torch.equal(state[f"student.{key}"], state[f"teacher.{key}"])
    moved = (state["prototypes"] != before).any(dim=2).any(dim=1)
    assert moved.all()


@pytest.mark.parametrize(
    "variant", [v for v in EAGER if not v.bf16], ids=lambda v: v.name
)
def test_no_tuning_changes_results(plain, variant):
    losses, state, _ = trained(variant)
    torch.testing.assert_close(losses, plain[0], atol=1e-6, rtol=1e-5)
    assert state.keys() == plain[1].keys()
    for name, expected in plain[1].items():
        torch.testing.assert_close(
            state[name],
            expected,
            atol=1e-5,
            rtol=1e-5,
            msg=lambda text, name=name: f"{name}: {text}",
        )


def test_bf16_only_rounds(plain):
    losses, _, _ = trained(BY_NAME["bf16"], n_steps=1)
    assert not torch.equal(losses[0], plain[0][0])
    # bfloat16 has 8 bits; the logits of the frame head are 30 times louder
    # than an untrained network's, and so is their rounding.
    torch.testing.assert_close(
        losses[0, 0], plain[0][0, 0], atol=0.0, rtol=0.05
    )


def test_each_variant_up_to_ours_adds_one_tuning():
    order = [v.name for v in VARIANTS]
    cumulative = VARIANTS[: order.index("ours") + 1]
    assert not any(v.compiled or v.bf16 for v in cumulative)
    for before, after in zip(cumulative, cumulative[1:], strict=False):
        old, new = asdict(before), asdict(after)
        changed = {key for key in new if new[key] != old[key]}
        assert len(changed - {"name", "title"}) == 1
        assert sum(map(bool, new.values())) > sum(map(bool, old.values()))


def test_plain_is_always_measured_and_first():
    assert [v.name for v in choose_variants(["ours"])] == ["plain", "ours"]


def test_an_unknown_variant_is_refused(capsys):
    with pytest.raises(SystemExit):
        train_step.parse(["--variants=ours,fast"])
    assert "'fast' is unknown; there are plain" in capsys.readouterr().err


def run_of(*seconds, **more):
    return {
        "step_seconds": list(seconds),
        "peak_mib": 10.0,
        "compile_seconds": None,
        "anchors": 1.0,
        "loss": 1.0,
        **more,
    }


def test_ratios_compare_with_plain_in_the_same_round():
    runs = {
        "plain": [run_of(4.0, 4.0), run_of(8.0, 8.0), run_of(4.0, 4.0)],
        "ours": [run_of(2.0, 2.0), run_of(4.0, 4.0), run_of(1.0, 1.0)],
        "bf16": [{"failed": "RuntimeError: no"}],
    }
    rows = summarize(choose_variants(["ours", "bf16"]), runs)
    assert [row.ratio for row in rows] == [1.0, 4.0, None]
    assert [row.ratio_of_rounds for row in rows] == [1.0, 2.0, None]
    assert rows[1].steps_per_second == 1.0
    table = format_table(rows).splitlines()
    assert len({line.count("|") for line in table}) == 1
    assert "failed: RuntimeError: no" in table[-1]


def test_without_a_plain_step_there_is_no_ratio():
    runs = {"plain": [{"failed": "no"}], "ours": [run_of(2.0), run_of(1.0)]}
    ours = summarize(choose_variants(["ours"]), runs)[1]
    assert (ours.ratio, ours.min_seconds) == (None, 1.0)


def test_a_failing_variant_has_its_reason(tmp_path):
    file = tmp_path / "result.json"
    threads = torch.get_num_threads()
    words = ["plain", str(file), "--device=abacus", f"--threads={threads}"]
    assert step_worker.main([*words, "--profile=mini"]) == 1
    assert "abacus" in json.loads(file.read_text())["failed"]


def test_quick_run_writes_the_table_as_json(tmp_path, capsys, monkeypatch):
    # A fork has imported PyTorch: the numbers mean nothing here.
    monkeypatch.setattr(train_step.subprocess, "run", run_forked)
    file = tmp_path / "quick.json"
    words = "--quick --profile=mini --threads=1 --variants=plain,ours"
    assert train_step.main([*words.split(), f"--output={file}"]) == 0
    content = json.loads(file.read_text())
    plain, ours = content["variants"]
    assert (plain["name"], plain["ratio"]) == ("plain", 1.0)
    assert plain["ratio_of_rounds"] == 1.0
    expected = plain["min_seconds"] / ours["min_seconds"]
    assert ours["ratio"] == pytest.approx(expected)
    assert min(plain["peak_mib"], ours["peak_mib"]) > 0
    assert content["machine"]["torch"]["threads"] == 1
    assert "| + shared dropout draws = ours |" in capsys.readouterr().out
