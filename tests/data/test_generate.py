"""Soundscapes: what is written, what it contains, and which set uses what."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.soundscapes.bank import Sound
from lgc_plugin.data.soundscapes.generate import (
    make_toy_dataset,
    toy_root,
    write_soundscapes,
)
from lgc_plugin.data.soundscapes.mixing import rms
from lgc_plugin.data.soundscapes.options import SoundscapeOptions
from lgc_plugin.data.soundscapes.scene import (
    SceneSettings,
    place_sounds,
    polyphony,
    render,
)

RATE = 8000
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


def tone(hertz: float, seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.3 * np.sin(2 * np.pi * hertz * time)


def write_tone(path: Path, hertz: float, seconds: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(hertz, seconds), RATE)


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


def heard_hertz(clip: Path) -> set[int]:
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
    heard: dict[str, set[int]] = {}
    for name in AUDIO:
        clips = clips_of(dataset, name)
        heard[name] = set().union(*map(heard_hertz, clips))
        # The file is right: what it names is what the clips contain.
        assert heard[name] == hertz_of(described[name]["recordings"])
    train = heard["strong"] | heard["weak"] | heard["unlabeled"]
    sides = train, heard["validation"], heard["strong_validation"]
    for one, other in combinations(sides, 2):
        assert one
        assert not one & other
    # Clips without strong labels hold what strong ones do not.
    assert heard["strong"] < heard["unlabeled"]


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


@pytest.mark.parametrize("snr", [-6.0, 12.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_snr_of_a_lone_event_is_as_asked(
    tmp_path: Path, snr: float, channels: int
) -> None:
    settings = make_settings(snr=(snr, snr), channels=channels)
    event, background = make_sounds(tmp_path, 0.5)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        placed = place_sounds([event], settings, rng)
        mix = render(background, placed, settings, rng)
        (item,) = placed
        # The tones are far apart: a straight cut in frequency parts them.
        spectrum = np.fft.rfft(mix, axis=1)
        high = np.fft.rfftfreq(mix.shape[1], 1 / RATE) > 700
        alone = np.fft.irfft(spectrum * high, mix.shape[1])
        below = np.fft.irfft(spectrum * ~high, mix.shape[1])
        ratio = rms(alone[:, item.first : item.end]) / rms(below)
        assert 20 * np.log10(ratio) == pytest.approx(snr, abs=0.3)


def make_settings(**changes: Any) -> SceneSettings:
    settings = SceneSettings(CLIP_SECONDS, RATE, 1, (10.0, 10.0), 3)
    return replace(settings, **changes)


def make_sounds(
    folder: Path, seconds: float, **edges: bool
) -> tuple[Sound, Sound]:
    """A sound of 1 kHz and a background of 400 Hz."""
    write_tone(folder / "event.wav", 1000, seconds)
    write_tone(folder / "background.wav", 400, 1.5)
    return (
        Sound(str(folder / "event.wav"), "Beep", "event", **edges),
        Sound(str(folder / "background.wav"), "background", "background"),
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("seconds", [0.5, 1.5, 6.0])
def test_sounds_without_edges_reach_the_ends_of_the_clip(
    tmp_path: Path, seconds: float, seed: int
) -> None:
    settings = make_settings()
    rng = np.random.default_rng(seed)

    def span(**edges: bool) -> tuple[int, int]:
        sound, _ = make_sounds(tmp_path, seconds, **edges)
        (item,) = place_sounds([sound], settings, rng)
        return item.first, item.end

    n = settings.n_samples
    first, end = span(no_onset=True)
    assert first == 0
    # Only a sound longer than half of the clip may be cut.
    assert end == seconds * RATE or (seconds > 1 and n / 2 <= end <= n)
    first, end = span(no_offset=True)
    assert end == n
    assert n - first == seconds * RATE or (seconds > 1 and first <= n / 2)
    assert span(no_onset=True, no_offset=True) == (0, n)


@given(seed=st.integers(0, 2**32), overlap=st.integers(1, 3))
def test_crowded_clips_stay_within_the_limits(
    bank: Path, seed: int, overlap: int
) -> None:
    settings = make_settings(max_overlap=overlap)
    sounds = [
        Sound(str(next((bank / "foreground" / label).iterdir())), label, "")
        for label in (*LENGTHS, "Beep", "Beep", "Hum")
    ]
    placed = place_sounds(sounds, settings, np.random.default_rng(seed))
    assert placed[0].sound == sounds[0]
    spans = [(item.first, item.end) for item in placed]
    assert polyphony(spans) <= overlap
    for one, other in combinations(placed, 2):
        assert 0 <= one.first < one.end <= settings.n_samples
        if one.sound.label == other.sound.label:
            assert one.end < other.first or other.end < one.first


def test_a_cut_in_a_pause_is_moved_to_the_sound(tmp_path: Path) -> None:
    pause = np.zeros(RATE)
    sound = np.concatenate([tone(1000, 0.3), pause, tone(1000, 0.5)])
    soundfile.write(tmp_path / "a.wav", sound, RATE)
    settings = make_settings()
    item = Sound(str(tmp_path / "a.wav"), "Beep", "a")
    for seed in range(30):
        rng = np.random.default_rng(seed)
        (placed,) = place_sounds([item], settings, rng)
        # The fade of a cut takes 20 ms.
        assert rms(placed.audio[200:400]) > 0.1
        assert rms(placed.audio[-400:-200]) > 0.1


def test_a_loud_mixture_is_turned_down(tmp_path: Path) -> None:
    event, background = make_sounds(tmp_path, 1.0)
    settings = make_settings(snr=(60.0, 60.0))
    rng = np.random.default_rng(0)
    placed = place_sounds([event], settings, rng)
    mix = render(background, placed, settings, rng)
    assert np.abs(mix).max() == pytest.approx(0.99)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strong": -1}, "strong is -1: give a whole number from 0 up"),
        ({"weak": 1.5}, "weak is 1.5"),
        ({"channels": 0}, "channels is 0"),
        ({"clip_seconds": 0.1}, "clip_seconds is 0.1: give 0.5 to 3600"),
        ({"clip_seconds": float("nan")}, "clip_seconds is nan"),
        ({"snr": (10, 5)}, "snr is 10 to 5: give the smaller number first"),
        ({"reverberation": (0.0, 0.5)}, "or 0 0 for none"),
        ({"validation_share": 0.0}, "validation_share is 0.0"),
        (
            {"validation_share": 0.6, "strong_validation_share": 0.5},
            "nothing is left to train on",
        ),
        ({"strong_share": 0.0}, "strong_share is 0.0"),
        ({"empty_share": 2.0}, "empty_share is 2.0"),
        ({"recording_pattern": "dog"}, "has 0 groups"),
        (dict.fromkeys(AUDIO, 0), "all 0: ask for one clip"),
    ],
)
def test_options_say_what_is_wrong(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SoundscapeOptions(**change)


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
