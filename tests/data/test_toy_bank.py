"""The sounds made by code: whole, repeatable, varied and physically right."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.data.soundscapes.toy_bank import (
    DESED_LABELS,
    synthesize,
    synthesize_background,
    write_synthetic_bank,
)
from toy_sounds import N_SOUNDS, RATE, sounds, spectrogram

# Shortest and longest plausible sound of each class, in seconds.
DURATIONS = {
    # A single stroke on a small bell may last no longer.
    "Alarm_bell_ringing": (0.15, 8.5),
    "Blender": (1.0, 8.5),
    "Cat": (0.2, 5.5),
    "Dishes": (0.05, 3.0),
    "Dog": (0.06, 4.0),
    "Electric_shaver_toothbrush": (1.2, 8.0),
    "Frying": (1.5, 8.6),
    "Running_water": (1.0, 8.6),
    "Speech": (0.5, 5.5),
    "Vacuum_cleaner": (2.0, 8.6),
}


def digests(bank: Path) -> dict[str, str]:
    """What each file of a bank holds, by name."""
    return {
        str(file.relative_to(bank)): hashlib.sha256(
            file.read_bytes()
        ).hexdigest()
        for file in bank.rglob("*.wav")
    }


def small_bank(folder: Path, **changes) -> Path:
    options = {"sounds_per_class": 2, "n_backgrounds": 2, "n_jobs": 1}
    options.update(progress=False, **changes)
    return write_synthetic_bank(folder, **options)


def profile(sound: np.ndarray) -> np.ndarray:
    """Log spectrum and log level over time, without their means."""
    power = np.log(spectrogram(np.pad(sound, 1024)) + 1e-9)
    level = power.mean(axis=0)
    stretched = np.interp(
        np.linspace(0, 1, 200), np.linspace(0, 1, len(level)), level
    )
    both = np.concatenate([power.mean(axis=1), stretched])
    return (both - both.mean()) / both.std()


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_bank(tmp_path_factory.mktemp("bank") / "one")


class TestBank:
    def test_layout_and_format(self, bank: Path) -> None:
        folders = sorted(f.name for f in (bank / "foreground").iterdir())
        assert folders == list(DESED_LABELS)
        names = sorted(f.name for f in bank.glob("foreground/Dog/*"))
        assert names == ["dog000.wav", "dog001.wav"]
        names = sorted(f.name for f in bank.glob("background/*"))
        assert names == ["background000.wav", "background001.wav"]
        for file in bank.rglob("*.wav"):
            info = soundfile.info(file)
            assert (info.channels, info.samplerate) == (1, RATE)
            assert info.subtype == "PCM_16"

    def test_files_are_audible_and_not_clipped(self, bank: Path) -> None:
        for file in bank.rglob("*.wav"):
            samples, _ = soundfile.read(file)
            assert np.abs(samples).max() == pytest.approx(0.8, abs=1e-3)

    def test_backgrounds_last_ten_to_twelve_seconds(self, bank: Path) -> None:
        for file in bank.glob("background/*.wav"):
            assert 10 <= soundfile.info(file).duration <= 12

    def test_same_seed_same_bytes_with_more_workers(
        self, bank: Path, tmp_path: Path
    ) -> None:
        again = small_bank(tmp_path / "two", n_jobs=2)
        assert digests(again) == digests(bank)

    def test_other_seed_other_bytes(self, bank: Path, tmp_path: Path) -> None:
        other = digests(
            small_bank(
                tmp_path / "b", seed=1, sounds_per_class=1, n_backgrounds=1
            )
        )
        assert set(other) < set(digests(bank))
        assert not set(other.values()) & set(digests(bank).values())

    def test_larger_bank_contains_the_smaller(
        self, bank: Path, tmp_path: Path
    ) -> None:
        small = small_bank(tmp_path / "b", sounds_per_class=1, n_backgrounds=1)
        assert digests(small).items() < digests(bank).items()

    def test_full_folder_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "mine.txt").write_text("keep")
        with pytest.raises(FileExistsError, match="not an empty folder"):
            small_bank(tmp_path)
        assert [f.name for f in tmp_path.iterdir()] == ["mine.txt"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("seed", -1),
            ("sample_rate", 4000),
            ("sounds_per_class", 0),
            ("n_backgrounds", 0),
        ],
    )
    def test_numbers_out_of_range_are_named(
        self, tmp_path: Path, name: str, value: int
    ) -> None:
        with pytest.raises(ValueError, match=f"{name} is {value}"):
            small_bank(tmp_path / "bank", **{name: value})
        assert not list(tmp_path.iterdir())


class TestSynthesize:
    def test_labels_are_desed_in_order(self) -> None:
        assert list(DESED_LABELS) == sorted(DESED_LABELS)
        assert set(DESED_LABELS) == set(DURATIONS)

    @pytest.mark.parametrize("label", DESED_LABELS)
    def test_level_and_duration(self, label: str) -> None:
        shortest, longest = DURATIONS[label]
        for sound in sounds(label):
            assert sound.dtype == np.float32 and sound.ndim == 1
            assert np.isfinite(sound).all()
            assert np.abs(sound).max() == pytest.approx(0.8, abs=1e-6)
            assert sound.std() > 1e-3
            assert shortest <= len(sound) / RATE <= longest

    @pytest.mark.parametrize("label", DESED_LABELS)
    def test_no_two_sounds_are_alike(self, label: str) -> None:
        profiles = np.array([profile(sound) for sound in sounds(label)])
        likeness = profiles @ profiles.T / profiles.shape[1]
        np.fill_diagonal(likeness, 0.0)
        assert likeness.max() < 0.99
        assert len({len(sound) for sound in sounds(label)}) == N_SOUNDS

    @settings(max_examples=20)
    @given(
        label=st.sampled_from(DESED_LABELS),
        seed=st.integers(0, 2**63),
        rate=st.sampled_from([8000, 16000, 22050]),
    )
    def test_any_seed_is_whole_and_repeatable(
        self, label: str, seed: int, rate: int
    ) -> None:
        first, second = (
            synthesize(label, np.random.default_rng(seed), rate)
            for _ in range(2)
        )
        assert np.array_equal(first, second)
        assert np.isfinite(first).all()
        shortest, longest = DURATIONS[label]
        assert shortest <= len(first) / rate <= longest

    @pytest.mark.parametrize("label", DESED_LABELS)
    def test_high_sample_rate_keeps_the_balance(self, label: str) -> None:
        sound = synthesize(label, np.random.default_rng(3), 44100)
        assert np.isfinite(sound).all()
        shortest, longest = DURATIONS[label]
        assert shortest <= len(sound) / 44100 <= longest
        power = spectrogram(sound, 44100).mean(axis=1)
        # Harmonics and modes that only a high rate can hold stay faint.
        assert power[: len(power) * 10 // 22].sum() > 0.8 * power.sum()

    def test_unknown_label_names_the_known_ones(self) -> None:
        with pytest.raises(ValueError, match="'Bird'.*Alarm_bell.*Vacuum"):
            synthesize("Bird", np.random.default_rng(0), RATE)


class TestBackground:
    @pytest.mark.parametrize("rate", [16000, 22050, 44100])
    def test_length_and_level(self, rate: int) -> None:
        sound = synthesize_background(np.random.default_rng(1), rate, 2.5)
        assert sound.shape == (round(2.5 * rate),)
        assert sound.dtype == np.float32
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() == pytest.approx(0.8, abs=1e-6)

    def test_backgrounds_differ(self) -> None:
        profiles = np.array(
            [
                profile(
                    synthesize_background(np.random.default_rng(i), RATE, 3)
                )
                for i in range(8)
            ]
        )
        likeness = profiles @ profiles.T / profiles.shape[1]
        np.fill_diagonal(likeness, 0.0)
        assert likeness.max() < 0.995

    @pytest.mark.parametrize("seed", range(6))
    def test_very_short_ones_are_whole(self, seed: int) -> None:
        sound = synthesize_background(np.random.default_rng(seed), RATE, 0.01)
        assert sound.shape == (160,)
        assert np.abs(sound).max() == pytest.approx(0.8, abs=1e-6)

    def test_no_length_is_refused(self) -> None:
        with pytest.raises(ValueError, match="seconds must be above 0"):
            synthesize_background(np.random.default_rng(0), RATE, 0.0)
