"""A batch of clips against loops over its clips, and what it refuses."""

import pickle
from dataclasses import fields, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

import oracles
from lgc_plugin.types import SEDBatch, SEDOutput
from strategies import masks, random_tensor, seeds

TIMES = ("features", "frame_labels", "embeddings", "valid")
FEW = settings(deadline=None, max_examples=60)


@st.composite
def batches(draw):
    """Features, labels, a mask, and embeddings at a rate of their own.

    The network drops an incomplete last frame, or keeps it.
    """
    n_clips, n_frames = draw(st.integers(1, 4)), draw(st.integers(1, 7))
    pooling, seed = draw(st.integers(1, 4)), draw(seeds)
    n_steps = n_frames * pooling + draw(st.integers(1 - pooling, pooling - 1))
    n_own = draw(st.one_of(st.just(n_frames), st.integers(1, 15)))
    generator = torch.Generator().manual_seed(seed)
    kinds = tuple(draw(st.integers(0, 2)) for _ in range(n_clips))
    embeddings = random_tensor(n_clips, 3, n_own, seed=seed + 1)
    return SEDBatch(
        torch.tensor(kinds),
        random_tensor(n_clips, 2, n_steps, seed=seed).abs() + 0.1,
        torch.rand(n_clips, 2, n_frames, generator=generator).double(),
        torch.rand(n_clips, 2, generator=generator).double(),
        draw(masks(n_clips, n_frames)),
        embeddings if draw(st.booleans()) else None,
        pooling,
        n_frames,
        ids=tuple("abcd"[:n_clips]),
        kinds=kinds,
    )


