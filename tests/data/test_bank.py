"""Reading a bank, telling recordings apart, splitting by them."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.soundscapes.bank import (
    Bank,
    Sound,
    read_bank,
    recording_of,
    split_bank,
)


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def make_bank(**groups: list[str]) -> Bank:
    """A bank of the recordings given for each class and background."""
    sounds = {
        label: tuple(Sound(f"{label}/{r}", label, r) for r in recordings)
        for label, recordings in groups.items()
    }
    background = sounds.pop("background")
    return Bank(sounds, {}, background)


def split(bank: Bank, seed: int = 0, **shares: float) -> dict[str, Bank]:
    return split_bank(
        bank,
        validation_share=shares.get("validation", 0.25),
        strong_validation_share=shares.get("strong_validation", 0.1),
        strong_share=shares.get("strong", 2 / 3),
        rng=np.random.default_rng(seed),
    )


def recordings(bank: Bank, group: str | None = None) -> set[str]:
    return {
        sound.recording
        for name, sounds in bank.groups().items()
        for sound in sounds
        if group in (None, name)
    }


def test_recording_of_understands_esc_names() -> None:
    assert recording_of("x/1-187207-A-2.flac") == "187207"
    assert recording_of("x/5-187207-B-40.wav") == "187207"
    assert recording_of("x/take_1-2-3.wav") == "take_1-2-3"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "no regular expression"),
        ("dog", "has 0 groups"),
        ("(d)(o)", "has 2 groups"),
        (r"(\d+)", "does not match the recording pattern"),
    ],
)
def test_recording_pattern_errors(pattern: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recording_of("dog.wav", pattern)


def test_read_bank_takes_suffixes_off_labels(tmp_path: Path) -> None:
    for name in (
        "Dog/a.wav",
        "Dog_nOn/b.flac",
        "Dog_nOff/c.ogg",
        "Dog_nOn_nOff/d.wav",
        "Dog_nOff_nOn/e.wav",
        "A_nOnsense/f.WAV",
        "Dog/notes.txt",
        "Dog/.hidden.wav",
    ):
        touch(tmp_path / "foreground" / name)
    touch(tmp_path / "background/home/g.wav")
    bank = read_bank(tmp_path)
    assert bank.labels == ("A_nOnsense", "Dog")
    edges = {
        sound.recording: (sound.no_onset, sound.no_offset)
        for sound in bank.foreground["Dog"]
    }
    assert edges == {
        "a": (False, False),
        "b": (True, False),
        "c": (False, True),
        "d": (True, True),
        "e": (True, True),
    }
    assert [sound.recording for sound in bank.background] == ["g"]


def test_read_bank_sets_non_target_classes_apart(tmp_path: Path) -> None:
    for name in ("foreground/Dog/a.wav", "foreground/Door/b.wav"):
        touch(tmp_path / name)
    touch(tmp_path / "background/c.wav")
    bank = read_bank(tmp_path, non_target=["Door"])
    assert bank.labels == ("Dog",)
    assert list(bank.non_target) == ["Door"]
    with pytest.raises(ValueError, match=r"\['Cow'\] are not in"):
        read_bank(tmp_path, non_target=["Cow"])
    with pytest.raises(ValueError, match="no class to label"):
        read_bank(tmp_path, non_target=["Dog", "Door"])


def test_read_bank_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="foreground is no folder"):
        read_bank(tmp_path)
    touch(tmp_path / "foreground/Dog,Cat/a.wav")
    with pytest.raises(FileNotFoundError, match="background is no folder"):
        read_bank(tmp_path)
    touch(tmp_path / "background/a.wav")
    with pytest.raises(ValueError, match="'Dog,Cat' cannot be a label"):
        read_bank(tmp_path)


def test_read_bank_names_a_link_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "background").mkdir()
    (tmp_path / "foreground" / "Cat").mkdir(parents=True)
    (tmp_path / "foreground" / "Dog").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="Dog: a link to nothing"):
        read_bank(tmp_path)


@given(
    sizes=st.lists(st.integers(3, 30), min_size=2, max_size=4),
    seed=st.integers(0, 2**32),
    validation=st.floats(0.01, 0.49),
    strong_validation=st.floats(0.01, 0.49),
    strong=st.floats(0.01, 1.0),
)
def test_split_keeps_recordings_on_one_side(
    sizes: list[int],
    seed: int,
    validation: float,
    strong_validation: float,
    strong: float,
) -> None:
    names = ["background", *"ABC"][: len(sizes)]
    # Numbered names: the same recording 0, 1, 2 … turns up in every class.
    groups = {
        name: [str(i) for i in range(size)]
        for name, size in zip(names, sizes, strict=True)
    }
    bank = make_bank(**groups)
    parts = split(
        bank,
        seed,
        validation=validation,
        strong_validation=strong_validation,
        strong=strong,
    )
    sides = [
        recordings(parts[name])
        for name in ("train", "validation", "strong_validation")
    ]
    for one, other in combinations(sides, 2):
        assert not one & other
    assert set.union(*sides) == recordings(bank)
    assert recordings(parts["strong"]) <= recordings(parts["train"])
    for part in parts.values():
        assert all(part.groups().values())


def test_split_follows_the_shares() -> None:
    bank = make_bank(
        Dog=[f"d{i}" for i in range(40)],
        background=[f"b{i}" for i in range(20)],
    )
    parts = split(bank)
    sizes = {
        name: (len(recordings(p, "Dog")), len(recordings(p, "background")))
        for name, p in parts.items()
    }
    assert sizes == {
        "validation": (10, 5),
        "strong_validation": (4, 2),
        "train": (26, 13),
        "strong": (17, 9),
    }
    assert split(bank, 0) == parts
    assert split(bank, 1) != parts


def test_split_names_the_poor_class() -> None:
    bank = make_bank(Dog=["1", "2"], background=["3", "4", "5"])
    with pytest.raises(ValueError, match=r"'Dog' has 2 recording\(s\)"):
        split(bank)


def test_split_says_when_shared_recordings_leave_nothing() -> None:
    thirds = ["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]
    groups = dict(zip(["A", "B", "background"], thirds, strict=True))
    # One of these shares nothing but validation recordings.
    for i, shared in enumerate(product(*thirds)):
        groups[f"C{i}"] = list(shared)
    with pytest.raises(ValueError, match="has no recording left for"):
        split(make_bank(**groups))
