"""Any recording in, the scores and events of the recipe out."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from detector_cases import CPU, FRAME, SETTINGS, as_recipe, sound
from lgc_plugin import SoundEventDetector
from lgc_plugin.data.resample import resample_file
from lgc_plugin.evaluation.postprocess.post_processing import decode_frames
from lgc_plugin.inference.prediction import predict
from lgc_plugin.models.features import LogMel
from lgc_plugin.types import SEDOutput
from model_cases import LABELS
from strategies import seeds

HOP_FRAMES = 15


@pytest.mark.parametrize("n_samples", [16000, 15999, 9000, 800, 1])
def test_one_window_is_the_test_of_the_recipe(detector, n_samples):
    wav = sound(n_samples)
    scores = detector.scores(wav, 16000)
    expected = as_recipe(wav, detector.mods.network)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-6)


def test_events_are_those_of_the_recipe(detector):
    wav = sound(16000)
    expected = decode_frames(
        as_recipe(wav, detector.mods.network)[None],
        ["clip"],
        LABELS,
        np.arange(32) * detector.frame_seconds,
        SETTINGS.post_processing.decision_threshold,
        SETTINGS.post_processing.median_windows,
    )
    events = detector.detect(wav, 16000)
    assert len(events) > 2
    columns = ["onset", "offset", "event_label"]
    rows = events[columns].sort_values(columns, ignore_index=True)
    expected = expected[columns].sort_values(columns, ignore_index=True)
    pd.testing.assert_frame_equal(rows, expected, check_exact=False, atol=1e-6)


def test_a_frame_that_two_windows_share_fades_from_one_to_the_other(detector):
    wav = sound(16000 + HOP_FRAMES * FRAME)
    scores = detector.scores(wav, 16000)
    first = as_recipe(wav[:16000], detector.mods.network)
    second = as_recipe(wav[HOP_FRAMES * FRAME :], detector.mods.network)
    assert scores.shape == (3, 31 + HOP_FRAMES)
    # Overlap 16: 4 frames of the first alone, 8 that fade, 4 of the second.
    begin, end = HOP_FRAMES + 4, HOP_FRAMES + 12
    close = {"rtol": 0, "atol": 1e-6}
    np.testing.assert_allclose(scores[:, :begin], first[:, :begin], **close)
    np.testing.assert_allclose(scores[:, end:], second[:, 12:], **close)
    share = np.arange(1, 9) / 9
    fade = (1 - share) * first[:, begin:end] + share * second[:, 4:12]
    np.testing.assert_allclose(scores[:, begin:end], fade, **close)


@given(hops=st.integers(1, 3), n_samples=st.integers(20000, 60000), seed=seeds)
@settings(max_examples=10)
def test_a_shift_by_hops_shifts_the_scores(detector, hops, n_samples, seed):
    n_samples += hops * HOP_FRAMES * FRAME
    wav = sound(n_samples, seed)
    whole = detector.scores(wav, 16000)
    later = detector.scores(wav[hops * HOP_FRAMES * FRAME :], 16000)
    # Only what had a window before it, and has none now, may differ.
    np.testing.assert_allclose(
        later[:, 12:], whole[:, hops * HOP_FRAMES + 12 :], rtol=0, atol=1e-6
    )


def test_constant_scores_have_no_seams(detector):
    class Level(torch.nn.Module):
        """Scores that follow from a frame alone."""

        def forward(self, features, valid):
            level = features.mean(1).unflatten(1, (-1, 2)).mean(-1)
            frame = (level.unsqueeze(1) + 0.1).repeat(1, 3, 1)
            return SEDOutput(frame, frame[..., 0], frame)

    class Frames(LogMel):
        def normalize(self, mels, valid=None):
            return (mels[..., : mels.shape[-1] // 2 * 2] * 0 + 1 / 3) / 3

    own = SoundEventDetector(
        {"front_end": Frames(**SETTINGS.front_end), "network": Level()},
        {"settings": SETTINGS},
        CPU,
    )
    scores = own.scores(np.full(70000, 0.25), 16000)
    assert scores.shape == (3, 137)
    assert len(np.unique(scores)) == 1


def test_a_steady_sound_has_steady_scores_across_seams(detector):
    # A tone of which a hop is a whole number of periods: equal windows.
    tone = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(20 * 16000) / 16000)
    scores = detector.scores(tone, 16000)
    inside = scores[:, 31:-31]
    np.testing.assert_allclose(
        inside[:, HOP_FRAMES:], inside[:, :-HOP_FRAMES], rtol=0, atol=1e-6
    )
    edges = np.abs(scores[:, :31] - inside.mean(1, keepdims=True)).max()
    seams = np.ptp(inside, axis=1).max()
    assert 0 < seams < edges / 5


@given(data=st.data(), n_samples=st.integers(1, 60000), seed=seeds)
@settings(max_examples=15)
def test_streams_and_arrays_give_the_same_events(
    detector, data, n_samples, seed
):
    wav = sound(n_samples, seed)
    cuts = data.draw(st.lists(st.integers(0, n_samples), max_size=6))
    chunks = np.split(wav, sorted(cuts))
    stream = pd.DataFrame(detector.detect_stream(chunks))
    events = detector.detect(wav, 16000)
    assert len(stream) == len(events)
    if len(events):
        order = ["onset", "event_label"]
        stream = stream.sort_values(order, ignore_index=True)
        events = events.sort_values(order, ignore_index=True)
        pd.testing.assert_frame_equal(
            stream, events, check_exact=False, atol=1e-6
        )


@pytest.mark.parametrize("hop_seconds", [None, 0.1, 0.9])
def test_no_event_of_a_stream_is_later_than_stated(folder, hop_seconds):
    own = SoundEventDetector.from_hparams(
        folder, hop_seconds=hop_seconds, run_opts=CPU
    )
    wav, step, given_in = sound(12 * 16000, seed=3), 64, 0
    middle = np.median(own.scores(wav, 16000), axis=1).tolist()

    def chunks():
        nonlocal given_in
        for start in range(0, len(wav), step):
            given_in += step
            yield wav[start : start + step]

    threshold = dict(zip(LABELS, middle, strict=True))
    events = own.detect_stream(chunks(), threshold=threshold)
    waits = [
        (given_in - step) / 16000 - event.offset
        for event in events
        if given_in > 16000 + step
    ]
    assert len(waits) > 20
    assert max(waits) <= own.latency_seconds
    # It is no empty promise: some event waits nearly that long.
    assert max(waits) > own.latency_seconds - 2 * own.frame_seconds


def test_a_file_of_another_rate_is_read_as_the_recipe_would(detector, tmp_path):
    rng = np.random.default_rng(5)
    wav = 0.2 * rng.standard_normal((30000, 2))
    soundfile.write(tmp_path / "a.flac", wav, 44100)
    resample_file(tmp_path / "a.flac", tmp_path / "a_16k.wav")
    clip, _ = soundfile.read(tmp_path / "a_16k.wav", dtype="int16")
    scores = []
    events = detector.detect_file(
        tmp_path / "a.flac", on_scores=lambda piece, _: scores.append(piece)
    )
    np.testing.assert_array_equal(
        np.concatenate(scores, axis=1), detector.scores(clip, 16000)
    )
    pd.testing.assert_frame_equal(events, detector.detect(clip, 16000))


def test_progress_is_told_in_seconds(detector, tmp_path):
    soundfile.write(tmp_path / "a.wav", sound(100_000), 16000)
    seen = []
    detector.detect_file(
        tmp_path / "a.wav", on_scores=lambda p, s: seen.append((p.shape[1], s))
    )
    frames = np.cumsum([n for n, _ in seen])
    seconds = [s for _, s in seen]
    assert seconds == sorted(seconds)
    assert seconds[0] == pytest.approx(frames[0] * FRAME / 16000)
    assert seconds[-1] == 100_000 / 16000


def test_the_score_is_the_mean_of_the_frames(detector):
    wav = sound(40000)
    scores = detector.scores(wav, 16000)
    for event in detector.detect(wav, 16000).itertuples():
        row = scores[LABELS.index(event.event_label)]
        seconds = detector.frame_seconds
        begin, end = round(event.onset / seconds), -(-event.offset // seconds)
        assert event.confidence == pytest.approx(
            row[begin : int(end)].mean(), 1e-5
        )


def test_memory_does_not_grow_with_the_recording(detector):
    def peak(n_blocks):
        blocks = (np.zeros(16000, np.float32) for _ in range(n_blocks))
        tracemalloc.start()
        frames = 0
        for piece in predict(blocks, detector.plan, quiet, batch_size=4):
            frames += piece.scores.shape[1]
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert frames == -(-n_blocks * 16000 // FRAME)
        return highest

    def quiet(wavs, n_samples):
        return torch.zeros(len(wavs), 3, 31)

    peak(20)  # imports and caches
    assert peak(800) < 1.2 * peak(20)
