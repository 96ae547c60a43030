"""docs/your_recipe.md adds LGC to recipes that know nothing of it."""

import re
import shutil

import pytest
import torch

from foreign_runs import (
    BLOCKS,
    FOREIGN,
    changed,
    copy_of,
    imported,
    launch,
    losses,
    newest,
    train,
    words_of,
)
from lgc_plugin.lgc import LGC

both = pytest.mark.parametrize("name", ["vad", "frozen"])


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The foreign recipes as they are."""
    return copy_of(tmp_path_factory.mktemp("plain") / "recipe")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """The foreign recipes, changed as on the page."""
    folder = copy_of(tmp_path_factory.mktemp("changed") / "recipe")
    for name, diff in BLOCKS:
        file = folder / name
        text = file.read_text()
        if name == "frozen_brain.py":  # of the plain detector
            text = text.replace(
                "from vad_brain import", "from vad_plain import"
            )
            diff = diff.replace(
                "from vad_brain import", "from vad_plain import"
            )
        file.write_text(changed(text, diff))
    shutil.copy(FOREIGN / "vad_brain.py", folder / "vad_plain.py")
    return folder


@both
def test_without_lgc_the_recipe_learns(plain, tmp_path, name):
    words = "--number_of_epochs=10"
    log = train(plain, tmp_path / "run", words, name=name)
    assert losses(log[-1])[1] < 0.8 * losses(log[0])[1]
    code = "".join(f.read_text() for f in FOREIGN.glob("*_*.py"))
    assert "lgc" not in code.replace("lgc_plugin", "")


def test_the_page_adds_six_lines_to_the_brain():
    """Beside the lines of its forward, which move."""
    diff = dict(BLOCKS)["vad_brain.py"]
    lines = [x.strip() for x in diff.splitlines()]
    added = [x for x in lines if re.match(r"\+\s*\S", x)]
    removed = [x for x in lines if x.startswith("-")]
    # Two lines of the forward are the same in another place.
    assert len(added) == 8 and len(removed) == 5
    moved = [x for x in added if "modules.rnn(" in x or "return logits" in x]
    assert len(added) - len(moved) == 6
    assert len(dict(BLOCKS)["vad.yaml"].splitlines()) == 5


@both
def test_a_stopped_run_ends_with_the_same_numbers(recipe, tmp_path, name):
    """Stopped before the prototypes are initialized, and again after.

    Three batches of an epoch, and a step for every two: one is left over.
    """
    words = ("--grad_accumulation_factor=2",)
    whole = train(recipe, tmp_path / "whole", *words, name=name)
    for epochs in (1, 3, 4):
        limit = f"--number_of_epochs={epochs}"
        log = train(recipe, tmp_path / "run", *words, limit, name=name)
    assert log == whole
    expected, found = newest(tmp_path / "whole"), newest(tmp_path / "run")
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(found[key], value), key
    assert int(expected["lgc", "teacher.steps"]) == 4
    assert expected["lgc", "bank._extra_state"] == {"initialized": True}
    copied = {key.split(".")[2] for _, key in expected if "teacher.net" in key}
    assert copied == (
        {"cnn", "rnn", "dnn"} if name == "vad" else {"rnn", "dnn"}
    )


@both
def test_two_processes_learn_one_model(recipe, tmp_path, name):
    output = tmp_path / "run"
    words = ("--distributed_backend=gloo", "--number_of_epochs=3")
    words += ("--find_unused_parameters",)
    log = launch(recipe, output, *words, name=name)
    assert [line.split(" - ")[0] for line in log] == [
        f"epoch: {epoch}" for epoch in (1, 2, 3)
    ]
    first, second = (
        torch.load(output / f"rank{rank}.pt", weights_only=True)
        for rank in (0, 1)
    )
    assert first.keys() == second.keys()
    for key, value in first.items():
        assert torch.equal(value, second[key]), key
    assert first["lgc.bank.active"].any()
    # Two processes with four clips each make one step of the twelve clips.
    assert int(first["lgc.teacher.steps"]) == 3


@both
def test_in_bf16_it_learns_too(recipe, tmp_path, name):
    log = train(recipe, tmp_path / "run", "--precision=bf16", name=name)
    assert losses(log[-1])[1] < losses(log[0])[1]
    kinds = {
        v.dtype
        for k, v in newest(tmp_path / "run").items()
        if torch.is_tensor(v) and v.is_floating_point()
    }
    assert kinds == {torch.float32}


@both
def test_it_goes_on_from_a_run_without_lgc(
    plain, recipe, tmp_path, name, monkeypatch
):
    """The teacher begins as the student that was loaded."""
    monkeypatch.setattr(LGC, "update_teacher", lambda *_: None)
    output = tmp_path / "run"
    train(plain, output, "--number_of_epochs=1", name=name)
    before = {
        f"teacher.network.{f.stem}.{key}": value
        for f in output.glob("save/CKPT*/*nn.ckpt")
        for key, value in torch.load(f, weights_only=True).items()
    }
    partly = "--checkpointer={allow_partial_load: True}"
    words = ("--number_of_epochs=2", partly)
    train(recipe, output, *words, name=name)
    after = newest(output)
    assert before
    for key, value in before.items():
        if "num_batches" not in key and "running" not in key:
            assert torch.equal(after["lgc", key], value)


@both
def test_every_term_is_at_work_and_only_the_student_learns(
    recipe, tmp_path, name
):
    # So short a training is never as sure as the paper's.
    sure = "--lgc={pos_threshold: 0.5, neg_threshold: 0.6}"
    with imported(recipe) as script:
        brain = script.main(words_of(name, tmp_path, [sure]))
        data = script.make_dataset(2000, 4, 0, vars(brain.hparams))
    lgc, stats = brain.lgc, brain.lgc_stats
    assert stats["mean_teacher"] > 0 and stats["cutmix"] > 0
    assert stats["n_anchors"] > 0 and stats["contrast"] > 0
    norms = lgc.bank.prototypes.norm(dim=-1)
    torch.testing.assert_close(norms, lgc.bank.active.to(norms))
    assert lgc.bank.active.all()
    assert not any(p.requires_grad for p in lgc.parameters())
    student = brain._student.state_dict()
    teacher = lgc.teacher.network.state_dict()
    assert student.keys() == teacher.keys()
    assert any(not torch.equal(student[n], teacher[n]) for n in student)

    # The teacher can be tested, and its weights used elsewhere.
    results = {}
    for who in ("student", "teacher"):
        if who == "student":
            brain.evaluate(data, min_key="loss")
        else:
            with brain.use_teacher():
                brain.evaluate(data, min_key="loss")
        results[who] = brain.test_loss
    assert results["student"] != results["teacher"]
    brain.save_teacher(tmp_path / "teacher")
    for part, module in brain._student.named_children():
        file = tmp_path / "teacher" / f"{part}.ckpt"
        module.load_state_dict(torch.load(file, weights_only=True))
    brain.checkpointer = None
    brain.on_evaluate_start = lambda **_: None
    brain.evaluate(data)
    assert brain.test_loss == pytest.approx(results["teacher"])
