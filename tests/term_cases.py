"""Batches as further terms are given them, and their slow answers."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import torch
from hypothesis import settings

import oracles
from lgc_plugin.types import LabelKind
from lgc_scenes import exact_copy

SAME_SCENES = settings(deadline=None, derandomize=True, max_examples=50)
KINDS = [LabelKind.NONE, LabelKind.WEAK, LabelKind.NONE, LabelKind.STRONG]
PADDED = torch.arange(6) < torch.tensor([[6], [2], [4], [5]])


def inputs(scene, student, lgc, known=False):
    """What LGC hands to its terms; the host may know the label kinds."""
    batch = scene.batch
    if known:
        batch = replace(batch, kinds=tuple(scene.kind.tolist()))
    return of_batch(batch, student, lgc)


def of_batch(batch, student, lgc):
    return (
        lgc.run(student, batch),
        lgc.run(lgc.teacher, batch),
        batch,
        lambda other: lgc.run(student, other),
    )


def slow_inputs(scene, student, lgc):
    return (
        exact_copy(student, scene),
        exact_copy(lgc.teacher.network, scene),
        oracles.levels,
        oracles.Batch(
            oracles.exact(scene.features), [], scene.valid, scene.pooling
        ),
    )


def recorded(module, name):
    """The plans that a term draws."""
    plans, draw = [], getattr(module, name)

    def record(*arguments, **options):
        plans.append(draw(*arguments, **options))
        return plans[-1]

    return mock.patch.object(module, name, record), plans


def assert_same_gradients(value, student, expected, slow_student):
    oracles.assert_exact(value, expected)
    if not expected.requires_grad:  # there was nothing to learn from
        gradients = torch.autograd.grad(
            value, list(student.parameters()), allow_unused=True
        )
        assert all(g is None or (g == 0).all() for g in gradients)
        return
    value.backward(), expected.backward()
    pairs = zip(student.parameters(), slow_student.parameters(), strict=True)
    for fast, slow in pairs:
        if fast.grad is None:
            assert slow.grad is None
        else:
            oracles.assert_exact(fast.grad, slow.grad)
