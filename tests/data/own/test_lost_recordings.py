"""What cannot be used of the recordings is left out, and counted."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile

from damaged_audio import claim_wav_sizes
from lgc_plugin.data.own.dataset import write_dataset
from lgc_plugin.data.own.options import DatasetOptions
from lgc_plugin.data.own.sources import read_sources
from lgc_plugin.data.preparation import Preparation

RATE = 8000


def noise(seed, seconds=4, channels=1):
    size = seconds * RATE, channels
    return np.random.default_rng(seed).uniform(-0.2, 0.2, size)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    rows = ["filename\tonset\toffset\tevent_label\n"]
    for i in range(6):
        wav = noise(i)
        if i == 2:
            wav[15000] = np.nan
        name = f"r{i}.wav"
        soundfile.write(tmp_path / "in" / name, wav, RATE, subtype="FLOAT")
        rows.append(f"{name}\t1\t1.5\t{'rare' if i == 4 else 'often'}\n")
    (tmp_path / "labels.tsv").write_text("".join(rows))
    return tmp_path


def make(folder, **options):
    return write_dataset(
        folder / "in",
        [folder / "labels.tsv"],
        folder / "out",
        DatasetOptions(clip_seconds=2, annotated="whole", **options),
        n_jobs=1,
        progress=False,
    )


def test_a_recording_with_nan_is_missing_in_the_coverage(folder):
    dataset = make(folder, overlap=0)
    assert any("r2.wav: NaN or infinity" in note for note in dataset.notes)
    coverage = Preparation.load(folder / "out/manifests").coverage
    missing = {k: v for x in coverage.values() for k, v in x.missing.items()}
    assert set(missing) == {"r2_0", "r2_2000"}
    assert sum(x.expected - x.found for x in coverage.values()) == 2
    assert not list((folder / "out/audio").glob("r2_*"))


def test_a_class_of_one_recording_is_trained_on_and_missed_elsewhere(folder):
    notes = make(folder).notes
    for name in ("valid_strong", "test"):
        assert any(x.startswith(f"{name} has no event of rare") for x in notes)


def test_the_description_tells_no_folder(folder):
    make(folder)
    described = (folder / "out/dataset.json").read_text()
    assert str(folder) not in described
    assert set(json.loads(described)["annotations"]) == {"labels.tsv"}


def test_a_channel_is_the_one_that_was_asked_for(tmp_path):
    (tmp_path / "in").mkdir()
    wav = noise(1, channels=2)
    soundfile.write(tmp_path / "in/a.wav", wav, RATE)
    (tmp_path / "labels.tsv").write_text(
        "filename\tonset\toffset\tevent_label\na\t0\t4\tx\n"
    )
    options = {"valid_share": 0, "test_share": 0, "channel": 2}
    make(tmp_path, **options)
    clip, _ = soundfile.read(tmp_path / "out/audio/a_2000.flac")
    assert np.abs(clip - wav[2 * RATE :, 1]).max() < 1e-4


def test_channels_that_cancel_are_one_note(folder):
    for path in (folder / "in").iterdir():
        wav = noise(int(path.stem[1]))
        both = np.concatenate([wav, -wav], axis=1)
        soundfile.write(path, both, RATE, subtype="FLOAT")
    (note,) = [x for x in make(folder).notes if "opposite phase" in x]
    assert note.startswith("r0.wav: the mean of its 2 channels is ")
    assert note.endswith(
        " (as in 5 others: r1.wav, r2.wav, r3.wav, r4.wav, r5.wav)"
    )


def test_a_header_that_was_never_finished_is_told(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(0), RATE)
    claim_wav_sizes(tmp_path / "a.wav", 0)
    found = read_sources(tmp_path, progress=False)
    (note,) = found.notes
    assert "a.wav: its header was never finished" in note
    assert found.sources[0].seconds == 4


def test_two_recordings_of_one_name_are_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(0), RATE)
    soundfile.write(tmp_path / "a.flac", noise(0), RATE)
    with pytest.raises(ValueError, match="their clips would have the same"):
        read_sources(tmp_path, progress=False)
