import copy
import json
import os
import pickle

import numpy as np
import pytest
import torch

from lgc_plugin.data.packed_clips import (
    ClipFiles,
    PackedMemory,
    open_packed,
    packed_path,
    write_packed,
)

CLIPS = [np.array(clip, np.int16) for clip in ([1, 2], [], [-3], [4, 5, 6])]


def test_clips_come_back_from_a_file_as_they_were(tmp_path):
    write_packed(tmp_path / "a.int16", CLIPS)
    packed = open_packed(tmp_path / "a.int16")
    assert len(packed) == 4
    for clip, expected in zip(packed, CLIPS, strict=True):
        assert clip.dtype == np.int16 and np.array_equal(clip, expected)
    assert np.fromfile(packed.path, "<i2").tolist() == [1, 2, -3, 4, 5, 6]


def test_a_file_cannot_be_written_to_through_its_clips(tmp_path):
    write_packed(tmp_path / "a.int16", CLIPS)
    with pytest.raises(ValueError, match="read-only"):
        open_packed(tmp_path / "a.int16")[0][0] = 9


def test_another_process_opens_the_file_itself(tmp_path):
    write_packed(tmp_path / "a.int16", [np.zeros(100_000, np.int16)])
    packed = open_packed(tmp_path / "a.int16")
    packed[0]
    data = pickle.dumps(packed)
    assert len(data) < 2000
    assert len(pickle.loads(data)[0]) == 100_000


def test_a_copy_of_clips_in_memory_shares_the_samples():
    clips = PackedMemory(torch.arange(6).short(), [2, 4])
    assert copy.deepcopy(clips).samples is clips.samples


def test_what_is_interrupted_leaves_no_file(tmp_path):
    def broken():
        yield CLIPS[0]
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_packed(tmp_path / "a.int16", broken())
    assert list(tmp_path.iterdir()) == []


def change_lengths(path, lengths):
    file = path.with_suffix(".json")
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "lengths": lengths}))


@pytest.mark.parametrize("place", range(12))
def test_a_flipped_bit_is_found(tmp_path, place):
    path = tmp_path / "a.int16"
    write_packed(path, CLIPS)
    assert open_packed(path, check=True) is not None
    content = bytearray(path.read_bytes())
    content[place] ^= 16
    path.write_bytes(content)
    assert open_packed(path, check=True) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: os.truncate(path, 6),
        lambda path: path.unlink(),
        lambda path: path.with_suffix(".json").unlink(),
        lambda path: path.with_suffix(".json").write_text("{"),
        lambda path: path.with_suffix(".json").write_text("[]"),
        lambda path: path.with_suffix(".json").write_text('{"lengths": "a"}'),
        lambda path: change_lengths(path, [1, 1, 1, 3]),
        lambda path: change_lengths(path, [2, 0, 2, 2]),
        lambda path: change_lengths(path, [-1, 3, 1, 3]),
        lambda path: change_lengths(path, [10**30]),
        lambda path: change_lengths(path, [6]),
    ],
)
def test_what_is_not_whole_is_not_opened(tmp_path, damage):
    path = tmp_path / "a.int16"
    write_packed(path, CLIPS)
    damage(path)
    assert open_packed(path) is None


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
        write_packed(path, CLIPS)
    assert open_packed(stale) is None
    assert not stale.with_suffix(".json").exists()
    for path in (other, longer, new):
        assert open_packed(path) is not None
