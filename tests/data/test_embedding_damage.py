"""Kills, damage and several processes at a cache of embeddings."""

import json
import os
import shutil
import signal

import pytest
import torch

from embedding_cases import alone, cached, make_clips, snapshot
from lgc_plugin.data import embedding_cache
from tiny_encoder import TinyEncoder

SHARDS = 6  # of the 11 different clips
FORK = torch.multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    monkeypatch.setattr(embedding_cache, "_SHARD_CLIPS", 2)


@pytest.fixture
def whole(tmp_path):
    """The files of a process that was not disturbed."""
    cached(make_clips(), tmp_path / "whole")
    files = snapshot(tmp_path / "whole")
    assert len(files) == 2 * SHARDS
    return files


def count_encoded(monkeypatch):
    sizes = []
    embed = TinyEncoder.embed

    def counting(self, wavs, lengths=None):
        sizes.append(len(wavs))
        return embed(self, wavs, lengths)

    monkeypatch.setattr(TinyEncoder, "embed", counting)
    return sizes


def contents(found):
    return {
        name: [each[i].tolist() for i in range(len(each))]
        for name, each in found.items()
    }


def kill_at(call, after, folder):
    """Computes embeddings until a file gets its name, and dies there."""
    replace, calls = os.replace, []

    def deadly(*paths):
        calls.append(paths)
        if len(calls) == call and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(*paths)
        if len(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = deadly
    cached(make_clips(), folder)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", range(1, 2 * SHARDS + 1))
def test_what_was_killed_ends_with_the_same_bytes(
    call, after, whole, tmp_path, monkeypatch
):
    folder = tmp_path / "killed"
    process = FORK.Process(target=kill_at, args=(call, after, folder))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    sizes = count_encoded(monkeypatch)
    cached(make_clips(), folder)
    assert snapshot(folder) == whole
    # Files have their names by turns: numbers, then what describes them.
    done = (call - (not after)) // 2
    assert sum(sizes) == 11 - 2 * done or call >= 2 * SHARDS - 1


def flip(place):
    def damage(path):
        content = bytearray(path.read_bytes())
        content[int(place * (len(content) - 1))] ^= 4
        path.write_bytes(content)

    return damage


DAMAGES = {
    "first": flip(0.0),
    "middle": flip(0.5),
    "last": flip(1.0),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: path.write_bytes(b""),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"1"),
    "other content": lambda path: path.write_bytes(b"{}"),
}


@pytest.mark.parametrize("suffix", [".json", ".float16"])
@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_computed_anew(
    name, suffix, whole, tmp_path, caplog, monkeypatch
):
    folder = tmp_path / "whole"
    for path in sorted(folder.rglob(f"*{suffix}")):
        DAMAGES[name](path)
        # What cannot be seen in what is read is no damage.
        if (name, suffix) == ("last", ".json"):
            continue
        caplog.clear()
        sizes = count_encoded(monkeypatch)
        found = cached(make_clips(), folder)
        monkeypatch.undo()
        monkeypatch.setattr(embedding_cache, "_SHARD_CLIPS", 2)
        assert 1 <= sum(sizes) <= 2, path
        message = f"{path.stem}.float16 is damaged, or of another encoder"
        assert message in caplog.text
        assert snapshot(folder) == whole
        check(found)


def check(found):
    for name, clips in make_clips().items():
        for number, clip in enumerate(clips):
            assert abs(found[name][number] - alone(clip)).max() < 1e-3


@pytest.mark.parametrize("suffix", [".json", ".float16"])
def test_a_lost_file_is_computed_anew(suffix, whole, tmp_path):
    folder = tmp_path / "whole"
    for path in sorted(folder.rglob(f"*{suffix}")):
        path.unlink()
        check(cached(make_clips(), folder))
        assert snapshot(folder) == whole


def test_a_file_of_another_encoder_is_not_used(whole, tmp_path, caplog):
    cached(make_clips(), tmp_path / "other", TinyEncoder(seed=1))
    folder = next((tmp_path / "whole" / "embeddings").iterdir())
    pairs = zip(
        sorted(folder.iterdir()),
        sorted((tmp_path / "other").rglob("*.*")),
        strict=True,
    )
    for own, foreign in pairs:
        shutil.copy(foreign, own)
    check(cached(make_clips(), tmp_path / "whole"))
    assert caplog.text.count("of another encoder") == SHARDS
    assert snapshot(tmp_path / "whole") == whole


def test_other_files_in_the_folder_stay(whole, tmp_path, caplog):
    folder = next((tmp_path / "whole" / "embeddings").iterdir())
    (folder / "notes.json").write_text(json.dumps({"lengths": 3}))
    with caplog.at_level("WARNING"):
        check(cached(make_clips(), tmp_path / "whole"))
    assert (folder / "notes.json").exists() and not caplog.text


def test_a_manifest_that_grew_adds_files(whole, tmp_path):
    clips = make_clips()
    first = {"train": clips["train"][:5]}
    cached(first, tmp_path / "grown")
    before = snapshot(tmp_path / "grown")
    check(cached(clips, tmp_path / "grown"))
    after = snapshot(tmp_path / "grown")
    assert before.items() <= after.items() and len(after) > len(before)


def one_of_two(folder, barrier, queue):
    barrier.wait(60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "getpid", lambda: 7)  # as in two containers
        found = contents(cached(make_clips(), folder))
    queue.put(found)


def test_two_at_once_share_a_folder(whole, tmp_path):
    folder = tmp_path / "shared"
    for _ in range(3):
        barrier, queue = FORK.Barrier(2), FORK.Queue()
        processes = [
            FORK.Process(target=one_of_two, args=(folder, barrier, queue))
            for _ in range(2)
        ]
        for process in processes:
            process.start()
        results = [queue.get(timeout=60) for _ in processes]
        for process in processes:
            process.join(30)
        expected = contents(cached(make_clips(), tmp_path / "whole"))
        assert results == [expected] * 2
        assert snapshot(folder) == whole
        assert not [p for p in folder.rglob(".*") if p.is_file()]
        shutil.rmtree(folder)


def one_rank(rank, local_rank, folder, place, queue):
    """One process of two that train together."""
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(local_rank))
    torch.distributed.init_process_group(
        "gloo",
        init_method=f"file://{place / 'meeting'}",
        rank=rank,
        world_size=2,
    )
    with pytest.MonkeyPatch.context() as patch:
        sizes = count_encoded(patch)
        found = cached(make_clips(), folder)
    queue.put((rank, sum(sizes), contents(found)))
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize(
    ("folders", "encoded"),
    # Two disks: the second machine also computes what the first one had.
    [(("one", "one"), [5, 6]), (("one", "two"), [11, 11])],
)
def test_several_processes_compute_a_share_each(
    folders, encoded, whole, tmp_path
):
    queue = FORK.Queue()
    local = (0, int(folders[0] == folders[1]))
    processes = [
        FORK.Process(
            target=one_rank,
            args=(rank, local[rank], tmp_path / folders[rank], tmp_path, queue),
        )
        for rank in range(2)
    ]
    for process in processes:
        process.start()
    results = sorted(queue.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    expected = contents(cached(make_clips(), tmp_path / "whole"))
    assert [found for _, _, found in results] == [expected] * 2
    assert sorted(count for _, count, _ in results) == encoded
    if folders[0] == folders[1]:
        assert snapshot(tmp_path / "one") == whole
