import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import oracles
from lgc_plugin.losses.supervised import masked_bce, supervised_losses
from lgc_plugin.types import LabelKind
from strategies import masks, precisions, score_tensors

sizes = st.integers(1, 3)
SOFT = (0.0, 0.25, 1.0)  # as mixup leaves them


@st.composite
def batches(draw):
    n_classes, n_frames = draw(sizes), draw(st.integers(1, 5))
    kind = draw(
        st.lists(st.sampled_from(list(LabelKind)), min_size=1, max_size=4)
    )
    shape = st.just(len(kind)), st.just(n_classes), st.just(n_frames)
    dtype = draw(precisions)
    # Up to an edge of 0 and 1, where both are exact in both precisions.
    frame, clip, frame_labels, clip_labels = (
        draw(score_tensors(*shape[:axes], levels=levels)).to(dtype)
        for axes, levels in (
            (3, (2.0**-10, 0.5, 1 - 2.0**-10)),
            (2, (2.0**-10, 0.5, 1 - 2.0**-10)),
            (3, SOFT),
            (2, SOFT),
        )
    )
    valid = draw(masks(len(kind), n_frames))
    return frame, clip, frame_labels, clip_labels, kind, valid


@settings(max_examples=80)
@given(batches())
def test_losses_equal_the_loop_over_cells(batch):
    frame, clip, frame_labels, clip_labels, kind, valid = batch
    frame, clip = frame.requires_grad_(), clip.requires_grad_()
    frame_loss, clip_loss = supervised_losses(
        frame, clip, frame_labels, clip_labels, torch.tensor(kind), valid
    )
    n_frames = frame.shape[-1]
    counts = [
        [
            k == LabelKind.STRONG and (valid is None or bool(valid[i, t]))
            for t in range(n_frames)
        ]
        for i, k in enumerate(kind)
    ]
    slow_frame = oracles.supervised(frame, frame_labels, counts)
    slow_clip = oracles.supervised(
        clip, clip_labels, [k == LabelKind.WEAK for k in kind]
    )
    oracles.assert_exact(frame_loss, slow_frame)
    oracles.assert_exact(clip_loss, slow_clip)
    fast = torch.autograd.grad(frame_loss + clip_loss, (frame, clip))
    slow = torch.autograd.grad(slow_frame + slow_clip, (frame, clip))
    for mine, theirs in zip(fast, slow, strict=True):
        oracles.assert_exact(mine, theirs)


def test_certain_and_wrong_costs_a_hundred():
    scores = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    labels = 1 - scores
    loss = masked_bce(scores, labels, torch.ones(1, 2))
    assert loss.item() == 100.0
    assert oracles.supervised(scores, labels, [True]).item() == 100.0


def test_padding_is_no_target():
    frame = torch.rand(2, 1, 4)
    labels = torch.randint(0, 2, (2, 1, 4)).float()
    valid = torch.tensor([[True] * 4, [True, True, False, False]])
    kind = torch.tensor([LabelKind.STRONG, LabelKind.STRONG])
    loss = supervised_losses(
        frame, frame[..., 0], labels, labels[..., 0], kind, valid
    )[0]
    frame[1, :, 2:], labels[1, :, 2:] = 0.999, 0.0
    other = supervised_losses(
        frame, frame[..., 0], labels, labels[..., 0], kind, valid
    )[0]
    assert torch.equal(loss, other)


def test_unlabeled_batch_costs_nothing():
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


def test_unknown_labels_are_no_targets():
    scores = torch.rand(2, 3, 4, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(0, 2, scores.shape).double()
    unknown = torch.rand(scores.shape) < 0.4
    kinds = torch.tensor([[[1]], [[0]]])
    loss = masked_bce(scores, labels.masked_fill(unknown, torch.nan), kinds)
    same = masked_bce(scores, labels, kinds * ~unknown)
    assert torch.equal(loss, same)
    gradients = [torch.autograd.grad(each, scores)[0] for each in (loss, same)]
    assert torch.equal(*gradients)
    all_unknown = torch.full_like(labels, torch.nan)
    assert masked_bce(scores, all_unknown, kinds) == 0


def test_half_precision_scores_are_accepted_under_autocast():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        frame = torch.rand(1, 1, 3).bfloat16()
        losses = supervised_losses(
            frame, frame[..., 0], frame, frame[..., 0], torch.tensor([2])
        )
    assert losses[0].dtype == torch.float32


def test_two_processes_mean_is_that_of_one():
    """One of them without any labels; both divide by the mean count."""
    scores = torch.rand(6, 2, dtype=torch.float64)
    labels = torch.randint(0, 2, (6, 2)).double()
    weight = torch.tensor([[0], [0], [1], [1], [0], [1]])

    def mean_count(own):
        return torch.full_like(own, 3 * 2 / 2)  # clips, classes, processes

    shares = [
        masked_bce(scores[half], labels[half], weight[half], mean_count)
        for half in (slice(0, 2), slice(2, 6))
    ]
    oracles.assert_exact(sum(shares) / 2, masked_bce(scores, labels, weight))
