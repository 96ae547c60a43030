"""One random change of the waveforms per label kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lgc_plugin.augment.pitch_shift import pitch_shift
from lgc_plugin.augment.samples import float_samples
from lgc_plugin.augment.wave_mask import (
    WaveMaskPlan,
    frames_in_holes,
    plan_wave_mask,
    wave_mask,
)
from lgc_plugin.augment.wave_roll import (
    WaveRollPlan,
    plan_wave_roll,
    wave_roll,
)
from lgc_plugin.types import LabelKind

WAVE_CHANGES = ("time_mask", "pitch_shift", "time_shift")

# What one step of magnitude is worth; a time shift has tenths of a clip.
_HOLES = 5
_CENTS = 50


class WaveChange(NamedTuple):
    """The change of a label kind's clips.

    ``name`` is one of :data:`WAVE_CHANGES`, ``magnitude`` at least 1, and
    ``sign`` 1, or -1 for a pitch shift downwards.
    """

    name: str
    magnitude: int
    sign: int


class WaveAugmentPlan(NamedTuple):
    """The changes of all clips; the host knows the kind of change.

    Clips that are not shifted roll by 0, those not masked have no holes;
    ``pitch`` has numbers of clips, and the cents by which they move.
    """

    changes: Mapping[LabelKind, WaveChange]
    roll: WaveRollPlan
    mask: WaveMaskPlan
    pitch: tuple[tuple[Tensor, int], ...]


def draw_wave_augment(
    label_kind: Tensor,
    n_samples: Tensor,
    frame_samples: int,
    n_frames: int,
    names: Sequence[str] = WAVE_CHANGES,
    max_magnitude: int = 5,
    *,
    generator: torch.Generator | None = None,
) -> WaveAugmentPlan:
    """Draws one change for each label kind, and its magnitude s.

    s is 1 to ``max_magnitude``: ``5 s`` holes of 1 % of the clip, a pitch
    shift by ``50 s`` cents up or down, or a roll by ``10 s`` % of the clip.

    >>> kind, n_samples = torch.tensor([2, 1, 0]), torch.tensor([16000] * 3)
    >>> plan = draw_wave_augment(kind, n_samples, 1024, 15, ["time_shift"])
    >>> plan.changes[LabelKind.WEAK].name
    'time_shift'
    >>> bool(((2 <= plan.roll.frames) & (plan.roll.frames <= 8)).all())
    True
    """
    # Draws are made on the CPU, and nothing waits for the device: read
    # label_kind before the batch moves there. Which changes are drawn does not
    # depend on the clips. Shao, Loweimi and Li, Interspeech 2022 (arXiv
    # 2110.11144). Their code draws 31 % of the pitch shifts upwards.
    _check(label_kind, names, max_magnitude)
    changes = {
        kind: _draw_change(names, max_magnitude, generator)
        for kind in LabelKind
    }
    places = torch.rand(
        len(label_kind), _HOLES * max_magnitude, generator=generator
    )
    kinds = label_kind.tolist()
    device = n_samples.device

    def magnitudes(name: str) -> Tensor:
        each = [
            changes[kind].magnitude if changes[kind].name == name else 0
            for kind in kinds
        ]
        return torch.tensor(each).to(device, non_blocking=True)

    roll = plan_wave_roll(
        magnitudes("time_shift"), n_samples, frame_samples, n_frames
    )
    mask = plan_wave_mask(
        _HOLES * magnitudes("time_mask"),
        places.to(device, non_blocking=True),
        n_samples,
    )
    pitch = []
    for kind, change in changes.items():
        clips = [number for number, k in enumerate(kinds) if k == kind]
        if change.name == "pitch_shift" and clips:
            index = torch.tensor(clips).to(device, non_blocking=True)
            pitch.append((index, _CENTS * change.magnitude * change.sign))
    return WaveAugmentPlan(changes, roll, mask, tuple(pitch))


def wave_augment(
    wavs: Tensor,
    plan: WaveAugmentPlan,
    n_samples: Tensor,
    sample_rate: int,
    frame_samples: int,
) -> Tensor:
    """Changes (B, N) waveforms; the frame labels of shifted clips move along.

    Labels, and the scores they are compared with, are ``wave_roll(labels,
    plan.roll)``; other labels, lengths and masks of valid frames stay.

    >>> kind, n_samples = torch.tensor([2, 1]), torch.tensor([4096, 3000])
    >>> plan = draw_wave_augment(kind, n_samples, 1024, 4)
    >>> wavs = torch.zeros(2, 4096, dtype=torch.int16)
    >>> wave_augment(wavs, plan, n_samples, 16000, 1024).dtype
    torch.float32
    """
    names = {change.name for change in plan.changes.values()}
    changed = wavs if wavs.is_floating_point() else float_samples(wavs)
    if "time_shift" in names:
        changed = wave_roll(changed, plan.roll, frame_samples)
    if "time_mask" in names:
        changed = wave_mask(changed, plan.mask)
    for clips, cents in plan.pitch:
        shifted = pitch_shift(
            changed[clips], cents, sample_rate, n_samples[clips]
        )
        changed = changed.index_copy(0, clips, shifted)
    return changed


def augment_embeddings(
    embeddings: Tensor, plan: WaveAugmentPlan, frame_samples: int
) -> Tensor:
    """Changes (B, E, T') embeddings of output frames as the waveforms change.

    They roll with their sounds, and are 0 where a hole is. A pitch shift
    leaves them: those of the shifted sound are not known without the encoder.

    >>> kind, n_samples = torch.tensor([2]), torch.tensor([4096])
    >>> plan = draw_wave_augment(kind, n_samples, 1024, 4, ["pitch_shift"])
    >>> augment_embeddings(torch.ones(1, 2, 4), plan, 1024).sum()
    tensor(8.)
    """
    names = {change.name for change in plan.changes.values()}
    if "time_shift" in names:
        embeddings = wave_roll(embeddings, plan.roll)
    if "time_mask" in names:
        n_frames = embeddings.shape[-1]
        holes = frames_in_holes(plan.mask, n_frames, frame_samples)
        embeddings = embeddings.masked_fill(holes.unsqueeze(1), 0)
    return embeddings


def _draw_change(
    names: Sequence[str], max_magnitude: int, generator: torch.Generator | None
) -> WaveChange:
    """One change; three draws, whatever comes out."""

    def below(n: int) -> int:
        return int(torch.randint(n, (), generator=generator))

    name, magnitude = names[below(len(names))], 1 + below(max_magnitude)
    sign = 1 - 2 * below(2)
    return WaveChange(name, magnitude, sign if name == "pitch_shift" else 1)


def _check(
    label_kind: Tensor, names: Sequence[str], max_magnitude: int
) -> None:
    unknown = sorted(set(names) - set(WAVE_CHANGES))
    if unknown or not names:
        raise ValueError(
            f"changes {list(names)}: give at least one of {list(WAVE_CHANGES)}"
        )
    if not 1 <= max_magnitude <= 9:
        raise ValueError(
            f"max_magnitude must lie between 1 and 9, got {max_magnitude}"
        )
    if label_kind.device.type != "cpu":
        raise ValueError(
            f"label kinds are on {label_kind.device}: read them on the CPU, "
            f"before the batch moves, so that nothing waits for the device"
        )
