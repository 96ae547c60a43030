"""Any recording in, the scores and events of the recipe out."""

import shutil
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin import LGC, SoundEventDetector
from lgc_plugin.data.resample import resample_file
from lgc_plugin.evaluation.post_processing import decode_frames
from lgc_plugin.inference.model.model_folder import write_model
from lgc_plugin.inference.prediction import predict
from lgc_plugin.models.features import LogMel
from lgc_plugin.types import SEDBatch, SEDOutput
from model_cases import LABELS, small_settings, used_network
from strategies import seeds

SETTINGS = small_settings()  # windows of 1 s, 31 frames of 512 samples
FRAME = 512
HOP_FRAMES = 15
CPU = {"device": "cpu"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "model"
    networks = {
        "student": used_network(SETTINGS, 1),
        "teacher": used_network(SETTINGS, 2),
    }
    write_model(folder, SETTINGS, networks)
    return folder


@pytest.fixture(scope="module")
def detector(folder):
    return SoundEventDetector.from_hparams(folder, run_opts=CPU)


def sound(n_samples, seed=0):
    """Bursts of noise and tones, 16-bit values."""
    rng = np.random.default_rng(seed)
    time = np.arange(n_samples) / 16000
    wav = 0.02 * rng.standard_normal(n_samples)
    for _ in range(1 + n_samples // 8000):
        start, hertz = rng.uniform(0, time[-1]), rng.uniform(200, 6000)
        burst = (time > start) & (time < start + rng.uniform(0.05, 0.6))
        wav += burst * 0.4 * np.sin(2 * np.pi * hertz * time)
    return np.round(wav.clip(-1, 1) * 32767).astype(np.int16)


def as_recipe(wav, network, n_samples=16000):
    """Scores of one clip in a batch of padded ones, as a test has them."""
    wavs = torch.zeros(2, n_samples, dtype=torch.int16)
    wavs[0, : len(wav)] = torch.from_numpy(wav)
    front_end = LogMel(**SETTINGS.front_end)
    lgc = LGC(network, n_classes=3, embedding_dim=7, normalize=front_end)
    lengths = torch.tensor([len(wav), 3000])
    batch = SEDBatch(torch.zeros(2), wavs=wavs, n_samples=lengths)
    batch = batch.with_features(front_end.mel(wavs), 2, FRAME)
    with torch.no_grad():
        output = lgc.run(network, batch)
    return output.frame[0, :, : int(batch.valid[0].sum())].numpy()


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
        SETTINGS.decision_threshold,
        SETTINGS.median_windows,
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


def test_smaller_hops_have_a_smaller_latency(folder):
    def latency(hop):
        return SoundEventDetector.from_hparams(
            folder, hop_seconds=hop, run_opts=CPU
        ).latency_seconds

    assert latency(0.05) < latency(0.2) < latency(None) < latency(1.0)


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


def test_no_event_ends_after_the_recording(folder):
    own = SoundEventDetector.from_hparams(folder, run_opts=CPU)
    events = own.detect(sound(800), 16000, threshold=0.0)
    assert list(events.event_label) == list(LABELS)
    assert list(events.onset) == [0.0] * 3
    assert list(events.offset) == [0.05] * 3


def test_thresholds_can_be_asked_for(detector):
    wav = sound(40000)
    assert detector.detect(wav, 16000, threshold=1).empty
    own = detector.detect(wav, 16000)
    other = detector.detect(wav, 16000, threshold={"Dog": 1.0})
    assert "Dog" in set(own.event_label)
    pd.testing.assert_frame_equal(
        other, own[own.event_label != "Dog"].reset_index(drop=True)
    )
    with pytest.raises(ValueError, match="'Cow': the classes of the model are"):
        detector.detect(wav, 16000, threshold={"Cow": 0.5})
    for wrong in (1.5, float("nan"), "much", {"Dog": -1}):
        with pytest.raises(ValueError, match="a number from 0 to 1"):
            detector.detect_stream([wav], threshold=wrong)


def test_tables_keep_their_types_without_events(detector):
    table = detector.detect(sound(4000), 16000, threshold=1.0)
    assert len(table) == 0
    assert table.dtypes.astype(str).tolist() == [
        "float64",
        "float64",
        "object",
        "float64",
    ]


def test_the_score_is_the_mean_of_the_frames(detector):
    wav = sound(40000)
    scores = detector.scores(wav, 16000)
    for event in detector.detect(wav, 16000).itertuples():
        row = scores[LABELS.index(event.event_label)]
        seconds = detector.frame_seconds
        begin, end = round(event.onset / seconds), -(-event.offset // seconds)
        assert event.score == pytest.approx(row[begin : int(end)].mean(), 1e-5)


class TestEdgeCases:
    def test_silence(self, detector):
        scores = detector.scores(np.zeros(40000, np.int16), 16000)
        assert np.isfinite(scores).all()

    def test_clipping_is_full_scale(self, detector):
        wav = 3 * sound(20000) / 32768
        cut = wav.clip(-1, 32767 / 32768)
        np.testing.assert_array_equal(
            detector.scores(wav, 16000), detector.scores(cut, 16000)
        )

    def test_an_offset_is_left_in(self, detector):
        # As in training: nobody takes it out of the clips there.
        wav = (sound(16000) // 4 + 8000).astype(np.int16)
        np.testing.assert_allclose(
            detector.scores(wav, 16000),
            as_recipe(wav, detector.mods.network),
            rtol=0,
            atol=1e-6,
        )

    @pytest.mark.parametrize("wrong", [np.nan, np.inf])
    def test_samples_that_are_no_numbers(self, detector, tmp_path, wrong):
        wav = np.zeros((30000, 2))
        wav[24000, 1] = wrong
        place = r"at 1\.500 s \(sample 24000\)"
        with pytest.raises(ValueError, match=place):
            detector.detect(wav, 16000)
        soundfile.write(tmp_path / "a.wav", wav, 16000, "FLOAT")
        with pytest.raises(ValueError, match=f"a.wav.*{place}"):
            detector.detect_file(tmp_path / "a.wav")

    def test_telephone(self, detector):
        with pytest.warns(UserWarning, match="nothing above 4000 Hz"):
            scores = detector.scores(sound(8000), 8000)
        assert scores.shape == (3, 31)

    def test_channels_are_averaged(self, detector):
        wav = sound(20000) / 32768
        six = np.stack([2 * wav, 0 * wav, wav, wav, wav, wav], axis=1)
        expected = detector.scores(wav, 16000)
        np.testing.assert_allclose(
            detector.scores(six, 16000), expected, rtol=0, atol=2e-3
        )
        two = np.stack([wav, wav], axis=1)
        np.testing.assert_array_equal(detector.scores(two, 16000), expected)
        with pytest.raises(ValueError, match="wav.T"):
            detector.scores(two.T, 16000)

    def test_tensors(self, detector):
        wav = sound(20000)
        np.testing.assert_array_equal(
            detector.scores(torch.from_numpy(wav), 16000),
            detector.scores(wav, 16000),
        )

    def test_nothing(self, detector):
        with pytest.raises(ValueError, match="holds no samples"):
            detector.detect([], 16000)
        with pytest.raises(ValueError, match="holds no samples"):
            list(detector.detect_stream([]))

    def test_one_label(self, tmp_path):
        network = {**SETTINGS.network, "n_classes": 1}
        options = small_settings(
            labels=("Voice",),
            network=network,
            median_windows=3,
            decision_threshold=0.0,
        )
        write_model(tmp_path, options, {"teacher": used_network(options, 0)})
        own = SoundEventDetector.from_hparams(tmp_path, run_opts=CPU)
        events = own.detect(sound(40000), 16000)
        assert events.event_label.tolist() == ["Voice"]
        assert events.offset.tolist() == [2.5]


def test_student_and_teacher(folder, detector):
    student = SoundEventDetector.from_hparams(folder, "student", run_opts=CPU)
    assert (student.network_name, detector.network_name) == (
        "student",
        "teacher",
    )
    wav = sound(16000)
    assert (
        np.abs(student.scores(wav, 16000) - detector.scores(wav, 16000)).max()
        > 0.01
    )
    with pytest.raises(FileNotFoundError, match="'pupil'.*student, teacher"):
        SoundEventDetector.from_hparams(folder, "pupil")


def test_a_copied_folder_needs_nothing_beside_it(folder, tmp_path):
    wav = sound(30000)
    run = tmp_path / "elsewhere" / "run"
    shutil.copytree(folder, run / "model")
    copied = SoundEventDetector.from_hparams(run, run_opts=CPU)
    original = SoundEventDetector.from_hparams(folder, run_opts=CPU)
    np.testing.assert_array_equal(
        copied.scores(wav, 16000), original.scores(wav, 16000)
    )


def test_nothing_learns(detector):
    assert not any(module.training for module in detector.modules())
    output = detector(torch.zeros(1, 16000))
    assert not output.frame.requires_grad


def test_a_batch_with_relative_lengths(detector):
    wavs = torch.zeros(2, 16000)
    for row, n_samples in enumerate((16000, 8000)):
        wavs[row, :n_samples] = torch.from_numpy(sound(n_samples) / 32768)
    output = detector(wavs, torch.tensor([1.0, 0.5]))
    expected = detector.scores(wavs[1, :8000], 16000)
    np.testing.assert_allclose(
        output.frame[1, :, :16], expected, rtol=0, atol=1e-6
    )
    assert output.clip.shape == (2, 3)


def test_half_precision_is_close(folder, detector):
    half = SoundEventDetector.from_hparams(
        folder, run_opts={"device": "cpu", "precision": "bf16"}
    )
    wav = sound(30000)
    difference = np.abs(half.scores(wav, 16000) - detector.scores(wav, 16000))
    assert 0 < difference.max() < 0.03


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_the_size_of_batches_decides_nothing(folder, detector, batch_size):
    own = SoundEventDetector.from_hparams(
        folder, batch_size=batch_size, run_opts=CPU
    )
    wav = sound(70000)
    np.testing.assert_allclose(
        own.scores(wav, 16000), detector.scores(wav, 16000), rtol=0, atol=1e-6
    )


def test_wrong_options_are_refused(folder):
    for options, message in (
        ({"batch_size": 0}, "batch_size is 0"),
        ({"hop_seconds": 0}, "every 0 s"),
        ({"hop_seconds": 1.5}, "at most 1 s"),
        ({"run_opts": {"device": "cuda:99"}}, "PyTorch finds"),
        ({"run_opts": {"device": "abacus"}}, "cpu, cuda"),
    ):
        with pytest.raises(ValueError, match=message):
            SoundEventDetector.from_hparams(folder, **options)


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