def steps_of(batch):
    """Name, values, and the output frame of each of their steps, or None."""
    n_frames = batch.frame_labels.shape[-1]
    for name in TIMES:
        values = getattr(batch, name)
        if values is None:
            continue
        n_steps = values.shape[-1]
        if name == "features":
            frames = [t // batch.time_pooling for t in range(n_steps)]
        else:  # over the same time, at a rate of their own
            frames = [t * n_frames // n_steps for t in range(n_steps)]
        yield name, values, [t if t < n_frames else None for t in frames]


def assert_rest_unchanged(after, before, *changed):
    for field in fields(SEDBatch):
        if field.name not in (*TIMES, "wavs", *changed):
            assert getattr(after, field.name) is getattr(before, field.name)


def draws(batch, seed):
    """A permutation, and a span of output frames for each clip."""
    generator = torch.Generator().manual_seed(seed)
    shape = len(batch), batch.frame_labels.shape[-1]
    span = torch.rand(shape, generator=generator) < 0.4
    return torch.randperm(len(batch), generator=generator), span


@FEW
@given(batches(), seeds)
def test_a_cut_takes_the_same_span_of_everything(batch, seed):
    partners, span = draws(batch, seed)
    cut = batch.cut(partners, span)
    for name, values, frames in steps_of(batch):
        expected = values.clone()
        for clip, partner in enumerate(partners.tolist()):
            for step, frame in enumerate(frames):
                if frame is not None and span[clip, frame]:
                    expected[clip, ..., step] = values[partner, ..., step]
        assert torch.equal(getattr(cut, name), expected), name
    assert cut.clip_labels is None
    assert_rest_unchanged(cut, batch, "clip_labels")


@FEW
@given(batches(), st.booleans(), seeds)
def test_a_mask_silences_all_but_the_mask_of_valid_frames(batch, fills, seed):
    span = draws(batch, seed)[1]
    fill = random_tensor(len(batch), seed=seed) if fills else None
    masked = batch.mask(span, fill)
    for name, values, frames in steps_of(batch):
        expected = values.clone()
        for clip in range(len(batch)):
            for step, frame in enumerate(frames):
                if name != "valid" and frame is not None and span[clip, frame]:
                    level = fill[clip] if fills and name == "features" else 0
                    expected[clip, ..., step] = level
        assert torch.equal(getattr(masked, name), expected), name
    assert_rest_unchanged(masked, batch)


@FEW
@given(batches(), st.booleans(), seeds)
def test_a_roll_moves_everything_by_the_same_time(batch, single, seed):
    """Single steps only without a mask, as frame shift has it."""
    generator = torch.Generator().manual_seed(seed)
    n_frames, pooling = batch.frame_labels.shape[-1], batch.time_pooling
    shifts = torch.randint(-9, 10, (len(batch),), generator=generator)
    rest = None
    if single and batch.valid is None:
        rest = torch.randint(
            1 - pooling, pooling, (len(batch),), generator=generator
        )
    further = [0] * len(batch) if rest is None else rest.tolist()
    rolled = batch.roll(shifts, rest)
    for name, values, _ in steps_of(batch):
        expected, n_steps = values.clone(), values.shape[-1]
        for clip, shift in enumerate(shifts.tolist()):
            moved, circle = shift * n_steps // n_frames, n_steps
            if name == "features":
                moved = shift * pooling + further[clip]
                circle = min(n_frames * pooling, n_steps)
            for step in range(circle):
                place = (step + moved) % circle
                expected[clip, ..., place] = values[clip, ..., step]
            for step in range(circle, n_steps):
                # Behind a clip that ended in padding, the last step goes on.
                if batch.valid is not None and not batch.valid[clip, -1]:
                    last = expected[clip, ..., circle - 1]
                    expected[clip, ..., step] = last
        assert torch.equal(getattr(rolled, name), expected), name
    assert_rest_unchanged(rolled, batch)


@FEW
@given(batches(), seeds)
def test_a_mixture_is_the_sum_and_is_valid_where_either_is(batch, seed):
    partners, _ = draws(batch, seed)
    shares = torch.rand(
        len(batch), generator=torch.Generator().manual_seed(seed)
    ).double()
    shares[::2] = 1.0  # mixed with nothing
    mixed = batch.mix(partners, shares)
    numbers = shares.tolist(), partners.tolist()
    for name in ("features", "frame_labels", "embeddings", "clip_labels"):
        if (values := getattr(batch, name)) is not None:
            expected = oracles.mixup(values, *numbers)
            oracles.assert_exact(getattr(mixed, name), expected)
    if batch.valid is not None:
        for clip, partner in enumerate(partners.tolist()):
            either = batch.valid[clip].clone()
            if shares[clip] < 1:
                either |= batch.valid[partner]
            assert torch.equal(mixed.valid[clip], either)
    assert_rest_unchanged(mixed, batch, "clip_labels")


def test_a_mixture_knows_what_both_clips_know():
    unknown = torch.nan
    labels = torch.tensor([[[1.0]], [[unknown]], [[0.0]], [[unknown]]])
    batch = SEDBatch(
        torch.full((4,), 2), torch.rand(4, 1, 1), labels, labels[..., 0]
    )
    partners = torch.tensor([1, 0, 3, 2])
    mixed = batch.mix(partners, torch.tensor([0.5, 0.5, 1.0, 1.0]))
    expected = torch.tensor([unknown, unknown, 0.0, unknown])
    for part in (mixed.frame_labels, mixed.clip_labels):
        assert torch.equal(part.flatten().isnan(), expected.isnan())
        assert part.flatten()[2] == 0.0


@FEW
@given(batches(), seeds)
def test_embeddings_of_the_frames_stay_with_their_labels(batch, seed):
    """Two embeddings per output frame: the frame's labels, in all changes."""
    labels, valid = batch.frame_labels, batch.valid
    twice = labels.repeat_interleave(2, dim=2)
    batch = replace(batch, embeddings=twice)
    partners, span = draws(batch, seed)
    shares = torch.full((len(batch),), 0.25, dtype=torch.float64)
    shifts = torch.randint(-9, 10, (len(batch),))
    changed = batch.roll(shifts).cut(partners, span).mask(span.roll(1, 1))
    changed = changed.mix(partners, shares)
    expected = changed.frame_labels.repeat_interleave(2, dim=2)
    torch.testing.assert_close(changed.embeddings, expected)
    assert (changed.valid is None) == (valid is None)


@FEW
@given(batches(), st.data())
def test_clips_are_chosen_with_all_that_they_have(batch, data):
    chosen = data.draw(
        st.one_of(
            st.slices(len(batch)).filter(lambda s: (s.step or 1) > 0),
            st.lists(st.integers(0, len(batch) - 1), max_size=5).map(
                lambda numbers: torch.tensor(numbers, dtype=torch.long)
            ),
        )
    )
    some = batch.select(chosen)
    places = torch.arange(len(batch))[chosen].tolist()
    for name, values in batch._tensors().items():
        got = getattr(some, name)
        assert got.shape[0] == len(places)
        for one, place in zip(got, places, strict=True):
            assert torch.equal(one, values[place])
    if isinstance(chosen, slice):  # other numbers are known to the device only
        assert some.ids == tuple(batch.ids[i] for i in places)
        assert some.kinds == tuple(batch.kinds[i] for i in places)
    else:
        assert some.ids == () and some.kinds is None
    assert some.n_unlabeled == (
        None if some.kinds is None else some.kinds.count(0)
    )


def test_originals_are_the_clips_before_their_other_versions():
    features = torch.rand(6, 2, 4)
    batch = SEDBatch(
        torch.tensor([2, 0] * 3),
        features,
        ids=("a", "b"),
        kinds=(2, 0),
        n_versions=3,
        plan="how",
    )
    clips = batch.originals
    assert torch.equal(clips.features, features[:2])
    assert (clips.ids, clips.kinds) == (("a", "b"), (2, 0))
    assert (clips.n_unlabeled, clips.n_versions, clips.plan) == (1, 1, None)
    assert clips.originals is clips


@pytest.mark.parametrize("name", ["features", "embeddings", "wavs", "lengths"])
def test_tensors_agree_on_the_number_of_clips(name):
    with pytest.raises(ValueError, match=f"2 clips, {name} has 3"):
        SEDBatch(torch.zeros(2), **{name: torch.zeros(3, 4, 5)})


def test_what_has_to_come_first_is_told():
    ones, span = torch.ones(1), torch.ones(1, 5) > 0
    waves = SEDBatch(torch.zeros(1), wavs=torch.rand(1, 9))
    with pytest.raises(ValueError, match="see with_features"):
        waves.mix(torch.tensor([0]), ones)
    features = SEDBatch(torch.zeros(1), torch.rand(1, 2, 10))
    with pytest.raises(ValueError, match="see with_frames"):
        features.mask(span)


@given(batches())
def test_a_batch_survives_its_way_to_another_process_and_device(batch):
    copy = pickle.loads(pickle.dumps(batch))
    for field in fields(SEDBatch):
        before, after = (getattr(b, field.name) for b in (batch, copy))
        if isinstance(before, torch.Tensor):
            assert torch.equal(before, after)
        else:
            assert before == after
    moved = batch.to("meta")
    assert all(tensor.is_meta for tensor in moved._tensors().values())
    assert moved._tensors().keys() == batch._tensors().keys()
    assert (moved.ids, moved.kinds) == (batch.ids, batch.kinds)


def one_batch(items):
    return SEDBatch(torch.tensor(items), wavs=torch.ones(2, 3), kinds=(1, 1))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_loader_gives_batches(workers):
    options = {"collate_fn": one_batch, "num_workers": workers}
    (batch,) = DataLoader([1, 1], batch_size=2, **options)
    assert isinstance(batch, SEDBatch) and batch.kinds == (1, 1)
    assert batch.wavs.tolist() == [[1.0] * 3] * 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_pinned_memory_is_that_of_every_tensor():
    batch = SEDBatch(torch.zeros(2), torch.rand(2, 3, 4)).pin_memory()
    assert all(t.is_pinned() for t in batch._tensors().values())
    assert batch.to("cuda").features.is_cuda


def test_predictions_are_chosen_clip_by_clip():
    parts = torch.rand(4, 2, 5), torch.rand(4, 2), torch.rand(4, 5, 3)
    output = SEDOutput(*parts)
    for clips in (slice(1, 3), torch.tensor([3, 0])):
        for part, chosen in zip(output, output.select(clips), strict=True):
            assert torch.equal(chosen, part[clips])
