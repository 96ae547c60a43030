"""What counts as audio of a clip."""

import numpy as np
import pytest
import soundfile

from lgc_plugin.data.audio_files import clip_id, list_audio, read_headers


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("Y-0A1_JR5f34_16.000_26.000.wav", "Y-0A1_JR5f34_16.000_26.000"),
        ("Y-0A1_JR5f34_16.000_26.000", "Y-0A1_JR5f34_16.000_26.000"),
        ("-x_.WAV", "-x_"),
        ("12.flac", "12"),
        ("a.wav.wav", "a.wav"),
    ],
)
def test_clip_id(filename, expected):
    assert clip_id(filename) == expected


def test_only_finished_audio_is_listed(tmp_path):
    for name in ("b.wav", "a.flac", "a.wav", "C.WAV", "._b.wav", ".t.wav"):
        (tmp_path / name).write_bytes(b"12")
    (tmp_path / "b.jams").write_text("")
    (tmp_path / "b_events.wav").mkdir()
    (tmp_path / "lost.wav").symlink_to(tmp_path / "nowhere.wav")
    (tmp_path / "linked.wav").symlink_to(tmp_path / "b.wav")
    listed = list_audio(tmp_path)
    names = {clip: file.path.name for clip, file in listed.items()}
    assert names == {
        "C": "C.WAV", "a": "a.wav", "b": "b.wav", "linked": "linked.wav",
    }  # fmt: skip
    assert listed["b"].size == 2


@pytest.mark.parametrize(
    ("rate", "shape", "subtype", "ready"),
    [
        (16000, (80,), "PCM_16", True),
        (16000, (80, 2), "PCM_16", False),
        (16000, (80,), "FLOAT", False),
        (44100, (80,), "PCM_16", False),
        (16000, (0,), "PCM_16", False),
    ],
)
def test_headers(tmp_path, rate, shape, subtype, ready):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(shape), rate, subtype)
    (tmp_path / "text.wav").write_text("not audio")
    paths = [path, tmp_path / "text.wav", tmp_path / "gone.wav"]
    header, *none = read_headers(paths, progress=False)
    assert header.is_ready(16000) is ready
    assert header.seconds == shape[0] / rate
    assert none == [None, None]
