"""The preparation of DESED on its real annotations and small audio."""

import logging
import shutil
from pathlib import Path

import pytest
import soundfile

from desed_sets import CORE, PATHS, prepare, rows_of, write_wav
from lgc_plugin.data.manifest import read_manifest
from lgc_plugin.types import Event, LabelKind

METADATA = (
    Path(__file__).resolve().parents[2].parent
    / "shared"
    / "data"
    / "desed_metadata"
)


@pytest.fixture
def real(tmp_path):
    """The real tables of validation and weak clips, and a part of the audio.

    The 60 validation clips are the last of the table: all 15 without events
    are among them.
    """
    if not METADATA.is_dir():
        pytest.skip(f"no annotations of the real DESED in {METADATA}")
    root = tmp_path / "dataset"
    for option, source in {
        "train_strong_tsv": "validation.tsv",
        "valid_strong_tsv": "validation.tsv",
        "test_tsv": "validation.tsv",
        "test_durations": "validation_durations.tsv",
        "train_weak_tsv": "weak.tsv",
    }.items():
        target = root / PATHS[option]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(METADATA / source, target)
    lines = (METADATA / "validation.tsv").read_text().splitlines()[1:]
    names = list(dict.fromkeys(line.split("\t")[0] for line in lines))
    for name in names[-60:]:
        write_wav(root / PATHS["test_audio"] / name, seconds=10.0, rate=1600)
    for option in ("train_strong_audio", "valid_strong_audio"):
        for name in names[:30]:
            write_wav(root / PATHS[option] / name, seconds=9.9)
    weak = (METADATA / "weak.tsv").read_text().splitlines()[1:]
    for i, line in enumerate(weak):
        if i < 100 or "Running_water,Running_water" in line:
            name = line.split("\t")[0]
            write_wav(root / PATHS["train_weak_audio"] / name)
    unlabeled = (METADATA / "unlabel_in_domain.tsv").read_text().split()
    for name in unlabeled[1:31]:
        path = root / PATHS["train_unlabeled_audio"] / name
        write_wav(path, rate=44100, subtype="FLOAT", channels=2)
    return root


def test_real_annotations(real, caplog):
    with caplog.at_level(logging.INFO):
        prepared = prepare(real)
    assert set(prepared.manifests) == CORE
    assert len(prepared.labels) == 10
    assert prepared.labels == tuple(sorted(prepared.labels))
    assert str(prepared.coverage["test"]) == "test 60/1168 clips found"
    weak = prepared.coverage["train_weak"], prepared.coverage["valid_weak"]
    assert [c.expected for c in weak] == [1420, 158]
    assert sum(c.found for c in weak) == 102
    assert prepared.coverage["train_unlabeled"].complete
    assert "test 60/1168 clips found, without Y00pbt6aJV8Y_350" in caplog.text

    test = rows_of(prepared, "test")
    silent = [row for row in test.values() if not row.events]
    assert len(test) == 60
    assert len(silent) == 15
    assert {row.label_kind for row in silent} == {LabelKind.STRONG}
    late = test["YWBJVzaSvSsg_150.000_160.000"]
    assert Event(9.865, 10.0, "Speech") in late.events
    assert "test: events cut at the end of their clip: 2" in caplog.text

    tags = {
        **rows_of(prepared, "train_weak"),
        **rows_of(prepared, "valid_weak"),
    }
    assert tags["Y8X4RhPRTYQk_220.000_230.000"].tags == ("Running_water",)
    assert tags["YAY7QlDwEAH8_0.000_6.000"].tags == ("Dishes", "Running_water")
    assert {row.label_kind for row in tags.values()} == {LabelKind.WEAK}

    unlabeled = rows_of(prepared, "train_unlabeled")
    row = unlabeled["Y-0A1_JR5f34_16.000_26.000"]
    folder = PATHS["train_unlabeled_audio"] + "_16k"
    assert row.wav == f"$data_root/{folder}/{row.id}.wav"
    assert (row.label_kind, row.tags) == (LabelKind.NONE, ())
    assert row.duration == 0.05
    for name, path in prepared.manifests.items():
        for row in read_manifest(path, prepared.data_root):
            info = soundfile.info(row.wav)
            assert (info.samplerate, info.channels) == (16000, 1), name
            assert row.duration == info.frames / 16000
