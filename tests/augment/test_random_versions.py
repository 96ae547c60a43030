"""A batch of three versions, clip by clip."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment import RandomVersions
from lgc_plugin.types import SEDBatch
from oracles import rct
from strategies import seeds

FRAME, N_FRAMES = 64, 6


def batch_of(kind, lengths):
    """Clips of int16 samples that are silent behind their lengths."""
    n_clips, n_samples = len(kind), torch.tensor(lengths[: len(kind)])
    wavs = torch.randint(-9000, 9000, (n_clips, FRAME * N_FRAMES))
    wavs[torch.arange(wavs.shape[1]) >= n_samples.unsqueeze(1)] = 0
    labels = (torch.rand(n_clips, 2, N_FRAMES) < 0.4).float()
    return SEDBatch(
        torch.tensor(kind),
        frame_labels=labels,
        clip_labels=labels.amax(dim=-1),
        wavs=wavs.to(torch.int16),
        n_samples=n_samples,
        ids=tuple("abcde"[:n_clips]),
        kinds=tuple(kind),
    )


def versions_of(batch, changes=("time_shift",)):
    return RandomVersions(frame_samples=FRAME, changes=changes)(batch)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=5),
    st.lists(st.integers(1, FRAME * N_FRAMES + 9), min_size=5, max_size=5).map(
        lambda n: [min(i, FRAME * N_FRAMES) for i in n]
    ),
    seeds,
)
def test_sound_and_labels_are_those_of_the_loops(kind, lengths, seed):
    """Of shifts, where both move; the shift is the plan's own."""
    torch.manual_seed(seed)
    batch = batch_of(kind, lengths)
    got = versions_of(batch)
    mixture, change = got.plan
    mixtures = rct.members_of(*mixture)
    shifts, circles = (part.tolist() for part in change.roll)

    exact = batch.wavs.double() / 32768
    in_samples = [[FRAME * n for n in part] for part in (shifts, circles)]
    expected = torch.cat(
        [exact, rct.mixed(exact, mixtures), rct.rolled(exact, *in_samples)]
    )
    assert got.wavs.dtype == torch.float32
    torch.testing.assert_close(got.wavs.double(), expected, atol=1e-6, rtol=0)
    labels, tags = batch.frame_labels, batch.clip_labels
    expected = torch.cat(
        [
            labels,
            rct.any_of(labels, mixtures),
            rct.rolled(labels, shifts, circles),
        ]
    )
    assert torch.equal(got.frame_labels, expected)
    expected = torch.cat([tags, rct.any_of(tags, mixtures), tags])
    assert torch.equal(got.clip_labels, expected)

    # The mask follows from the lengths: a mixture's is that of any member.
    masked, plain = (
        each.with_features(torch.zeros(len(each), 1, N_FRAMES), 1, FRAME)
        for each in (got, batch)
    )
    mixed = rct.any_of(plain.valid, mixtures)
    expected = torch.cat([plain.valid, mixed, plain.valid])
    assert torch.equal(masked.valid, expected)
    assert got.label_kind.tolist() == kind * 3
    clips = got.originals
    assert (clips.ids, clips.kinds) == (batch.ids, batch.kinds)
    assert clips.n_unlabeled == got.n_unlabeled == kind.count(0)


def test_what_moves_no_event_leaves_the_labels():
    torch.manual_seed(0)
    batch = batch_of([2, 1, 0], [FRAME * N_FRAMES] * 3)
    batch = replace(batch, wavs=torch.randn(batch.wavs.shape))
    changed = versions_of(batch, ["time_mask", "pitch_shift"])
    assert torch.equal(changed.frame_labels[6:], batch.frame_labels)
    assert torch.equal(changed.wavs[:3], batch.wavs)
    assert (changed.wavs[6:] != batch.wavs).any(dim=1).all()


def test_off_it_draws_nothing_and_changes_nothing():
    batch = batch_of([2, 1, 0], [FRAME * N_FRAMES] * 3)
    state = torch.get_rng_state()
    assert RandomVersions(0.0)(batch) is batch
    RandomVersions()  # neither does making one
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"changes": ["echo"]}, "echo"),
        ({"max_partners": 0}, "max_partners must be at least 1, got 0"),
        ({"max_magnitude": 10}, "max_magnitude must lie between 1 and 9"),
    ],
)
def test_settings_are_checked_at_once(options, message):
    with pytest.raises(ValueError, match=message):
        RandomVersions(**options)


@pytest.mark.parametrize("setting", ["mixup_probability", "frame_shift_std"])
def test_mixup_and_moved_labels_are_refused_while_it_is_on(setting):
    with pytest.raises(ValueError, match=f"give --{setting}=0$"):
        RandomVersions(2.0, excludes={"time_mask": False, setting: 0.5})
    RandomVersions(2.0, excludes={"time_mask": False, setting: 0.0})
    RandomVersions(0.0, excludes={setting: 0.5})
