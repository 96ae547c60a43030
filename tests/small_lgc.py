"""A small network with all of LGC, and a batch for it."""

import torch
from torch.nn.functional import normalize

from lgc_plugin.lgc import LGC
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.types import LabelKind, SEDBatch

KINDS = (LabelKind.STRONG, LabelKind.WEAK, LabelKind.NONE) * 2
KIND = torch.tensor(KINDS)
N_FRAMES = 10


def make(seed=0, sizes=(2, 6), **options):
    torch.manual_seed(seed)
    student = CRNN(
        2, 8, filters=(4, 4), pooling=((2, 2), (2, 4)), embedding_dim=6
    )
    n_classes, dim = sizes
    lgc = LGC(student, n_classes, embedding_dim=dim, rampup_steps=10, **options)
    batch = SEDBatch(KIND, torch.rand(6, 8, 4 * N_FRAMES + 1), kinds=KINDS)
    return student, lgc, batch


def give_prototypes(lgc):
    """Prototypes at random, and thresholds that make most frames anchors."""
    lgc.bank.prototypes.copy_(
        normalize(torch.randn_like(lgc.bank.prototypes), dim=-1)
    )
    lgc.bank.active.fill_(True)
    lgc.bank.initialized = True
    lgc.bank.pos_threshold = lgc.contrast.pos_threshold = 0.4
    lgc.contrast.neg_threshold = 1.1
