"""SpeechBrain's augmentations under LGC."""

import pytest
import torch
from speechbrain.augment.augmenter import Augmenter
from speechbrain.augment.freq_domain import SpectrogramDrop

from lgc_plugin.augment import SpeechBrainAugmenter
from lgc_plugin.lgc import LGC
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.types import SEDBatch

NONE = torch.zeros(3, dtype=torch.long)


def drops():
    drop = SpectrogramDrop(
        drop_length_low=2, drop_length_high=3, drop_count_low=1, dim=2
    )
    return SpeechBrainAugmenter(Augmenter(augmentations=[drop]))


def test_whole_mel_bins_are_dropped_and_padding_stays():
    features = 1 + torch.rand(3, 16, 40)
    valid = torch.arange(20) < torch.tensor([[20], [7], [12]])
    before = features.clone()
    batch = SEDBatch(NONE, features, valid=valid, time_pooling=2)
    seen = drops()(batch).features
    assert torch.equal(features, before)
    padding = ~batch.feature_mask.unsqueeze(1).expand_as(features)
    assert torch.equal(seen[padding], features[padding])
    changed = (seen != features) & ~padding
    bins = changed.any(dim=2, keepdim=True)
    assert 0 < bins.sum() < bins.numel()
    assert torch.equal(changed, bins & ~padding)


def test_the_augmenter_gets_the_lengths_of_the_clips():
    """Of a recipe, or up to the last frame that is not padding."""
    given = []

    def note(features, lengths):
        given.append(lengths.tolist())
        return features, lengths

    features = torch.rand(3, 16, 20)
    valid = torch.arange(20) < torch.tensor([[20], [5], [10]])
    valid[1, :2] = False
    for options in (
        {"valid": valid, "time_pooling": 1},
        {"lengths": torch.tensor([1.0, 0.25, 0.5])},
        {},
    ):
        SpeechBrainAugmenter(note)(SEDBatch(NONE, features, **options))
    assert given == [[1.0, 0.25, 0.5]] * 2 + [[1.0] * 3]


def test_each_pass_has_another_draw():
    student = CRNN(
        2, 16, filters=(4, 4), pooling=((2, 4), (2, 4)), embedding_dim=6
    )
    lgc = LGC(student, 2, embedding_dim=6, augment=[drops()])
    batch = SEDBatch(NONE, 1 + torch.rand(3, 16, 20))
    torch.manual_seed(0)
    seen = [lgc.view(batch).features for _ in range(4)]
    assert any((one != seen[0]).any() for one in seen[1:])
    lgc.eval()
    assert lgc.view(batch) is batch


@pytest.mark.parametrize("option", ["concat_original", "parallel_augment"])
def test_an_augmenter_that_makes_more_clips_is_refused(option):
    two = [SpectrogramDrop(dim=2), SpectrogramDrop(dim=2)]
    options = {option: True, "min_augmentations": 2, "augmentations": two}
    batch = SEDBatch(NONE, torch.ones(3, 16, 20))
    with pytest.raises(ValueError, match="leave out concat_original"):
        SpeechBrainAugmenter(Augmenter(**options))(batch)
