"""Runs of the foreign recipes in tests/foreign, as they are or changed."""

import importlib
import os
import re
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

import torch

from forked import ROOT, Script

FOREIGN = ROOT / "tests" / "foreign"
PAGE = (ROOT / "docs" / "your_recipe.md").read_text()
BLOCKS = re.findall(r"^```diff (\S+)\n(.*?)^```$", PAGE, re.M | re.S)
NOT_OF_IT = ("__pycache__", "conftest.py")


def changed(text, diff):
    """A text with a diff's hunks, each of which must fit one place."""
    for hunk in re.split(r"^@@\n", diff, flags=re.M):
        lines = [line if line.strip() else " " for line in hunk.splitlines()]
        assert {line[0] for line in lines} <= {" ", "+", "-"}
        old = "".join(f"{x[1:]}\n" for x in lines if x[0] in " -")
        new = "".join(f"{x[1:]}\n" for x in lines if x[0] in " +")
        assert old and text.count(old) == 1, hunk
        text = text.replace(old, new)
    return text


def copy_of(folder):
    shutil.copytree(FOREIGN, folder, ignore=shutil.ignore_patterns(*NOT_OF_IT))
    make_encoder(folder)
    return folder


def make_encoder(folder):
    """Pretrained weights, with batch statistics that are not the first ones."""
    with imported(folder), torch.random.fork_rng():
        torch.manual_seed(0)
        module = importlib.import_module("frozen_brain")
        encoder = module.TinyEncoder(8, 160)
        encoder.norm.running_mean += 0.1
        encoder.norm.running_var *= 0.01
        torch.save(encoder.state_dict(), "encoder.ckpt")


#: Runs a recipe, and saves the state of each process at the end.
SAVING = """
import os
import sys

import torch
from vad_train import main

brain = main(sys.argv[1:])
state = brain.modules.state_dict()
state.update(brain.lgc.state_dict(prefix="lgc."))
file = brain.hparams.output_folder + "/rank" + os.environ["RANK"] + ".pt"
torch.save({k: v for k, v in state.items() if torch.is_tensor(v)}, file)
# A group that is still there at the end may abort the process, and wrapped
# modules hold it.
del brain, state
torch.distributed.destroy_process_group()
"""


@contextmanager
def imported(folder):
    """The recipe's script, imported from its folder, for a while."""
    names = ("vad_plain", "vad_brain", "frozen_brain", "vad_train")
    before = Path.cwd()
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()  # files may have been added
    try:
        yield importlib.import_module("vad_train")
    finally:
        sys.path.remove(str(folder))
        os.chdir(before)
        for name in names:
            sys.modules.pop(name, None)


def words_of(name, output, words):
    options = (f"--output_folder={output}", "--device=cpu", "--noprogressbar")
    return [f"{name}.yaml", *options, *words]


def train(folder, output, *words, name="vad"):
    """Runs a recipe in a folder; returns the lines of its log."""
    with imported(folder) as script:
        script.main(words_of(name, output, words))
    return (output / "train_log.txt").read_text().splitlines()


def launch(folder, output, *words, name="vad"):
    """The same on two processes; each saves its state at the end."""
    (folder / "saving.py").write_text(SAVING)
    command = [folder / "saving.py", *words_of(name, output, words)]
    done = Script(command, cwd=folder, processes=2).wait()
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
        if file.stem in ("cnn", "rnn", "dnn", "lgc")
        for name, value in torch.load(file, weights_only=True).items()
    }


def losses(line):
    return [float(x) for x in re.findall(r"loss: (\S+)", line)]
