"""SpeechBrain's augmentations under LGC."""

import pytest
import torch
from speechbrain.augment.augmenter import Augmenter
from speechbrain.augment.freq_domain import SpectrogramDrop

from lgc_plugin.augment.speechbrain_views import AugmenterViews
from lgc_plugin.lgc import LGC
from lgc_plugin.models.crnn import CRNN


def views():
    drop = SpectrogramDrop(
        drop_length_low=2, drop_length_high=3, drop_count_low=1, dim=2
    )
    return AugmenterViews(Augmenter(augmentations=[drop]))


def test_whole_mel_bins_are_dropped_and_padding_stays():
    features = 1 + torch.rand(3, 16, 20)
    valid = torch.arange(20) < torch.tensor([[20], [7], [12]])
    before = features.clone()
    seen = views()(features, valid)
    assert torch.equal(features, before)
    padding = ~valid.unsqueeze(1).expand_as(features)
    assert torch.equal(seen[padding], features[padding])
    changed = (seen != features) & ~padding
    bins = changed.any(dim=2, keepdim=True)
    assert 0 < bins.sum() < bins.numel()
    assert torch.equal(changed, bins & ~padding)


def test_each_listener_hears_another_draw():
    student = CRNN(
        2, 16, filters=(4, 4), pooling=((2, 4), (2, 4)), embedding_dim=6
    )
    lgc = LGC(student, 2, embedding_dim=6, augment=views())
    features = 1 + torch.rand(2, 16, 20)
    torch.manual_seed(0)
    seen = [lgc.view(features) for _ in range(4)]
    assert any((one != seen[0]).any() for one in seen[1:])
    lgc.eval()
    assert lgc.view(features) is features


@pytest.mark.parametrize("option", ["concat_original", "parallel_augment"])
def test_an_augmenter_that_makes_more_clips_is_refused(option):
    drops = [SpectrogramDrop(dim=2), SpectrogramDrop(dim=2)]
    options = {option: True, "min_augmentations": 2, "augmentations": drops}
    with pytest.raises(ValueError, match="leave out concat_original"):
        AugmenterViews(Augmenter(**options))(torch.ones(2, 16, 20))
