"""Soundscapes: what is written, what it contains, and which set uses what."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from lgc_plugin.data.soundscapes.generate import (
    make_toy_dataset,
    toy_root,
    write_soundscapes,
)
from lgc_plugin.data.soundscapes.mixing import rms
from lgc_plugin.data.soundscapes.options import SoundscapeOptions
from lgc_plugin.data.soundscapes.scene import polyphony
from tones import RATE, write_tone

CLIP_SECONDS = 2.0
LENGTHS = {"Beep": 0.3, "Buzz": 0.7, "Hum": 1.6, "Whirr": 5.0, "Door": 0.4}
STRONG = {
    "strong": "train/synthetic21_train/soundscapes",
    "strong_validation": "validation/synthetic21_validation/soundscapes",
    "validation": "validation/validation",
}
AUDIO = STRONG | {"weak": "train/weak", "unlabeled": "train/unlabel_in_domain"}
OPTIONS = SoundscapeOptions(
    strong=24,
    strong_validation=8,
    weak=24,
    unlabeled=40,
    validation=40,
    clip_seconds=CLIP_SECONDS,
    sample_rate=RATE,
    max_overlap=2,
    reverberation=(0.1, 0.3),
    non_target=("Door",),
    seed=3,
)
TINY = replace(
    OPTIONS,
    strong=4,
    strong_validation=1,
    weak=2,
    unlabeled=3,
    validation=2,
)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank in which every recording has a frequency of its own."""
    folder = tmp_path_factory.mktemp("bank")
    hertz = 400
    for label, seconds in (*LENGTHS.items(), ("background", 3.0)):
        parent = "" if label == "background" else "foreground"
        for take in range(5):
            file = folder / parent / label / f"{label}{take}_{hertz}.wav"
            write_tone(file, hertz, seconds)
            hertz += 50
    return folder


