"""``lgc-sed dataset`` and ``lgc-sed verify``, by their command lines."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lgc_plugin.cli.main import main
from lgc_plugin.data.manifest import read_manifest
from lgc_plugin.types import LabelKind

RATE = 8000


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Four recordings of 6 s, with label tracks of Audacity."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("labels").mkdir()
    for number in range(4):
        rng = np.random.default_rng(number)
        wav = rng.uniform(-0.1, 0.1, 6 * RATE)
        soundfile.write(f"in/r{number}.wav", wav, RATE)
        Path(f"labels/r{number}.txt").write_text(
            "0.5\t1.5\trobin\n2.5\t3.2\train\n4.0\t5.5\twren\n"
        )
    return tmp_path


def make(*more):
    command = "dataset in --annotations labels --output out --clip-seconds 2"
    return main([*command.split(), "--n-jobs", "1", *more])


def test_a_data_set_is_made_and_passes_its_checks(folder, capsys):
    Path("map.tsv").write_text(
        "label\tclass\nrobin\tbird\nwren\tbird\nrain\t\n"
    )
    assert make("--label-map", "map.tsv") == 0
    out, err = capsys.readouterr()
    assert "wrote out: 1 class, 8000 Hz" in out
    assert "proposes output frames of 64 ms. The shortest tenth" in out
    assert "note: label 'rain' (4) is left out: without a class" in err
    assert Path("out/overview.png").stat().st_size > 10_000
    described = json.loads(Path("out/dataset.json").read_text())
    assert described["class_of_label"] == {"robin": "bird", "wren": "bird"}
    assert str(folder) not in Path("out/dataset.json").read_text()

    assert main("verify out --n-jobs 1 --output checks.json".split()) == 0
    out = capsys.readouterr().out
    assert out.startswith("out: a data set, 1 class\n")
    assert out.endswith("0 errors, 0 warnings: ready\n")
    assert json.loads(Path("checks.json").read_text())["passed"] is True

    next(Path("out/audio").iterdir()).write_bytes(b"fLaC")
    assert main("verify out --n-jobs 1".split()) == 1
    out = capsys.readouterr().out
    assert "\nERROR    decoding: cannot be decoded: restore or remove" in out
    assert out.endswith("not ready\n")


def test_folder_names_alone_make_all_sets(folder, capsys):
    for number in range(16):
        label, seconds = ("robin", "wren")[number % 2], 1 + number // 8
        path = Path(f"tagged/{label}/{number}.wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        wav = np.full(seconds * RATE, number / 99)
        soundfile.write(path, wav, RATE)
    soundfile.write("tagged/night.wav", np.zeros(3 * RATE), RATE)
    words = "dataset tagged --tags folders --clip-seconds 1 --n-jobs 1".split()
    assert main([*words, "--output", "out"]) == 0
    out, err = capsys.readouterr()
    assert "there is no" not in err
    assert "clips as long as they are (--clip-seconds), up to 2.0 s" in err
    rows = {
        path.stem: read_manifest(path)
        for path in Path("out/manifests").glob("*.csv")
    }
    assert set(rows) == {"train_weak", "train_unlabeled", "valid_weak", "test"}
    assert len(rows["train_unlabeled"]) == 3
    recordings = []
    for name in ("train_weak", "valid_weak", "test"):
        kinds = {row.label_kind for row in rows[name]}
        assert kinds == {LabelKind.WEAK}
        recordings.append({row.id.rpartition("_")[0] for row in rows[name]})
        # Whole recordings are scored, whose tags are known.
        if name != "train_weak":
            assert {x for row in rows[name] for x in row.tags} == {
                "robin",
                "wren",
            }
            assert not any(row.unknown for row in rows[name])
    assert len(set().union(*recordings)) == sum(map(len, recordings)) == 16
    # Without an absent class that is sure, nothing can be scored.
    assert main([*words, "--output", "partial", "--tags-partial"]) == 0
    assert "there is no test set" in capsys.readouterr().err
    assert not Path("partial/manifests/test.csv").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--labels", "Robin"], "class 'Robin' is not annotated anywhere"),
        (["--min-events", "9"], "no class is left: 'rain' is 4 annotated"),
        (["--clip-seconds", "0"], "clip_seconds is 0.0: give 0.1 to 3600"),
        (["--sample-rate", "10"], "sample rate is 10: give 8000 to 250000"),
        (["--channel", "0"], "channel is 0: give 1 or more"),
        (["--channel", "2"], "no recording could be used"),
        (["--valid-share", "0.9"], "leave something to train on"),
        (["--test-groups", "r9.wav"], "there is no group 'r9.wav'"),
        (["--annotated", "no.tsv"], "no.tsv"),
        (["--groups", "labels/r0.txt"], "no column filename, group"),
        (["--group-pattern", "x(.)"], "does not match the recording pattern"),
        (["--annotations", "in"], "no annotations in it"),
        (["--n-jobs", "0"], "n_jobs is 0"),
    ],
)
def test_what_cannot_be_done_is_one_line(folder, capsys, options, message):
    assert make(*options) == 2
    err = capsys.readouterr().err
    assert message in err.splitlines()[-1]
    assert not Path("out").exists()


def test_a_data_set_is_no_folder_of_recordings(folder, capsys):
    Path("in/made/audio").mkdir(parents=True)
    Path("in/r0.wav").rename("in/made/audio/r0.wav")
    Path("in/made/dataset.json").write_text("{}")
    assert make() == 2
    assert "is a data set that was made before" in capsys.readouterr().err


def test_recordings_are_verified_with_their_annotations(folder, capsys):
    command = "verify in --annotations labels --n-jobs 1"
    assert main(command.split()) == 0
    assert main([*command.split(), "--frame-seconds", "0.5"]) == 0
    out, err = capsys.readouterr()
    assert "WARNING  short events: events shorter than two output" in out
    assert err.count("note: taken for label track of Audacity") == 2
    Path("labels/r0.txt").write_text("5.0\t7.0\trobin\n")
    assert main(command.split()) == 1
    assert "r0.wav (7.000 s, it ends at 6.000 s)" in capsys.readouterr().out
    assert main(["verify", "labels"]) == 2
    assert "neither a prepared data set" in capsys.readouterr().err
