"""Files of frame scores that are damaged, strange or hostile."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgc_plugin.evaluation.frame_scores import FrameScores

CONTENT = {
    "labels": np.array(["Cat", "Dog"]),
    "clips": np.array(["a.wav", "b.wav", "c.wav"]),
    "scores": np.linspace(0, 1, 48, dtype=np.float32).reshape(3, 2, 8),
    "valid_frames": np.array([8, 7, 6]),
    "edges": np.arange(9) / 4,
    "clip_scores": np.ones((3, 2), dtype=np.float32),
}
CASES = Path(__file__).parents[3] / "shared/cases/reliability/npz-uncaught"


def archive(**changes) -> bytes:
    stream = io.BytesIO()
    content = {**CONTENT, **changes}
    np.savez_compressed(
        stream, **{k: v for k, v in content.items() if v is not None}
    )
    return stream.getvalue()


WHOLE = archive()


def refused(file: Path, content: bytes) -> str:
    """What is said of a file; nothing if it holds the scores."""
    file.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frames = FrameScores.load(file)
    except ValueError as error:
        assert str(error).startswith(f"{file}: no frame scores")
        assert "\n" not in str(error)
        return str(error)
    for name, array in CONTENT.items():
        np.testing.assert_array_equal(np.asarray(getattr(frames, name)), array)
    return ""


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.integers(0, len(WHOLE) - 1),
    st.integers(1, 255),
    st.sampled_from(["flip", "cut", "drop", "fill"]),
)
def test_damage_is_told_or_changes_nothing(
    tmp_path: Path, place: int, change: int, kind: str
) -> None:
    damaged = bytearray(WHOLE)
    if kind == "flip":
        damaged[place] ^= change
    elif kind == "cut":
        del damaged[place:]
    elif kind == "drop":
        del damaged[place : place + change]
    else:
        damaged[place : place + change] = bytes(change)
    refused(tmp_path / "a.npz", bytes(damaged))


def test_what_has_no_form_is_told(tmp_path: Path) -> None:
    """Members that are no arrays, or arrays that are too large to be."""
    for member in (b"", b"no array", b"\x93NUMPY\x01\x00\x04\x00{'a'"):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as file:
            for name in CONTENT:
                file.writestr(f"{name}.npy", member)
        assert refused(tmp_path / "a.npz", stream.getvalue())
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }\n"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        text = (header % 2**45).encode()
        start = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little")
        file.writestr("labels.npy", start + text)
    assert refused(tmp_path / "a.npz", stream.getvalue())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.array("Cat")}, "labels"),
        ({"labels": np.array([1, 2])}, "labels"),
        ({"labels": np.array(["Cat", "Cat"])}, "'Cat' is given more than once"),
        ({"clips": np.array([["a", "b", "c"]])}, "clips"),
        ({"scores": CONTENT["scores"].astype(complex)}, "scores are complex"),
        ({"scores": np.array(1.0)}, "do not fit"),
        ({"scores": CONTENT["scores"] > 0.5}, "scores are bool"),
        ({"valid_frames": np.array([8, 7, 9])}, "valid_frames .* 9"),
        ({"valid_frames": np.array([8, 7, -1])}, "valid_frames .* -1"),
        ({"valid_frames": np.array([8.0, 7.5, 6])}, "valid_frames are float"),
        ({"edges": CONTENT["edges"].astype(str)}, "edges are"),
        ({"edges": np.append(CONTENT["edges"][:-1], np.inf)}, "edges .*finite"),
        ({"edges": np.full(9, np.nan)}, "edges .*finite"),
        ({"clip_scores": np.array(["a"])}, "clip_scores are"),
        ({"labels": None}, "labels missing"),
        ({"more": np.ones(1)}, "'more'"),
    ],
)
def test_strange_arrays_are_refused(
    tmp_path: Path, changes: dict, message: str
) -> None:
    file = tmp_path / "a.npz"
    file.write_bytes(archive(**changes))
    with pytest.raises(ValueError, match=f"a.npz: no frame scores.*{message}"):
        FrameScores.load(file)


def test_an_archive_larger_than_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "lgc_plugin.evaluation.frame_scores.free_memory", lambda: 100.0
    )
    assert "more than the memory" in refused(tmp_path / "a.npz", WHOLE)


@pytest.mark.skipif(not CASES.is_dir(), reason=f"no {CASES}")
def test_what_was_found_once_is_told(tmp_path: Path) -> None:
    for case in CASES.iterdir():
        if case.suffix != ".md":
            file = tmp_path / "a.npz"
            file.write_bytes(case.read_bytes())
            with pytest.raises(ValueError, match="a.npz: no frame scores"):
                FrameScores.load(file)
