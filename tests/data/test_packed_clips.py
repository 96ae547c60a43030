import copy
import os

import numpy as np
import pytest
import torch

from lgc_plugin.data.packed_clips import (
    ClipFiles,
    PackedMemory,
    packed_path,
    remove_earlier,
)
from lgc_plugin.data.packed_file import open_packed, write_packed


def test_a_copy_of_clips_in_memory_shares_the_samples():
    clips = PackedMemory(torch.arange(6).short(), [2, 4])
    assert copy.deepcopy(clips).samples is clips.samples


def audio(folder, *names):
    for name in names:
        (folder / name).write_bytes(b"RIFF")
    return tuple(str(folder / name) for name in names)


def test_the_name_tells_which_clips_and_in_which_state(tmp_path):
    paths = audio(tmp_path, "a.wav", "b.wav")

    def name(paths, rate=16000, n_samples=None):
        files = ClipFiles(paths, (1.0,) * len(paths), rate, n_samples)
        return packed_path("train", files, tmp_path).stem.split("-")

    train, which, state = name(paths)
    assert train == "train" and name(paths) == [train, which, state]
    others = [
        name(paths[:1]),
        name(paths[::-1]),
        name(paths, rate=8000),
        name(paths, n_samples=5),
    ]
    assert len({other[1] for other in others} | {which}) == 5
    os.utime(paths[0], ns=(0, 1))
    assert name(paths)[1] == which and name(paths)[2] != state
    os.remove(paths[1])
    with pytest.raises(ValueError, match=r"b\.wav: cannot be decoded"):
        name(paths)


def test_only_an_earlier_state_of_the_same_clips_is_removed(tmp_path):
    stale, other, longer, new = (
        tmp_path / f"train-{digests}.int16"
        for digests in ("aaaa-0000", "bbbb-0000", "aaaa-0000-1111", "aaaa-2222")
    )
    for path in (stale, other, longer, new):
        write_packed(path, [np.array([1], np.int16)])
    remove_earlier(new)
    assert open_packed(stale) is None
    assert not stale.with_suffix(".json").exists()
    for path in (other, longer, new):
        assert open_packed(path) is not None
