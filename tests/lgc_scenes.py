"""Batches for the whole module, and a student that makes them easy to check."""

from __future__ import annotations

from typing import NamedTuple

import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import normalize

import oracles
from lgc_plugin.augment.cutmix import draw_cutmix
from lgc_plugin.lgc import LGC
from lgc_plugin.models.features import LogMel
from lgc_plugin.types import LabelKind, SEDBatch, SEDOutput
from strategies import (
    default_precision,
    masks,
    precisions,
    random_tensor,
    seeds,
    unit_vectors,
)

WEIGHTS = (1.5, 2.5, 0.5)  # of L_MT, L_CLC and L_PGC
BASELINES = [(1.5, 0.0, 0.0), (1.5, 0.0, 0.5), (0.0, 2.5, 0.0), (0.0, 0.0, 0.0)]
MOMENTUM, DECAY, RAMP_STEPS = 0.6, 0.7, 5
# Exact in both precisions; often crossed by scores of the small student.
HIGH, LOW = 0.625, 0.5
FRONT_END = LogMel(n_mels=3)


class SmallStudent(nn.Module):
    """Takes every frame by itself, so that clips can be run one by one."""

    def __init__(self, n_mels, n_classes, dim, pooling, seed):
        super().__init__()
        self.pooling = pooling
        self.frame_head = nn.Linear(n_mels, n_classes)
        self.attention_head = nn.Linear(n_mels, n_classes)
        self.projection = nn.Linear(n_mels, dim)
        move(self, seed)

    def forward(self, features, valid=None):
        n_frames = features.shape[-1] // self.pooling
        steps = features[..., : n_frames * self.pooling]
        x = steps.unflatten(-1, (n_frames, self.pooling)).mean(-1)
        x = x.transpose(1, 2) - 0.5
        frame = torch.sigmoid(4 * self.frame_head(x))
        attention = torch.sigmoid(self.attention_head(x))
        if valid is not None:
            attention = attention * valid.unsqueeze(-1)
        clip = (frame * attention).sum(1) / attention.sum(1)
        embedding = normalize(self.projection(x), dim=-1)
        return SEDOutput(frame.transpose(1, 2), clip, embedding)


@torch.no_grad()
def move(network, seed):
    """Parameters as if an optimizer had moved them, far."""
    for i, parameter in enumerate(network.parameters()):
        numbers = random_tensor(*parameter.shape, seed=seed + i)
        parameter.copy_(numbers)


class Scene(NamedTuple):
    """A batch and how the module is set up."""

    features: Tensor
    kind: Tensor
    frame_labels: Tensor | None
    valid: Tensor | None
    pooling: int
    n_prototypes: int
    initialized: bool
    weights: tuple[float, float, float]
    seed: int

    @property
    def batch(self):
        """The batch as the module takes it."""
        return SEDBatch(
            self.kind,
            self.features,
            self.frame_labels,
            valid=self.valid,
            time_pooling=self.pooling,
        )


@st.composite
def scenes(draw):
    dtype, seed = draw(precisions), draw(seeds)
    kind = draw(
        st.lists(st.sampled_from(list(LabelKind)), min_size=1, max_size=4)
    )
    pooling, n_frames = draw(st.integers(1, 3)), draw(st.integers(4, 7))
    n_mel_frames = n_frames * pooling + draw(st.integers(0, pooling - 1))
    exponents = random_tensor(len(kind), 3, n_mel_frames, seed=seed)
    labels = None
    if draw(st.booleans()):
        generator = torch.Generator().manual_seed(seed)
        shape = len(kind), draw(st.integers(1, 3)), n_frames
        # As mixup leaves them: neither 0 nor 1 everywhere.
        levels = torch.tensor([0.0, 0.0, 0.25, 0.75, 1.0], dtype=dtype)
        labels = levels[torch.randint(5, shape, generator=generator)]
    return Scene(
        (10**exponents).to(dtype),
        torch.tensor(kind),
        labels,
        draw(masks(len(kind), n_frames)),
        pooling,
        draw(st.integers(1, 3)),
        draw(st.sampled_from([True, True, False])),
        draw(st.sampled_from([WEIGHTS] * 3 + BASELINES)),
        seed,
    )


