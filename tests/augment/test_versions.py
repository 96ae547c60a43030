"""A batch of three versions, clip by clip."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.versions import draw_versions
from oracles import rct
from strategies import seeds

FRAME, N_FRAMES = 64, 6


def drawn(kind, lengths, seed, changes=("time_shift",)):
    torch.manual_seed(seed)
    kind = torch.tensor(kind)
    n_samples = torch.tensor(lengths[: len(kind)])
    return draw_versions(kind, kind, n_samples, FRAME, N_FRAMES, changes)


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
    plan = drawn(kind, lengths, seed)
    n_clips = len(kind)
    wavs = torch.randint(-9000, 9000, (n_clips, FRAME * N_FRAMES))
    n_samples = torch.tensor(lengths[:n_clips])
    wavs[torch.arange(wavs.shape[1]) >= n_samples.unsqueeze(1)] = 0
    wavs = wavs.to(torch.int16)
    labels = (torch.rand(n_clips, 2, N_FRAMES) < 0.4).float()
    mixtures = rct.members_of(*plan.mixture)
    shifts, circles = (part.tolist() for part in plan.change.roll)

    exact = wavs.double() / 32768
    in_samples = [[FRAME * n for n in part] for part in (shifts, circles)]
    expected = torch.cat(
        [exact, rct.mixed(exact, mixtures), rct.turned(exact, *in_samples)]
    )
    got = plan.wavs(wavs, n_samples, 16000, FRAME)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got.double(), expected, atol=1e-6, rtol=0)
    expected = torch.cat(
        [
            labels,
            rct.any_of(labels, mixtures),
            rct.turned(labels, shifts, circles),
        ]
    )
    assert torch.equal(plan.frame_labels(labels), expected)
    tags = labels.amax(dim=-1)
    expected = torch.cat([tags, rct.any_of(tags, mixtures), tags])
    assert torch.equal(plan.joined(tags), expected)
    sound = torch.rand(n_clips, N_FRAMES) < 0.7
    mixed = rct.any_of(sound, mixtures)
    assert torch.equal(plan.joined(sound), torch.cat([sound, mixed, sound]))


def test_what_moves_no_event_leaves_the_labels():
    plan = drawn([2, 1, 0], [384] * 3, 0, ["time_mask", "pitch_shift"])
    labels = (torch.rand(3, 2, N_FRAMES) < 0.4).float()
    assert torch.equal(plan.frame_labels(labels)[6:], labels)
    wavs = torch.randn(3, 384)
    changed = plan.wavs(wavs, torch.tensor([384] * 3), 16000, FRAME)
    assert torch.equal(changed[:3], wavs)
    assert (changed[6:] != wavs).any(dim=1).all()
