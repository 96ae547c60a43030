import os

import numpy as np
import pytest
import soundfile
import torch

from lgc_plugin.data import clip_cache
from lgc_plugin.data.clip_cache import cache_clips
from lgc_plugin.data.packed_clips import ClipFiles


@pytest.fixture
def files(tmp_path):
    """Clips of several lengths and formats, in two manifests."""
    rng = np.random.default_rng(0)
    paths, seconds = [], []
    for i, (length, subtype) in enumerate(
        [(50, "PCM_16"), (130, "PCM_16"), (70, "FLOAT"), (1, "PCM_24")]
    ):
        path = tmp_path / f"{i}.wav"
        soundfile.write(path, rng.uniform(-1, 1, length), 16000, subtype)
        paths.append(str(path))
        seconds.append(length / 16000)
    return {
        "train": ClipFiles(tuple(paths), tuple(seconds), 16000, 100),
        "valid": ClipFiles(tuple(paths[1:]), tuple(seconds[1:]), 16000),
    }


def cached(files, cache, folder):
    return cache_clips(files, cache, folder / "cache", progress=False)


def contents(caches):
    return {
        name: [clips[i].tolist() for i in range(len(clips))]
        for name, clips in caches.items()
    }


def test_all_caches_hold_the_same_samples(files, tmp_path):
    expected = contents(files)
    assert [len(clip) for clip in expected["train"]] == [50, 100, 70, 1]
    for cache in clip_cache.CACHES:
        found = cached(files, cache, tmp_path)
        assert contents(found) == expected
        assert found["train"][0].dtype == np.int16


@pytest.fixture
def decoded(monkeypatch):
    """What is decoded from files, in the order in which it is."""
    paths = []
    read = ClipFiles.__getitem__

    def counting(self, index):
        paths.append(self.paths[index])
        return read(self, index)

    monkeypatch.setattr(ClipFiles, "__getitem__", counting)
    return paths


def test_the_disk_is_written_once(files, tmp_path, decoded):
    first = cached(files, "disk", tmp_path)
    assert len(decoded) == 7
    second = cached(files, "disk", tmp_path)
    assert contents(first) == contents(second)
    assert len(decoded) == 7


def test_changed_audio_is_decoded_anew(files, tmp_path, decoded):
    cached(files, "disk", tmp_path)
    changed = files["train"].paths[0]
    soundfile.write(changed, np.full(50, 0.25), 16000)
    os.utime(changed, ns=(0, 1))
    decoded.clear()
    found = cached(files, "disk", tmp_path)
    assert set(found["train"][0]) == {8192}
    assert len(decoded) == 4  # those of the other manifest have not changed
    assert len(list((tmp_path / "cache").iterdir())) == 4


def test_a_truncated_file_is_written_again(files, tmp_path):
    expected = contents(cached(files, "disk", tmp_path))
    for path in (tmp_path / "cache").glob("*.int16"):
        os.truncate(path, 10)
    assert contents(cached(files, "disk", tmp_path)) == expected


def test_flipped_samples_are_written_again(files, tmp_path, caplog):
    expected = contents(cached(files, "disk", tmp_path))
    for path in (tmp_path / "cache").glob("train*.int16"):
        content = bytearray(path.read_bytes())
        content[40] ^= 1
        path.write_bytes(content)
    assert contents(cached(files, "disk", tmp_path)) == expected
    assert "is damaged: it is written anew" in caplog.text


@pytest.mark.parametrize("cache", ["disk", "memory"])
def test_errors_name_the_file(files, tmp_path, cache):
    broken = files["train"].paths[2]
    with open(broken, "wb") as file:
        file.write(b"RIFF")
    with pytest.raises(ValueError, match=r"2\.wav: cannot be decoded"):
        cached(files, cache, tmp_path)
    assert not list(tmp_path.glob("cache/*"))


def test_another_rate_is_refused(files, tmp_path):
    soundfile.write(files["valid"].paths[-1], np.zeros(9), 8000)
    with pytest.raises(ValueError, match=r"3\.wav: sampled at 8000 Hz"):
        cached(files, "memory", tmp_path)


@pytest.mark.parametrize("cache", ["disk", "memory"])
def test_clips_longer_than_prepared_are_kept_whole(files, tmp_path, cache):
    soundfile.write(files["valid"].paths[1], np.full(5000, 0.25), 16000)
    found = cached(files, cache, tmp_path)
    assert contents(found) == contents(files)
    assert len(found["valid"][1]) == 5000


def test_too_little_memory_is_an_error_that_says_how_much(
    files, monkeypatch, decoded
):
    needed = 2 * (50 + 100 + 70 + 1 + 130 + 70 + 1)
    monkeypatch.setattr(clip_cache, "free_memory", lambda: 3 * needed)
    cache_clips(files, "memory", copies=2, progress=False)
    decoded.clear()
    with pytest.raises(
        OSError,
        match=r"needs 0\.00 GB for train, valid \(a copy for each of 3 "
        r"processes\), but .* set data_cache to disk, or to none",
    ):
        cache_clips(files, "memory", copies=3, progress=False)
    assert decoded == []


def test_too_little_disk_is_an_error_before_writing(
    files, tmp_path, monkeypatch
):
    cached({"valid": files["valid"]}, "disk", tmp_path)
    monkeypatch.setattr(clip_cache, "free_disk", lambda folder: 441)
    with pytest.raises(OSError, match="for train, but .* set cache_folder to"):
        cached(files, "disk", tmp_path)
    # Only what is missing counts.
    monkeypatch.setattr(clip_cache, "free_disk", lambda folder: 442)
    cached(files, "disk", tmp_path)


def test_what_is_asked_for_must_make_sense(files):
    with pytest.raises(ValueError, match="'ram': use one of none, disk, mem"):
        cache_clips(files, "ram")
    with pytest.raises(ValueError, match="there is no cache_folder"):
        cache_clips(files, "disk")


def one_of_two(rank, files, folder, queue):
    """One process of two that share a cache."""
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank))
    torch.distributed.init_process_group(
        "gloo",
        init_method=f"file://{folder / 'meeting'}",
        rank=rank,
        world_size=2,
    )
    write = clip_cache.write_packed
    written = []

    def counting(path, clips):
        written.append(path.name)
        write(path, clips)

    clip_cache.write_packed = counting
    found = cached(files, "disk", folder)
    queue.put((rank, len(written), contents(found)))
    torch.distributed.destroy_process_group()


def test_of_two_processes_one_writes(files, tmp_path):
    context = torch.multiprocessing.get_context("fork")
    queue = context.Queue()
    processes = [
        context.Process(target=one_of_two, args=(rank, files, tmp_path, queue))
        for rank in range(2)
    ]
    for process in processes:
        process.start()
    results = sorted(queue.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert results == [(0, 2, contents(files)), (1, 0, contents(files))]
