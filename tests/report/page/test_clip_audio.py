import base64
import io

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from lgc_plugin.report.page.clip_audio import LONGEST_SECONDS, read_clip_audio
from lgc_plugin.report.page.palette_png import palette_png
from lgc_plugin.report.spectrogram import log_mel


def content(url, kind):
    start = f"data:{kind};base64,"
    assert url.startswith(start)
    return base64.b64decode(url.removeprefix(start))


def write(path, seconds, rate, channels=1):
    """A tone that begins after a fifth of the file."""
    time = np.arange(round(seconds * rate)) / rate
    tone = 0.4 * np.sin(2 * np.pi * 1000 * time) * (time > seconds / 5)
    soundfile.write(path, np.repeat(tone[:, None], channels, axis=1), rate)


@pytest.mark.parametrize(
    ("rate", "channels", "kind"),
    [(16000, 1, "mpeg"), (44100, 2, "mpeg"), (12345, 1, "flac")],
)
def test_a_clip_sounds_and_looks_as_its_file(tmp_path, rate, channels, kind):
    write(tmp_path / "a.wav", 2.5, rate, channels)
    audio = read_clip_audio(tmp_path / "a.wav")
    assert audio.seconds == pytest.approx(2.5, abs=1e-3)
    sound = content(audio.sound, f"audio/{kind}")
    samples, played = soundfile.read(io.BytesIO(sound))
    assert played == rate and samples.ndim == 1
    assert abs(len(samples) / rate - 2.5) < 0.1
    start = np.flatnonzero(np.abs(samples) > 0.2)[0] / rate
    assert start == pytest.approx(0.5, abs=0.06)
    assert audio.note == ""
    picture = imread(io.BytesIO(content(audio.image, "image/png")))
    assert picture.shape[0] == 96 and picture.shape[1] <= 800
    # Bright where the tone is, which is where the 1 kHz tick says.
    brightness = picture[..., :3].sum(axis=2)
    row = 1 - brightness[:, picture.shape[1] // 2].argmax() / 96
    assert row == pytest.approx(dict(audio.ticks)["1"], abs=0.03)
    assert brightness[:, 5].max() < brightness.max() / 2


def test_a_long_clip_is_cut_and_says_so(tmp_path):
    write(tmp_path / "a.wav", LONGEST_SECONDS + 20, 8000)
    audio = read_clip_audio(tmp_path / "a.wav")
    assert audio.note == "the first 60 s can be played"
    assert audio.seconds == LONGEST_SECONDS + 20
    with soundfile.SoundFile(
        io.BytesIO(content(audio.sound, "audio/mpeg"))
    ) as sound:
        assert abs(sound.frames / 8000 - LONGEST_SECONDS) < 0.2
    assert len(audio.sound) + len(audio.image) < 800_000


def test_a_file_without_sound_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), 8000)
    with pytest.raises(ValueError, match=r"a\.wav: holds no sound"):
        read_clip_audio(tmp_path / "a.wav")


def test_a_picture_has_the_colors_of_its_values(tmp_path):
    noise = np.random.default_rng(0).normal(size=2000)
    image = log_mel(noise, 8000)
    picture = imread(io.BytesIO(palette_png(image, image.min(), image.max())))
    assert picture.shape[:2] == image.shape
    # Magma's lightness grows with the value; the first row is at the bottom.
    light = picture[::-1, :, :3] @ [0.2126, 0.7152, 0.0722]
    order = np.argsort(image, axis=None)
    assert (np.diff(light.ravel()[order]) > -1e-9).all()
    assert light.min() < 0.1 and light.max() > 0.9