def build(scene, steps=2):
    """A student that has moved on, its teacher behind, active prototypes."""
    dtype = scene.features.dtype
    n_classes = 2 if scene.frame_labels is None else scene.frame_labels.shape[1]
    consistency, mix, contrast = scene.weights
    with default_precision(dtype):
        student = SmallStudent(3, n_classes, 4, scene.pooling, scene.seed)
        lgc = LGC(
            student,
            n_classes,
            FRONT_END,
            consistency_weight=consistency,
            cutmix_weight=mix,
            contrast_weight=contrast,
            rampup_steps=RAMP_STEPS,
            ema_decay=DECAY,
            n_prototypes=scene.n_prototypes,
            embedding_dim=4,
            prototype_momentum=MOMENTUM,
            pos_threshold=HIGH,
            neg_threshold=LOW,
        )
    for step in range(steps):
        move(student, scene.seed + 100 * step)
        lgc.update_teacher(student)
    move(student, scene.seed + 1000)
    if scene.initialized:
        shape = lgc.bank.prototypes.shape
        generator = torch.Generator().manual_seed(scene.seed)
        lgc.bank.active.copy_(torch.rand(shape[:2], generator=generator) < 0.7)
        lgc.bank.prototypes.copy_(unit_vectors(*shape, seed=scene.seed))
        lgc.bank.prototypes.mul_(lgc.bank.active.unsqueeze(-1))
        lgc.bank.initialized = True
    return student, lgc


def run_fast(scene, student, lgc, cut_seed=0):
    """The terms, and the spans that the module drew for CutMix."""
    predictions = lgc.run(student, scene.batch)
    torch.manual_seed(cut_seed)
    terms = lgc(student, scene.batch, predictions)
    torch.manual_seed(cut_seed)
    n_clips, _, n_frames = predictions.frame.shape
    plan = draw_cutmix(n_clips, n_frames)
    lengths = plan.span.sum(dim=1).tolist()
    starts = plan.span.int().argmax(dim=1).tolist()
    return terms, oracles.Cut(starts, lengths, plan.permutation.tolist())


def scene_of(kind, valid=None):
    """A fixed scene of three classes, 6 frames of 2 mel frames, and a rest."""
    n_clips = len(kind)
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 2, (n_clips, 3, 6), generator=generator)
    features = 10 ** random_tensor(n_clips, 3, 13, seed=0)
    return Scene(
        features,
        torch.tensor(kind),
        labels.double(),
        valid,
        pooling=2,
        n_prototypes=2,
        initialized=True,
        weights=WEIGHTS,
        seed=0,
    )


def run_slow(scene, student, lgc, cut, steps=2):
    """The same terms from loops, in float64, on a student of its own."""
    strong = [kind == LabelKind.STRONG for kind in scene.kind.tolist()]
    batch = oracles.Batch(
        oracles.exact(scene.features), strong, scene.valid, scene.pooling
    )
    bank = None
    if scene.initialized and scene.weights[2] > 0:
        prototypes = oracles.exact(lgc.bank.prototypes)
        bank = oracles.Bank(prototypes, lgc.bank.active.clone())
    return oracles.lgc_terms(
        student,
        exact_copy(lgc.teacher.network, scene),
        oracles.levels,
        batch,
        cut,
        bank,
        oracles.Numbers(
            *scene.weights, oracles.ramp(steps, RAMP_STEPS), 0.1, HIGH, LOW
        ),
    )


def exact_copy(network, scene):
    """A student of the same parameters in float64."""
    n_classes, dim = network.frame_head.out_features, 4
    copy = SmallStudent(3, n_classes, dim, scene.pooling, 0).double()
    copy.load_state_dict(network.state_dict())
    return copy
