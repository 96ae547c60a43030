"""Checkpoints whose files changed: an older whole one, or one sentence."""

import errno
import shutil

import pytest
import torch
from torch import nn

from lgc_plugin.training.checkpoints import AtomicCheckpointer
from lgc_plugin.utils.locks import LockedError, lock_file


def make(folder, epochs=3):
    """Three checkpoints, the second of them the best."""
    layer = nn.Linear(1, 1)
    checkpointer = AtomicCheckpointer(folder, recoverables={"layer": layer})
    paths = []
    for epoch, score in list(enumerate([0.1, 0.9, 0.5], start=1))[:epochs]:
        layer.weight.data.fill_(epoch)
        meta = {"epoch": epoch, "f1": score, "unixtime": 1000.0 + epoch}
        saved = checkpointer.save_checkpoint(meta, name=str(9 - epoch))
        paths.append(saved.path)
    return paths


def again(folder):
    layer = nn.Linear(1, 1)
    return layer, AtomicCheckpointer(folder, recoverables={"layer": layer})


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


DAMAGE = [flip, truncate, empty, lambda path: path.unlink()]
FILES = ["layer.ckpt", "CKPT.yaml", "SHA256SUMS"]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_newest_is_passed_over_or_named(
    tmp_path, caplog, damage, name
):
    newest = make(tmp_path)[-1]
    damage(newest / name)
    _, checkpointer = again(tmp_path)
    try:
        checkpointer.recover_if_possible()
        assert f"{newest}/layer.ckpt: is" in caplog.text
        assert (tmp_path / f"damaged-{newest.name}").is_dir()
    except ValueError as error:
        # Nobody knows when it was saved.
        assert name != "layer.ckpt" and str(error).startswith(f"{newest}/")
        assert f"or delete {newest} to do without it" in str(error)
        shutil.rmtree(newest)
    layer, checkpointer = again(tmp_path)
    assert checkpointer.recover_if_possible().meta["epoch"] == 2
    assert layer.weight.item() == 2
    assert checkpointer.find_checkpoint(max_key="f1").meta["epoch"] == 2


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("key", [None, "f1"])
def test_a_damaged_best_is_never_replaced_by_another(
    tmp_path, damage, name, key
):
    best = make(tmp_path)[1]
    damage(best / name)
    _, checkpointer = again(tmp_path)
    with pytest.raises(ValueError, match="may be the best") as error:
        checkpointer.recover_if_possible(max_key=key)
    assert str(error.value).startswith(f"{best}/")
    assert best.is_dir()


def test_a_damaged_newest_is_not_passed_over_in_a_test(tmp_path):
    newest = make(tmp_path)[-1]
    flip(newest / "layer.ckpt")
    _, checkpointer = again(tmp_path)
    with pytest.raises(ValueError, match="may be the best"):
        checkpointer.recover_if_possible(max_key="f1")


def test_a_run_without_a_whole_checkpoint_does_not_begin_anew(tmp_path):
    only = make(tmp_path, epochs=1)[0]
    flip(only / "layer.ckpt")
    _, checkpointer = again(tmp_path)
    with pytest.raises(ValueError, match="no checkpoint of the run is whole"):
        checkpointer.recover_if_possible()


def test_a_file_that_is_not_listed_is_not_loaded(tmp_path):
    best = make(tmp_path)[1]
    shutil.copy(best / "layer.ckpt", best / "other.ckpt")
    _, checkpointer = again(tmp_path)
    with pytest.raises(ValueError, match=r"other\.ckpt: is damaged"):
        checkpointer.recover_if_possible()


def test_a_second_process_neither_writes_nor_cleans_up(tmp_path):
    make(tmp_path)
    unfinished = tmp_path / "unfinished-CKPT+x"
    unfinished.mkdir()
    with lock_file(tmp_path / ".lock", "checkpoints"):
        _, checkpointer = again(tmp_path)
        assert checkpointer.recover_if_possible() is not None
        with pytest.raises(LockedError, match=f"{tmp_path}: in use by process"):
            checkpointer.save_checkpoint()
        assert unfinished.is_dir()
    checkpointer.save_checkpoint()
    assert not unfinished.exists()


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    paths = make(tmp_path)
    _, checkpointer = again(tmp_path)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match=r"No space left on device.*MB free"):
        checkpointer.save_checkpoint()
    monkeypatch.undo()
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert again(tmp_path)[1].recover_if_possible().meta["epoch"] == 3
