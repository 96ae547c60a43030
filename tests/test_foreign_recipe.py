"""docs/your_recipe.md adds LGC to a recipe that knows nothing of it."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
FOREIGN = ROOT / "tests" / "foreign"
PAGE = (ROOT / "docs" / "your_recipe.md").read_text()
BLOCKS = re.findall(r"^```(\w+) (\S+)\n(.*?)^```$", PAGE, re.M | re.S)
NOT_OF_IT = ("__pycache__", "conftest.py")
LAUNCHER = "-m torch.distributed.run --standalone --nproc_per_node=2".split()


def changed(text, diff):
    """A text with a diff's hunks, each of which must fit one place."""
    for hunk in re.split(r"^@@\n", diff, flags=re.M):
        lines = [line if line.strip() else " " for line in hunk.splitlines()]
        assert {line[0] for line in lines} <= {" ", "+"}  # nothing is removed
        old = "".join(f"{x[1:]}\n" for x in lines if x[0] == " ")
        new = "".join(f"{x[1:]}\n" for x in lines)
        if not old:
            raise ValueError(f"where does this go?\n{hunk}")
        assert text.count(old) == 1, hunk
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """The foreign recipe, changed as the page says."""
    folder = tmp_path_factory.mktemp("recipe") / "vad"
    shutil.copytree(FOREIGN, folder, ignore=shutil.ignore_patterns(*NOT_OF_IT))
    for kind, name, code in BLOCKS:
        file = folder / name
        if kind == "diff":
            code = changed(file.read_text(), code)
        else:
            assert not file.exists()
        file.write_text(code)
    return folder


def train(folder, output, *words, launcher=(), script="vad_train.py"):
    """Runs the recipe in a folder; returns the lines of its log."""
    done = subprocess.run(
        [
            *(sys.executable, *launcher, script, "vad.yaml"),
            *(f"--output_folder={output}", "--device=cpu", "--noprogressbar"),
            *words,
        ],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return (output / "train_log.txt").read_text().splitlines()


def newest(output):
    """All tensors of the newest checkpoint, by file and name."""
    folder = max(
        output.glob("save/CKPT*"),
        key=lambda f: (f / "lgc.ckpt").stat().st_mtime_ns,
    )
    return {
        (file.stem, name): value
        for file in folder.glob("*.ckpt")
        if file.stem in ("crdnn", "output", "lgc", "normalize")
        for name, value in torch.load(file, weights_only=True).items()
    }


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory):
    """An uninterrupted run with LGC: its folder and its log."""
    output = tmp_path_factory.mktemp("whole") / "run"
    return output, train(recipe, output)


def losses(line):
    return [float(x) for x in re.findall(r"loss: (\S+)", line)]


def test_without_lgc_the_recipe_learns(tmp_path):
    log = train(FOREIGN, tmp_path / "run", "--number_of_epochs=6")
    assert losses(log[-1])[1] < 0.7 * losses(log[0])[1]
    code = "".join(f.read_text() for f in FOREIGN.glob("vad_*.py"))
    assert "lgc" not in code.replace("lgc_plugin", "")


def test_the_page_adds_ten_lines_to_the_brain():
    added = {
        name: [
            line
            for line in code.splitlines()
            if re.match(r"\+\s*[^\s\"+]", line)
        ]
        for kind, name, code in BLOCKS
        if kind == "diff"
    }
    assert {name: len(lines) for name, lines in added.items()} == {
        "vad_brain.py": 10,
        "vad_train.py": 3,
        "vad.yaml": 10,
    }


def test_a_stopped_run_ends_with_the_same_numbers(recipe, whole, tmp_path):
    """Stopped before the prototypes are initialized, and again after."""
    output = tmp_path / "run"
    for epochs in (1, 3, 4):
        log = train(recipe, output, f"--number_of_epochs={epochs}")
    assert log == whole[1]
    expected, found = newest(whole[0]), newest(output)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(found[name], value), name
    assert int(expected["lgc", "teacher.steps"]) == 4 * 3
    assert expected["lgc", "bank._extra_state"] == {"initialized": True}


#: Runs the recipe, and writes down what each process has in the end.
TELL = """
import os
import sys

import torch
from vad_train import main

brain = main(sys.argv[1:])
mean = brain.modules.normalize.glob_mean
state = {**brain.modules.state_dict(), "features": mean}
file = brain.hparams.output_folder + "/rank" + os.environ["RANK"] + ".pt"
torch.save({k: v for k, v in state.items() if torch.is_tensor(v)}, file)
# A group that is still there at the end may abort the process, and wrapped
# modules hold it.
del brain, state, mean
torch.distributed.destroy_process_group()
"""


def test_two_processes_learn_one_model(recipe, tmp_path):
    (recipe / "tell.py").write_text(TELL)
    output = tmp_path / "run"
    words = ("--distributed_backend=gloo", "--number_of_epochs=3")
    log = train(recipe, output, *words, launcher=LAUNCHER, script="tell.py")
    assert [line.split(" - ")[0] for line in log] == [
        f"epoch: {epoch}" for epoch in (1, 2, 3)
    ]
    first, second = (
        torch.load(output / f"rank{rank}.pt", weights_only=True)
        for rank in (0, 1)
    )
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
    assert first["lgc.bank.active"].any()
    # Two processes with four clips each make one step of the twelve clips.
    assert int(first["lgc.teacher.steps"]) == 3


@pytest.fixture
def brain(recipe, tmp_path, monkeypatch):
    """A training in this process, watched: (Brain, terms of each batch)."""
    monkeypatch.syspath_prepend(str(recipe))
    monkeypatch.chdir(recipe)
    names = ("vad_brain", "vad_train")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    module = importlib.import_module("lgc_plugin.training.frame_lgc")
    terms = []

    class Watched(module.FrameLGC):
        def forward(self, *arguments):
            found = super().forward(*arguments)
            values = found._asdict().items()
            terms.append({k: v.item() for k, v in values if torch.is_tensor(v)})
            return found

    monkeypatch.setattr(module, "FrameLGC", Watched)
    # So short a training is never as sure as the paper's.
    sure = "--lgc={pos_threshold: 0.5, neg_threshold: 0.6}"
    words = [f"--output_folder={tmp_path}", "--device=cpu", "--noprogressbar"]
    main = importlib.import_module("vad_train").main
    yield main(["vad.yaml", *words, sure]), terms
    for name in names:
        sys.modules.pop(name, None)


def test_every_term_is_at_work_and_only_the_student_learns(brain):
    brain, terms = brain
    lgc = brain.modules.lgc
    assert len(terms) == 4 * 3
    # At the first step the teacher is the student, but for dropout.
    assert all(t["mean_teacher"] > 0 and t["cutmix"] > 0 for t in terms)
    before, after = terms[:6], terms[6:]
    assert all(t["n_anchors"] == t["contrast"] == 0 for t in before)
    assert any(t["n_anchors"] > 0 and t["contrast"] > 0 for t in after)
    norms = lgc.bank.prototypes.norm(dim=-1)
    torch.testing.assert_close(norms, lgc.bank.active.to(norms))
    assert lgc.bank.active.all()
    assert all(p.grad is None for p in lgc.parameters())
    assert not any(p.requires_grad for p in lgc.parameters())
    student = dict(brain.modules.crdnn.named_parameters())
    teacher = dict(lgc.teacher.network.encoder.named_parameters())
    assert student.keys() == teacher.keys()
    assert any(not torch.equal(student[n], teacher[n]) for n in student)
