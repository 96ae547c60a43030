"""Runs whose checkpoints or records changed, and two runs in one folder."""

import json
import shutil

import pytest

from lgc_plugin.utils.locks import lock_file

THREE = "--number_of_epochs=3"


@pytest.fixture(scope="module")
def run(train, tmp_path_factory):
    """Two epochs."""
    folder = tmp_path_factory.mktemp("run") / "two"
    train(folder, "--number_of_epochs=2")
    return folder


@pytest.fixture(scope="module")
def whole(train, run, tmp_path_factory):
    """The same run after a third epoch."""
    folder = tmp_path_factory.mktemp("run") / "three"
    shutil.copytree(run, folder)
    train(folder, THREE)
    return folder


@pytest.fixture
def copy(run, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(run, folder)
    return folder


def scores(folder):
    return json.loads((folder / "results.json").read_text())["scores"]


def last_epoch(folder):
    return (folder / "train_log.txt").read_text().splitlines()[-1]


def checkpoints(folder):
    """The best, and the newest if that is another."""
    return sorted((folder / "save").glob("CKPT*"))


def damage(path):
    path.write_bytes(path.read_bytes()[:-100])


def test_a_damaged_best_is_not_replaced_by_another(train, copy):
    before = (copy / "results.json").read_bytes()
    for folder in checkpoints(copy):
        damage(folder / "model.ckpt")
    done = train(copy, "--test_only", check=False)
    assert done.returncode == 2
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith(f"train.py: error: {copy}/save/CKPT+")
    assert "model.ckpt: is damaged" in line
    assert (copy / "results.json").read_bytes() == before


def test_a_lost_description_of_a_checkpoint_is_named(train, copy):
    (checkpoints(copy)[0] / "CKPT.yaml").unlink()
    done = train(copy, "--test_only", check=False)
    assert done.returncode == 2
    assert "CKPT.yaml: is missing" in done.stderr


def test_after_a_damaged_newest_the_end_is_the_same(
    train, run, whole, tmp_path
):
    """Epoch 3 is trained again, from the checkpoint of epoch 2."""
    again = tmp_path / "again"
    shutil.copytree(whole, again)
    newest = checkpoints(again)[-1]
    for folder in checkpoints(run):
        shutil.copytree(
            folder, again / "save" / folder.name, dirs_exist_ok=True
        )
    damage(newest / "lgc.ckpt")
    done = train(again, THREE)
    assert "lgc.ckpt: is damaged" in done.stdout + done.stderr
    assert "Going into epoch 3\n" in done.stdout
    assert scores(again) == scores(whole)
    assert last_epoch(again) == last_epoch(whole)


def test_one_run_at_a_time_in_a_folder(train, copy):
    with lock_file(copy / ".lock", "test"):
        done = train(copy, "--test_only", check=False)
    assert done.returncode == 2
    assert f"train.py: error: {copy}: in use by process" in done.stderr


@pytest.mark.parametrize("content", ["", "[1]", "null"])
def test_a_damaged_record_of_settings_is_named(train, copy, content):
    (copy / "settings.json").write_text(content)
    done = train(copy, THREE, check=False)
    assert done.returncode == 2
    assert f"{copy}/settings.json: no whole JSON object" in done.stderr


# As PyTorch fails on a disk that is full, and as the disk then is.
FULL_DISK = """
import shutil, collections, torch
def fail(*_, **__):
    raise RuntimeError("unexpected pos 124032 vs 123920")
torch.save = fail
usage = collections.namedtuple("usage", "total used free")(10**6, 10**6, 0)
shutil.disk_usage = lambda _: usage
"""


def test_a_full_disk_ends_a_run_in_one_line_and_it_goes_on_later(
    train, whole, copy
):
    done = train(copy, THREE, before=FULL_DISK, check=False)
    assert done.returncode == 1
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith(f"train.py: error: {copy}/save/")
    assert "No space left on device (0.0 MB free)" in line
    assert "Traceback" not in done.stderr
    train(copy, THREE)
    assert scores(copy) == scores(whole)
    assert last_epoch(copy) == last_epoch(whole)
    assert not (copy / ".lock").exists()