@pytest.fixture(scope="module")
def dataset(bank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("soundscapes") / "dataset"
    return write_soundscapes(bank, out, OPTIONS, n_jobs=1, progress=False)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def read_events(dataset: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(dataset / f"metadata/{STRONG[name]}.tsv", sep="\t")


def clips_of(dataset: Path, name: str) -> list[Path]:
    return sorted((dataset / "audio" / AUDIO[name]).iterdir())


def hertz_of(recordings: dict[str, list[str]]) -> set[int]:
    """The frequencies of recordings named in ``soundscapes.json``."""
    return {
        int(recording.split("_")[1])
        for of_class in recordings.values()
        for recording in of_class
    }


def hertz_in(clip: Path) -> set[int]:
    """Frequencies of the test bank that stand out of a clip."""
    audio, _ = soundfile.read(clip)
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    candidates = range(400, 400 + 50 * 5 * (len(LENGTHS) + 1), 50)
    found = set()
    for hertz in candidates:
        bin_ = round(hertz * len(audio) / RATE)
        around = np.median(spectrum[bin_ - 25 : bin_ + 26])
        peak = spectrum[bin_]
        if peak > 8 * around and peak > 0.02 * spectrum.max():
            found.add(hertz)
    return found


def test_layout_is_desed(dataset: Path) -> None:
    for name, folder in AUDIO.items():
        clips = clips_of(dataset, name)
        assert len(clips) == getattr(OPTIONS, name)
        listed = pd.read_csv(dataset / f"metadata/{folder}.tsv", sep="\t")
        assert sorted(listed.filename.unique()) == [c.name for c in clips]
        info = soundfile.info(clips[0])
        assert (info.samplerate, info.channels) == (RATE, 1)
        assert (info.format, info.subtype) == ("WAV", "PCM_16")
        assert info.frames == RATE * CLIP_SECONDS
    for name in ("synthetic21_validation/durations", "validation_durations"):
        text = (dataset / f"metadata/validation/{name}.tsv").read_text()
        header, *rows = text.splitlines()
        assert header == "filename\tduration"
        assert all(row.endswith(".wav\t2.000") for row in rows)
    assert json.loads((dataset / "soundscapes.json").read_text())["note"]


def test_names_are_unique_and_tell_nothing(dataset: Path) -> None:
    names = [clip.name for name in AUDIO for clip in clips_of(dataset, name)]
    assert len(set(names)) == len(names)
    assert all(name.strip("Y").removesuffix(".wav").isdigit() for name in names)


def test_annotations_tell_no_more_than_they_should(dataset: Path) -> None:
    unlabeled = dataset / "metadata/train/unlabel_in_domain.tsv"
    header, *rows = unlabeled.read_text().splitlines()
    assert header == "filename"
    assert all(row.endswith(".wav") for row in rows)
    weak = pd.read_csv(dataset / "metadata/train/weak.tsv", sep="\t")
    assert list(weak.columns) == ["filename", "event_labels"]
    targets = set(LENGTHS) - {"Door"}
    for labels in weak.event_labels:
        tags = labels.split(",")
        assert tags == sorted(set(tags))
        assert set(tags) <= targets


@pytest.mark.parametrize("name", STRONG)
def test_events_respect_clip_classes_and_polyphony(
    dataset: Path, name: str
) -> None:
    events = read_events(dataset, name).dropna()
    assert set(events.event_label) == set(LENGTHS) - {"Door"}
    assert (events.onset >= 0).all()
    assert (events.offset <= CLIP_SECONDS).all()
    for _, clip in events.groupby("filename"):
        spans = list(zip(clip.onset, clip.offset - 0.002, strict=True))
        assert polyphony(spans) <= OPTIONS.max_overlap
        assert len(clip) <= OPTIONS.max_events
        for _, same in clip.groupby("event_label"):
            same = same.sort_values("onset")
            gaps = same.onset.to_numpy()[1:] - same.offset.to_numpy()[:-1]
            assert (gaps > 0.14).all()


def test_short_sounds_keep_their_length(dataset: Path) -> None:
    events = read_events(dataset, "strong")
    for label in ("Beep", "Buzz"):
        same = events[events.event_label == label]
        lengths = (same.offset - same.onset).to_numpy()
        np.testing.assert_allclose(lengths, LENGTHS[label], atol=0.012)
    long = events[events.event_label == "Whirr"]
    assert (long.offset - long.onset).nunique() > 2


def test_clips_without_events_have_three_empty_fields(dataset: Path) -> None:
    rows = (dataset / "metadata/validation/validation.tsv").read_text()
    empty = [row for row in rows.splitlines() if row.endswith("\t\t\t")]
    assert len(empty) == round(0.05 * OPTIONS.validation)
    for name in ("strong", "strong_validation"):
        assert not read_events(dataset, name).isna().any(axis=None)


def test_no_recording_occurs_on_both_sides(dataset: Path) -> None:
    described = json.loads((dataset / "soundscapes.json").read_text())["sets"]
    used: dict[str, set[int]] = {}
    for name in AUDIO:
        clips = clips_of(dataset, name)
        used[name] = set().union(*map(hertz_in, clips))
        # The file is right: what it names is what the clips contain.
        assert used[name] == hertz_of(described[name]["recordings"])
    train = used["strong"] | used["weak"] | used["unlabeled"]
    sides = train, used["validation"], used["strong_validation"]
    for one, other in combinations(sides, 2):
        assert one
        assert not one & other
    # Clips without strong labels hold what strong ones do not.
    assert used["strong"] < used["unlabeled"]


def test_same_seed_same_bytes_for_any_number_of_jobs(
    bank: Path, tmp_path: Path
) -> None:
    one, two, other = (tmp_path / name / "set" for name in "abc")
    write_soundscapes(bank, one, TINY, n_jobs=1, progress=False)
    write_soundscapes(bank, two, TINY, n_jobs=2, progress=False)
    write_soundscapes(
        bank, other, replace(TINY, seed=4), progress=False, n_jobs=1
    )
    assert content(one) == content(two)
    wav = "audio/train/weak/Y000005.wav"
    assert content(one)[wav] != content(other)[wav]


def test_a_failure_leaves_nothing(bank: Path, tmp_path: Path) -> None:
    broken = tmp_path / "bank"
    for file in bank.rglob("*.wav"):
        target = broken / file.relative_to(bank)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    for file in (broken / "background").iterdir():
        soundfile.write(file, np.zeros(RATE), RATE)
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="holds no sound"):
        write_soundscapes(broken, out / "set", TINY, n_jobs=1, progress=False)
    assert list(out.iterdir()) == []


def test_a_filled_folder_is_refused(bank: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").touch()
    with pytest.raises(FileExistsError, match="not an empty folder"):
        write_soundscapes(bank, tmp_path, TINY, n_jobs=1, progress=False)


def test_sounds_made_by_code(tmp_path: Path) -> None:
    options = replace(TINY, non_target=(), sounds_per_class=3)
    out = write_soundscapes(
        None, tmp_path / "a", options, n_jobs=1, progress=False
    )
    described = json.loads((out / "soundscapes.json").read_text())
    assert len(described["labels"]) == 10
    assert described["bank"]["name"] == "synthetic"
    assert set(described["bank"]["sounds"].values()) == {3}


def test_stereo_clips(bank: Path, tmp_path: Path) -> None:
    options = replace(TINY, channels=2)
    out = write_soundscapes(
        bank, tmp_path / "a", options, n_jobs=1, progress=False
    )
    for name in ("strong", "weak"):
        audio, _ = soundfile.read(clips_of(out, name)[0])
        assert audio.shape == (RATE * CLIP_SECONDS, 2)
        assert rms(audio[:, 0] - audio[:, 1]) > 1e-4


def test_toy_soundscapes_are_made_once_per_options(tmp_path: Path) -> None:
    options = SoundscapeOptions(
        strong=1,
        strong_validation=1,
        weak=1,
        unlabeled=1,
        validation=1,
        clip_seconds=1.0,
        sounds_per_class=3,
    )
    root = make_toy_dataset(tmp_path, options, n_jobs=1, progress=False)
    mark = root / "soundscapes.json"
    made = mark.stat().st_mtime_ns
    again = make_toy_dataset(tmp_path, options, n_jobs=1, progress=False)
    assert again == root and mark.stat().st_mtime_ns == made
    assert toy_root(tmp_path, replace(options, seed=1)) != root
