"""A foreign recipe whose own forward runs a frozen encoder on waveforms."""

import copy

import speechbrain as sb
import torch
from torch import nn

from lgc_plugin.training.lgc_mixin import LGCMixin
from tiny_encoder import TinyEncoder

SAMPLES, FRAMES = 16000, 10


class WaveBrain(LGCMixin, sb.Brain):
    """Waveforms in the place of features; the encoder is in the network."""

    def network(self, modules, feats, lens):
        embeddings = modules.encoder(feats.squeeze(2)).transpose(1, 2)
        hidden = modules.layer(embeddings).tanh()
        return hidden, modules.output(hidden)

    def compute_forward(self, batch, stage):
        wavs, labels, known = batch
        lens = torch.ones(len(wavs))
        return self.lgc_forward(wavs.unsqueeze(2), lens, labels, known)

    def compute_objectives(self, predictions, batch, stage):
        return predictions[1].square().mean() + self.lgc_loss()


def make(encoder):
    torch.manual_seed(0)
    return WaveBrain(
        {
            "encoder": encoder,
            "layer": nn.Linear(6, 4),
            "output": nn.Linear(4, 2),
        },
        lambda p: torch.optim.SGD(p, 0.1),
        {"lgc": {"rampup_steps": 4, "contrast_start_epoch": 1}},
        {"device": "cpu", "noprogressbar": True},
    )


def batch_of(seed):
    draws = torch.Generator().manual_seed(seed)
    wavs = 0.1 * torch.randn(4, SAMPLES, generator=draws)
    labels = torch.randint(2, (4, FRAMES, 2), generator=draws).float()
    return wavs, labels, torch.tensor([True, True, False, False])


def test_clips_are_cut_before_an_encoder_that_is_shared():
    encoder = TinyEncoder(frame_seconds=0.1)
    brain = make(encoder)
    given_wavs = []
    encoder.register_forward_pre_hook(
        lambda _, given: given_wavs.append(given[0])
    )
    before = copy.deepcopy(encoder.state_dict())
    data = torch.utils.data.DataLoader([batch_of(0), batch_of(1)], None)
    torch.manual_seed(2)
    brain.fit(range(1, 3), data)
    assert brain.lgc.step == 4 and brain.lgc.contrasts
    assert torch.equal(encoder.weight, before["weight"])
    names = [n for n, _ in brain.lgc.teacher.network.named_children()]
    assert names == ["layer", "output"]
    assert not any("encoder" in name for name in brain.lgc.state_dict())
    # The student, the teacher, and the student on the cut waveforms.
    wavs, (first, second, cut) = batch_of(0)[0], given_wavs[:3]
    assert torch.equal(first, wavs) and torch.equal(second, wavs)
    frames = cut.unflatten(1, (FRAMES, -1))
    sources = wavs.unflatten(1, (FRAMES, -1)).unsqueeze(1)
    same = (frames == sources).all(dim=3)  # (source, clip, frame)
    assert same.any(dim=0).all()
    taken = ~same.diagonal().T
    assert taken.any() and not taken.all(dim=1).any()
