import json
import os
import pickle

import numpy as np
import pytest

from lgc_plugin.data.packed_file import open_packed, write_packed

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


def test_other_types_and_facts_come_back(tmp_path):
    path = tmp_path / "a.float16"
    write_packed(path, [np.full((2, 3), 0.1)], keys=["b"])
    packed = open_packed(path, check=True)
    assert packed[0].tolist() == [np.float16(0.1)] * 6
    assert packed[0].dtype == np.float16 and packed.facts["keys"] == ["b"]


@pytest.mark.parametrize("arrays", [[], [np.empty(0)]])
def test_nothing_is_packed_too(tmp_path, arrays):
    write_packed(tmp_path / "a.int16", arrays)
    packed = open_packed(tmp_path / "a.int16", check=True)
    assert [array.size for array in packed] == [0] * len(arrays)
