"""The signals that sounds made by code consist of, against plain values."""

from __future__ import annotations

import numpy as np
import pytest

from lgc_plugin.data.soundscapes.synthesis.signals import (
    SignalGenerator,
    glide,
    harmonic_wave,
    impulses,
    overlay,
    steps,
)


def generator(sample_rate: int) -> SignalGenerator:
    return SignalGenerator(np.random.default_rng(0), sample_rate)


def test_it_draws_what_the_generator_given_would_draw() -> None:
    plain = np.random.default_rng(3)
    gen = SignalGenerator(np.random.default_rng(3), 8000)
    assert gen.uniform(1, 2) == plain.uniform(1, 2)
    assert gen.permutation(9).tolist() == plain.permutation(9).tolist()


def test_curves() -> None:
    assert glide([0.0, 1.0, 0.0], 5).tolist() == [0.0, 0.75, 1.0, 0.75, 0.0]
    held = steps([0.0, 3.0], [3, 3], smooth=3)
    assert held.tolist() == [0.0, 0.0, 1.0, 2.0, 3.0, 3.0]
    assert generator(16000).n_samples(0.5) == 8000
    gen = generator(1000)
    faded = gen.fade(np.ones(8), 0.002, 0.004).round(2).tolist()
    assert faded == [0.15, 0.85, 1.0, 1.0, 0.96, 0.69, 0.31, 0.04]
    followed = gen.lag(np.ones(1000), 0.01).round(2)
    assert followed[[9, 999]].tolist() == [0.63, 1.0]
    still = generator(100).drift(100, per_second=5, depth=0.0)
    assert still.tolist() == [1.0] * 100
    assert 100 <= gen.log_uniform(100, 400) < 400
    assert gen.log_uniform(100, 400, 3).shape == (3,)


def test_waves() -> None:
    gen = generator(16000)
    assert gen.n_harmonics(1000.0) == 7
    turns = generator(8).phase_of(np.full(4, 2.0))
    assert turns.tolist() == [0.0, 0.25, 0.5, 0.75]
    wave = harmonic_wave(np.array([0.0, 0.5]), np.array([1.0, 0.5]))
    assert wave == pytest.approx([1.5, -0.5])
    assert gen.vibrating_folds(np.full(1600, 120.0)).shape == (1600,)


def test_impulses_and_grains() -> None:
    train = impulses(4, np.array([1, 1, 9]), np.array([1.0, 2.0, 5.0]))
    assert train.tolist() == [0.0, 3.0, 0.0, 0.0]
    both = overlay(np.ones((2, 2)), np.array([0, 1]), 4)
    assert both.tolist() == [1.0, 2.0, 1.0, 0.0]
    rate = np.full(16000, 100.0)
    count = np.count_nonzero(generator(16000).poisson_impulses(rate))
    assert abs(count - 100) < 40


def test_noise_and_what_shapes_it() -> None:
    gen = generator(16000)
    assert gen.noise(4000).std() == pytest.approx(1, abs=1e-6)
    tone = gen.resonances(gen.noise(16000), [1000.0], [20.0], [1.0])
    assert abs(np.abs(np.fft.rfft(tone)).argmax() - 1000) <= 20
    one = np.ones(1)
    ring = generator(8000).modes(np.eye(1, 800)[0], 2000 * one, 0.01 * one, one)
    assert ring[[1, 401]].round(4).tolist() == [0.9876, 0.0067]
