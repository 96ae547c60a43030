"""Batches of two halves, and draws that keep to either half.

With them a step of one process, of two processes with one half each, and of
two half batches whose gradients are accumulated should all be the same.
"""

import speechbrain as sb
import torch
from torch import nn

import lgc_plugin.augment.mixup
import lgc_plugin.losses.cut_batch
from lgc_plugin.augment.cutmix import CutMixPlan, draw_cutmix
from lgc_plugin.augment.mixup import Mixup, MixupPlan
from lgc_plugin.data.batch_loaders import collate_clips
from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.lgc import LGC
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.models.encoders import FrameEncoder, put_in_loop
from lgc_plugin.models.features import LogMel
from lgc_plugin.training.brain import LGCBrain
from lgc_plugin.types import Event, LabelKind

ENCODER = EventEncoder(["Cat", "Dog"], clip_seconds=1.0, hop_length=512)
HALF = (
    LabelKind.STRONG,
    LabelKind.STRONG,
    LabelKind.WEAK,
    LabelKind.NONE,
    LabelKind.NONE,
)


def make_items(step: int, half: int, padding: bool) -> list[dict]:
    """Five clips; with padding, in every third step one is short."""
    draws = torch.Generator().manual_seed(100 * step + half)
    items = []
    for i, kind in enumerate(HALF):
        short = padding and step % 3 == 0 and half == 1 and i == 0
        onset = 0.5 * float(torch.rand((), generator=draws))
        event = Event(onset, onset + 0.4, ENCODER.labels[i % 2])
        wav = 0.1 * torch.randn(16000, generator=draws)
        n_samples = 9000 if short else 16000
        wav[n_samples:] = 0
        items.append(
            {
                "id": f"{half}-{i}",
                "wav": wav,
                "n_samples": n_samples,
                "frame_labels": ENCODER.encode([event]),
                "clip_labels": ENCODER.encode_clip([event.label]),
                "label_kind": int(kind),
            }
        )
    return items


class SplitDraws:
    """The plans of a step, drawn for each half alone.

    ``halves`` are those in the batch; with ``alike``, both have one plan.
    """

    def __init__(self, alike: bool = False) -> None:
        self.alike = alike
        self.step = 0
        self.halves: list[int] = []

    def install(self, replace=setattr) -> None:
        """Draws for all brains from here on."""
        replace(lgc_plugin.losses.cut_batch, "draw_cutmix", self.draw_cutmix)
        replace(lgc_plugin.augment.mixup, "draw_mixup", self.draw_mixup)

    def draw_cutmix(self, batch_size, n_frames, ratio, device=None):
        permutations, spans = [], []
        for place, half in enumerate(self.halves):
            seed = 7 * self.step + (0 if self.alike else half)
            draws = torch.Generator().manual_seed(seed)
            plan = draw_cutmix(len(HALF), n_frames, ratio, generator=draws)
            permutations.append(plan.permutation + place * len(HALF))
            spans.append(plan.span)
        return CutMixPlan(torch.cat(permutations), torch.cat(spans))

    def draw_mixup(self, label_kind, alpha, probability):
        permutations, weights = [], []
        for place, half in enumerate(self.halves):
            permutation = torch.tensor([1, 0, 2, 3, 4]) + place * len(HALF)
            weight = torch.ones(len(HALF))
            weight[:2] = 0.6 + 0.1 * half
            permutations.append(permutation)
            weights.append(weight)
        return MixupPlan(torch.cat(permutations), torch.cat(weights))


def make_brain(
    seed: int = 0,
    fused: bool = True,
    batch_norm: bool = False,
    thresholds: tuple[float, float] = (0.55, 0.6),
    frame_encoder: FrameEncoder | None = None,
    in_loop: dict | None = None,
    **options,
) -> LGCBrain:
    """A small network without dropout, ready for its first step."""
    torch.manual_seed(seed)
    front_end = LogMel(hop_length=512, n_mels=8)
    model = CRNN(
        *(2, 8, (4,), ((4, 4),)),
        dropout=0.0,
        embedding_dim=6,
        encoder_size=frame_encoder.size if frame_encoder else 0,
        encoder_dropout=0.0,
    )
    if not batch_norm:
        model.blocks[0].norm = nn.Identity()
    if in_loop is not None:
        put_in_loop(model, frame_encoder, **in_loop)
    lgc = LGC(
        model,
        2,
        front_end,
        embedding_dim=6,
        rampup_steps=15,
        ema_decay=0.9,
        prototype_momentum=0.9,
        contrast_weight=1.0,
        pos_threshold=thresholds[0],
        neg_threshold=thresholds[1],
    )
    brain = LGCBrain(
        {"front_end": front_end, "model": model, "lgc": lgc},
        lambda parameters: torch.optim.Adam(parameters, lr=0.01, fused=fused),
        {
            "encoder": ENCODER,
            "frame_encoder": frame_encoder,
            "lr": 0.01,
            "encoder_lr": 0.005,
            "encoder_lr_decay": 0.5,
            "augmentations": [Mixup(alpha=0.2, probability=0.5)],
            "seed": 0,
        },
        {"device": "cpu", **options},
    )
    brain.on_fit_start()
    brain.on_stage_start(sb.Stage.TRAIN, 1)
    brain.modules.train()
    brain.nonfinite_count = 0
    return brain


def fit(brain: LGCBrain, items: list[dict]) -> torch.Tensor:
    """One batch, as SpeechBrain's loop has it."""
    brain.step += 1
    return brain.fit_batch(collate_clips(items))


def give_prototypes(brain: LGCBrain, seed: int = 0) -> None:
    """Prototypes at random."""
    draws = torch.Generator().manual_seed(seed)
    bank = brain.modules.lgc.bank
    vectors = torch.randn(bank.prototypes.shape, generator=draws)
    bank.prototypes.copy_(nn.functional.normalize(vectors, dim=-1))
    bank.active.fill_(True)
    bank.initialized = True


def means_of(brain: LGCBrain) -> dict[str, float]:
    """Losses and terms since the epoch began, as they are logged."""
    return {**brain._means.read(), **brain._lgc_means.read()}


def state_of(brain: LGCBrain) -> dict[str, torch.Tensor]:
    """Copies of all that was learned."""
    states = brain.modules.model.state_dict(prefix="student.")
    states.update(brain.modules.lgc.state_dict(prefix="lgc."))
    return {k: v.clone() for k, v in states.items() if torch.is_tensor(v)}
