import logging
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_cases import (
    LENGTHS,
    alone,
    cached,
    make_clips,
    noise,
    snapshot,
)
from forked import fork_context
from lgc_plugin.data import embedding_cache
from lgc_plugin.data.embedding_cache import EmbeddingCache
from tiny_encoder import TinyEncoder


@pytest.fixture
def encoded(monkeypatch):
    """How many clips are encoded, batch by batch."""
    sizes = []
    embed = TinyEncoder.embed

    def counting(self, wavs, lengths=None):
        sizes.append(len(wavs))
        return embed(self, wavs, lengths)

    monkeypatch.setattr(TinyEncoder, "embed", counting)
    return sizes


def check(found, clips, encoder=None):
    for name, of_set in clips.items():
        assert len(found[name]) == len(of_set)
        for number, clip in enumerate(of_set):
            expected = alone(clip, encoder)
            got = found[name][number]
            assert got.dtype == np.float16 and got.shape == expected.shape
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-3)


def test_every_clip_has_the_embeddings_that_it_has_alone(tmp_path):
    check(cached(make_clips(), tmp_path), make_clips())
    assert [alone(clip).shape[1] for clip in make_clips()["train"]] == [
        *(2, 3, 2, 1, 1),
        *(3, 1, 2, 4, 2),
    ]


@settings(max_examples=25)
@given(
    sets=st.dictionaries(
        st.sampled_from("abc"),
        st.lists(
            st.tuples(st.sampled_from([0, 5, 3000, 6000]), st.integers(0, 3)),
            max_size=8,
        ),
    ),
    shard=st.integers(1, 5),
    batch=st.floats(0.01, 2.0),
    n_samples=st.sampled_from([None, 4000]),
)
def test_neither_files_nor_batches_make_a_difference(
    sets, shard, batch, n_samples, tmp_path_factory
):
    clips = {
        name: [noise(*one) for one in content] for name, content in sets.items()
    }
    cut = {name: [c[:n_samples] for c in some] for name, some in clips.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding_cache, "_SHARD_CLIPS", shard)
        patch.setattr(embedding_cache, "_BATCH_SECONDS", batch)
        folder = tmp_path_factory.mktemp("cache")
        check(cached(clips, folder, n_samples=n_samples), cut)
        # Once more: from the disk.
        check(cached(clips, folder, n_samples=n_samples), cut)


def test_clips_of_one_length_are_encoded_together(tmp_path, encoded):
    cached(make_clips(), tmp_path)
    assert sorted(encoded) == [1, 1, 1, 1, 1, 2, 4]  # one length is there twice
    assert sum(encoded) == len(LENGTHS) + 1


def test_equal_audio_is_encoded_once_whatever_its_name(tmp_path, encoded):
    cached({"a": [noise(5000)] * 3, "b": [noise(5000)]}, tmp_path)
    assert sum(encoded) == 1
    cached({"other": [noise(5000), noise(5000, 1)]}, tmp_path)
    assert sum(encoded) == 2
    # Cut to other lengths, they are other clips.
    cached({"a": [noise(5000)]}, tmp_path, n_samples=4000)
    assert sum(encoded) == 3


def test_changed_audio_is_encoded_anew(tmp_path, encoded):
    clips = make_clips()
    cached(clips, tmp_path)
    encoded.clear()
    clips["train"][4] = -clips["train"][4]
    clips["train"][8] = clips["train"][8].copy()
    clips["train"][8][17] ^= 1
    found = cached(clips, tmp_path)
    assert sum(encoded) == 2
    check(found, clips)


def test_encoders_have_folders_of_their_own(tmp_path):
    clips = make_clips()
    others = [TinyEncoder(seed=1), TinyEncoder(size=3)]
    others += [TinyEncoder(frame_seconds=0.08)]
    for encoder in (TinyEncoder(), *others):
        check(cached(clips, tmp_path, encoder), clips, encoder)
    assert len(list((tmp_path / "embeddings").iterdir())) == 4


def test_no_clips_and_no_sets(tmp_path):
    assert cached({}, tmp_path) == {}
    found = cached({"a": []}, tmp_path)
    assert len(found["a"]) == 0
    assert snapshot(tmp_path) == {}


def test_workers_open_the_files_themselves(tmp_path):
    found = cached({"a": [noise(16000 * 60)]}, tmp_path)["a"]
    expected = found[0].copy()
    data = pickle.dumps(found)
    assert len(data) < 2000
    assert np.array_equal(pickle.loads(data)[0], expected)
    with pytest.raises(ValueError, match="read-only"):
        found[0][0, 0] = 1


def numbers(clips):
    return [torch.from_numpy(clips[i].copy()) for i in range(len(clips))]


@pytest.mark.parametrize("forked", [True, False])
def test_loaders_read_them(tmp_path, forked):
    """Workers share them, or are sent them."""
    context = "fork" if forked else fork_context()
    found = cached({"a": [noise(5000, i) for i in range(6)]}, tmp_path)["a"]
    loader = torch.utils.data.DataLoader(
        found, num_workers=2, multiprocessing_context=context, batch_size=2
    )
    batches = torch.cat(list(loader))
    assert torch.equal(batches, torch.stack(numbers(found)))


def test_the_size_is_told_before_and_the_speed_after(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    clips = {"a": [noise(16000 * 6, i) for i in range(10)]}
    cached(clips, tmp_path)
    assert (
        "0 of 10 embeddings are there; 10, of 1.0 min of audio, are to be "
        "computed: 0.000 GB" in caplog.text
    )
    assert "times real time" in caplog.text
    caplog.clear()
    cached(clips, tmp_path)
    assert "10 of 10 embeddings are there; 0, of" in caplog.text
    assert "times real time" not in caplog.text


def test_too_little_disk_is_an_error_before_writing(tmp_path, monkeypatch):
    clips = {"a": [noise(16000, i) for i in range(4)]}
    cached({"a": clips["a"][:2]}, tmp_path)
    before = snapshot(tmp_path)
    needed = 2 * 2 * 6 * 7  # of two clips with 7 embeddings of 6 numbers
    monkeypatch.setattr(embedding_cache, "free_disk", lambda _: needed - 1)
    with pytest.raises(OSError, match="but 0.00 GB is free there: set cache_f"):
        cached(clips, tmp_path)
    assert snapshot(tmp_path) == before
    monkeypatch.setattr(embedding_cache, "free_disk", lambda _: needed)
    check(cached(clips, tmp_path), clips)


def test_a_folder_is_needed():
    with pytest.raises(ValueError, match="there is no cache_folder"):
        cached(make_clips(), None)


def test_what_is_no_number_is_refused(tmp_path, monkeypatch):
    def broken(self, wavs, lengths=None):
        found = torch.zeros(len(wavs), 6, 1).half()
        found[-1, 2] = torch.nan
        return found

    monkeypatch.setattr(TinyEncoder, "embed", broken)
    with pytest.raises(ValueError, match=r"clip 2 of a \(NaN\): are its wei"):
        cached({"a": [noise(9), noise(9, 1)]}, tmp_path)
    assert snapshot(tmp_path) == {}


def test_audio_that_changes_meanwhile_is_not_stored(tmp_path):
    clips = {"a": [noise(900), noise(900, 1)]}
    cache = EmbeddingCache(clips, TinyEncoder(), tmp_path)
    plan = cache.plan(progress=False)
    clips["a"][1] = noise(900, 2)
    with pytest.raises(OSError, match="clip 2 of a was changed while"):
        cache.compute(plan.shards, progress=False)
    assert snapshot(tmp_path) == {}
