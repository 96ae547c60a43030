"""A small detector on disk, and recordings for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from lgc_plugin.inference.detector import SoundEventDetector
from lgc_plugin.inference.model.model_folder import write_model
from model_cases import small_settings, used_network

RATE = 16000
# Near the middle of what the teacher predicts for noise: there are many events.
LIMITS = {"Cat": 0.508, "Dog": 0.594, "yes": 0.46}
THRESHOLD = ",".join(f"{name}={limit}" for name, limit in LIMITS.items())


def write_small_model(folder: Path) -> Path:
    settings = small_settings()
    networks = {"student": 1, "teacher": 2}
    write_model(
        folder,
        settings,
        {name: used_network(settings, n) for name, n in networks.items()},
    )
    return folder


def small_detector(folder: Path, **options: object) -> SoundEventDetector:
    return SoundEventDetector.from_hparams(
        folder, run_opts={"device": "cpu"}, **options
    )


def sound(seconds: float, seed: int = 0, rate: int = RATE) -> NDArray[np.int16]:
    """Noise whose loudness changes ten times a second."""
    rng = np.random.default_rng(seed)
    n_samples = round(seconds * rate)
    levels = rng.choice([0, 30, 9000], n_samples // (rate // 10) + 1)
    noise = rng.normal(size=n_samples) * levels.repeat(rate // 10)[:n_samples]
    return noise.clip(-32768, 32767).astype(np.int16)


def write_sound(
    path: Path, seconds: float = 2.5, seed: int = 0, rate: int = RATE
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound(seconds, seed, rate), rate)
    return path


def write_bad_files(folder: Path) -> dict[str, str]:
    """Files that cannot be read, and their error messages."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "text.wav").write_text("not sound")
    soundfile.write(folder / "void.wav", np.zeros(0), RATE)
    holes = np.zeros(RATE, np.float32)
    holes[100] = np.nan
    soundfile.write(folder / "nan.wav", holes, RATE, "FLOAT")
    whole = write_sound(folder / "cut.flac", 3.0)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (folder / "gone.wav").symlink_to(folder / "nowhere.wav")
    return {
        "cut.flac": "cannot be decoded to its end",
        "gone.wav": "no such file",
        "nan.wav": "NaN at 0.006 s",
        "text.wav": "cannot be decoded",
        "void.wav": "holds no samples",
    }
