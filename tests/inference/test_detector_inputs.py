"""What a detector is given: options, and recordings of every kind."""

import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from detector_cases import CPU, SETTINGS, as_recipe, sound
from lgc_plugin import SoundEventDetector
from lgc_plugin.inference.model.model_folder import write_model
from model_cases import LABELS, small_settings, used_network


def test_smaller_hops_have_a_smaller_latency(folder):
    def latency(hop):
        return SoundEventDetector.from_hparams(
            folder, hop_seconds=hop, run_opts=CPU
        ).latency_seconds

    assert latency(0.05) < latency(0.2) < latency(None) < latency(1.0)


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
    with pytest.raises(ValueError, match="unknown .'Cow'."):
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


def test_a_damaged_file_is_detected_up_to_the_damage(detector, tmp_path):
    wav, path = sound(80000), tmp_path / "a.flac"
    soundfile.write(path, wav, 16000)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    told, seconds = [], []
    events = detector.detect_file(
        path,
        on_damage=told.append,
        on_scores=lambda _, done: seconds.append(done),
    )
    assert len(told) == 1 and "cannot be decoded to its end" in told[0]
    whole = detector.detect(wav[: round(seconds[-1] * 16000)], 16000)
    pd.testing.assert_frame_equal(events, whole)
    with pytest.warns(UserWarning, match="cannot be decoded to its end"):
        detector.detect_file(path)
