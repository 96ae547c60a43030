"""Where a training begins and where an epoch does: what LGC keeps."""

import torch
from torch import nn

from lgc_plugin.lgc import LGC
from lgc_plugin.types import LabelKind, SEDBatch, SEDOutput
from lgc_scenes import build, run_fast, scene_of


class Network(nn.Module):
    def __init__(self, mean):
        super().__init__()
        self.layer = nn.Conv1d(4, 3, 1)
        self.register_buffer("mean", torch.full((1, 4, 1), mean))

    def forward(self, features, valid=None):
        hidden = self.layer(features - self.mean)
        frame = hidden[:, :2].sigmoid()
        return SEDOutput(frame, frame.amax(2), hidden.transpose(1, 2))


def test_weights_that_came_after_the_copy_reach_the_teacher_with_buffers():
    """As SpeechBrain's Pretrainer loads them: after LGC was made."""
    student, pretrained = Network(0.0), Network(10.0)
    lgc = LGC(student, 2, embedding_dim=3)
    student.load_state_dict(pretrained.state_dict())
    batch = SEDBatch(torch.tensor([2, 0]), 10 + torch.rand(2, 4, 6))
    terms = lgc(student, batch, student(batch.features))
    assert terms.mean_teacher == 0
    lgc.update_teacher(student)
    for name, value in lgc.teacher.network.state_dict().items():
        assert torch.equal(value, pretrained.state_dict()[name])


def test_frames_of_an_unfinished_step_end_with_the_epoch():
    """SpeechBrain drops its gradients; it calls train() as it does so."""
    student, lgc = build(scene_of([LabelKind.STRONG] * 2))
    run_fast(scene_of([LabelKind.STRONG] * 2), student, lgc)
    assert lgc._pending is not None
    lgc.train()
    assert lgc._pending is None
