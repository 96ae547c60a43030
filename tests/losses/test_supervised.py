import math

import pytest
import torch

from lgc_plugin.losses.supervised import supervised_losses
from lgc_plugin.types import LabelKind


def mean_bce(pairs):
    losses = [-(y * math.log(p) + (1 - y) * math.log(1 - p)) for p, y in pairs]
    return sum(losses) / len(losses)


def test_only_labelled_clips_and_valid_frames_count():
    generator = torch.Generator().manual_seed(0)
    frame = torch.rand(4, 2, 3, generator=generator)
    clip = torch.rand(4, 2, generator=generator)
    frame_labels = torch.randint(0, 2, (4, 2, 3), generator=generator).float()
    clip_labels = torch.randint(0, 2, (4, 2), generator=generator).float()
    kind = torch.tensor(
        [LabelKind.NONE, LabelKind.STRONG, LabelKind.WEAK, LabelKind.STRONG]
    )
    valid = torch.tensor([[1, 1, 1], [1, 1, 0], [1, 1, 1], [1, 1, 1]]).bool()
    strong_pairs = [
        (frame[b, c, t].item(), frame_labels[b, c, t].item())
        for b in (1, 3)
        for c in range(2)
        for t in range(3)
        if valid[b, t]
    ]
    weak_pairs = [(clip[2, c].item(), clip_labels[2, c].item()) for c in (0, 1)]
    frame_loss, clip_loss = supervised_losses(
        frame, clip, frame_labels, clip_labels, kind, valid
    )
    assert frame_loss.item() == pytest.approx(mean_bce(strong_pairs), rel=1e-5)
    assert clip_loss.item() == pytest.approx(mean_bce(weak_pairs), rel=1e-5)


def test_unlabelled_batch_costs_nothing():
    frame = torch.rand(2, 1, 3, requires_grad=True)
    clip = torch.rand(2, 1, requires_grad=True)
    losses = supervised_losses(
        frame, clip, frame.detach(), clip.detach(), torch.zeros(2)
    )
    sum(losses).backward()
    assert [loss.item() for loss in losses] == [0.0, 0.0]
    assert (frame.grad == 0).all() and (clip.grad == 0).all()


def test_nan_spoils_the_loss_but_stops_nothing():
    frame = torch.full((1, 1, 3), float("nan"))
    labels = torch.ones(1, 1, 3)
    losses = supervised_losses(
        frame, frame[..., 0], labels, labels[..., 0], torch.tensor([2])
    )
    assert losses[0].isnan()


def test_half_precision_scores_are_accepted_under_autocast():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        frame = torch.rand(1, 1, 3).bfloat16()
        losses = supervised_losses(
            frame, frame[..., 0], frame, frame[..., 0], torch.tensor([2])
        )
    assert losses[0].dtype == torch.float32
