"""What we wrote and read again: whole, an older whole one, or a sentence."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from speechbrain.utils.checkpoints import Checkpointer

from detect_cases import write_small_model, write_sound
from embedding_cases import cached
from lgc_plugin.data.clip_cache import cache_clips
from lgc_plugin.data.packed_clips import ClipFiles
from lgc_plugin.inference.model import model_files
from lgc_plugin.inference.model.model_folder import read_model
from lgc_plugin.training.checkpoints import AtomicCheckpointer
from lgc_plugin.training.process_state import RandomState

FLIPS = 12  # places in each file


def bytes_of(state: dict[str, Any]) -> list[bytes]:
    return [value.numpy().tobytes() for value in state.values()]


def write_model(folder: Path) -> None:
    write_small_model(folder / "model")


def read_weights(folder: Path) -> list[bytes]:
    model = read_model(folder / "model")
    settings = repr(model.settings).encode()
    return [settings, *bytes_of(model.network.state_dict())]


def clip_files(folder: Path) -> dict[str, ClipFiles]:
    files = sorted((folder / "audio").glob("*.wav"))
    clips = ClipFiles(tuple(map(str, files)), (1.0, 1.5, 0.5), 16000)
    return {"strong": clips}


def write_cache(folder: Path) -> None:
    for number, seconds in enumerate((1.0, 1.5, 0.5)):
        write_sound(folder / "audio" / f"{number}.wav", seconds, number)
    read_cache(folder)


def read_cache(folder: Path) -> list[bytes]:
    files = clip_files(folder)
    clips = cache_clips(files, "disk", folder / "cache", progress=False)
    return [np.asarray(clip).tobytes() for clip in clips["strong"]]


def read_embeddings(folder: Path) -> list[bytes]:
    clips = {"strong": [np.arange(n, dtype=np.int16) for n in (900, 0, 7000)]}
    found = cached(clips, folder)["strong"]
    return [found[number].tobytes() for number in range(len(found))]


def checkpointer(folder: Path) -> tuple[torch.nn.Module, Checkpointer]:
    layer = torch.nn.Linear(20, 3)
    parts = {"layer": layer, "random": RandomState()}
    return layer, AtomicCheckpointer(folder / "save", recoverables=parts)


def write_checkpoints(folder: Path) -> None:
    layer, saver = checkpointer(folder)
    for epoch in (1, 2):
        torch.nn.init.constant_(layer.weight, float(epoch))
        torch.nn.init.constant_(layer.bias, float(epoch))
        saver.save_checkpoint({"epoch": epoch}, name=f"{epoch}")


def read_checkpoint(folder: Path) -> list[bytes]:
    layer, saver = checkpointer(folder)
    found = saver.recover_if_possible(max_key="epoch")
    assert found is not None
    return bytes_of(layer.state_dict())


@dataclass
class State:
    """Files that are written and read again."""

    name: str
    write: Callable[[Path], None]
    read: Callable[[Path], list[bytes]]
    #: The files that may be damaged
    pattern: str


STATES = [
    State("model folder", write_model, read_weights, "model/*"),
    State("clip cache", write_cache, read_cache, "cache/*"),
    State("embedding cache", read_embeddings, read_embeddings, "emb*/*/*"),
    State("checkpoint", write_checkpoints, read_checkpoint, "save/*2*/*"),
]


def damages(content: bytes) -> dict[str, bytes]:
    """Truncated, emptied, and with single bits flipped."""
    size = len(content)
    cut = {"empty": b"", "half": content[: size // 2], "end": content[:-1]}
    for number in range(min(FLIPS, size)):
        place = (2 * number + 1) * size // (2 * min(FLIPS, size))
        flipped = bytearray(content)
        flipped[place] ^= 1 << number % 8
        cut[f"bit at {place}"] = bytes(flipped)
    return cut


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that changes while it is read is read again after a pause."""
    monkeypatch.setattr(model_files, "_PAUSE_SECONDS", 0.0)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_damage_is_never_a_silent_difference(state, tmp_path):
    run, whole = tmp_path / "run", tmp_path / "whole"
    state.write(run)
    shutil.copytree(run, whole)  # with the times that a cache knows files by
    expected = [state.read(run)]
    if state.name == "checkpoint":  # the older one
        shutil.rmtree(next((run / "save").glob("*2*")))
        expected.append(state.read(run))
    for file in sorted(whole.glob(state.pattern)):
        for name, content in damages(file.read_bytes()).items():
            shutil.rmtree(run)
            shutil.copytree(whole, run)
            (run / file.relative_to(whole)).write_bytes(content)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    found = state.read(run)
            except (ValueError, OSError) as error:
                assert str(run) in str(error), (file.name, name, error)
                assert "\n" not in str(error)
            else:
                assert found in expected, (file.name, name)
    assert len(expected[0]) > 1


class Killed(BaseException):
    """In the place of SIGKILL, which lets nothing clean up."""


def test_a_kill_while_a_checkpoint_is_deleted_stops_nothing(
    tmp_path, monkeypatch
):
    """It is gone or whole, but not half of one under its name."""
    write_checkpoints(tmp_path)
    expected = read_checkpoint(tmp_path)
    _, saver = checkpointer(tmp_path)

    def delete_one_file(path, *_, **__):
        next(Path(path).iterdir()).unlink()
        raise Killed

    monkeypatch.setattr(shutil, "rmtree", delete_one_file)
    with pytest.raises(Killed):
        saver.delete_checkpoints(num_to_keep=1, max_keys=["epoch"])
    monkeypatch.undo()
    assert read_checkpoint(tmp_path) == expected
