"""``lgc-sed convert``, by its command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from lgc_plugin.cli.main import main

TRACK = "0.5\t1.5\tDog\n\\\t200.0\t900.0\n2.0\t2.0\tclick\n3.0\t4.0\t\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_was_recognized_and_left_out_is_printed(folder, capsys):
    Path("a.txt").write_text(TRACK)
    assert not main("convert a.txt --to tsv --output a.tsv".split())
    assert Path("a.tsv").read_text() == (
        "filename\tonset\toffset\tevent_label\tlow_freq\thigh_freq\n"
        "a.wav\t0.500\t1.500\tDog\t200\t900\n"
    )
    out, err = capsys.readouterr()
    assert out == (
        "wrote a.tsv: table of DESED (TSV: filename onset offset "
        "event_label), 1 event of 1 class in 1 recording\n"
    )
    for text in (
        "label track of Audacity (1 file",
        "left out, without duration (point): 1, the first in a.txt, row 3",
        "left out, without label: 1, the first in a.txt, row 4",
        "no audio called so beside a.txt: taken for annotations of a.wav",
    ):
        assert text in err


def test_a_folder_becomes_tables_that_raven_opens(folder, capsys):
    Path("in/day").mkdir(parents=True)
    Path("in/a.txt").write_text("0\t1\tDog\n")
    Path("in/day/b.txt").write_text("0\t2\tCat\n")
    soundfile.write("in/day/b.flac", np.zeros(800), 8000)
    assert not main("convert in --to raven --output out".split())
    files = sorted(
        x.relative_to("out").as_posix() for x in Path("out").rglob("*.txt")
    )
    assert files == [
        "a.wav.Table.1.selections.txt",
        "day/b.flac.Table.1.selections.txt",
    ]
    header, row = Path("out", files[1]).read_text().splitlines()
    fields = dict(zip(header.split("\t"), row.split("\t"), strict=True))
    assert fields["Begin File"] == "b.flac"
    assert fields["File Offset (s)"] == fields["Begin Time (s)"] == "0.000"
    assert fields["Annotation"] == "Cat"
    # An annotator gives them back.
    assert not main("convert out --to tsv --output again.tsv".split())
    assert "day/b.flac\t0.000\t2.000\tCat" in Path("again.tsv").read_text()


def test_what_a_format_has_no_place_for_is_a_warning(folder, capsys):
    Path("a.txt").write_text(TRACK)
    assert not main("convert a.txt --to rttm --output a.rttm".split())
    err = capsys.readouterr().err
    assert "warning: RTTM: has no place for low_freq, high_freq" in err


def test_another_name_of_the_recording_is_a_warning(folder, capsys):
    Path("a.txt").write_text("0\t1\tDog\n")
    assert not main("convert a.txt --to jams --output b.jams".split())
    assert "'a.wav' is called 'b.wav' when it" in capsys.readouterr().err
    Path("a.rttm").write_text("SPEAKER a 1 0 1 <NA> <NA> Dog\n")
    assert not main("convert a.rttm --to audacity --output out".split())
    assert "'a' is called 'a.wav' when it" in capsys.readouterr().err
    assert not main("convert a.txt --to audacity --output more".split())
    assert "is called" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("no.txt --to tsv", "no.txt: no such file or folder"),
        ("a.txt --to rttm --from dcase", "a.txt, row 2 "),
        ("a.txt --to birdsong", "in samples, and there is no audio"),
        ("a.txt --to tsv --columns onset", "--columns has 'onset'"),
        ("a.txt --to tsv --columns x=y", "--columns names 'x'"),
        ("a.txt --to tsv --time-unit ms", "--time-unit does not apply to"),
        ("a.txt --to tsv --tiers x", "--tiers does not apply to label"),
        ("b.rttm --from rttm --to tsv --columns onset=x", "not apply to R"),
        ("a.txt b.rttm --to tsv", "of the format audacity"),
        ("c.json --to tsv", "no known format"),
        ("d.json --to tsv", "d.json: no whole JSON (Expecting value"),
        (". --to tsv", "d.json: no whole JSON"),
        ("a.txt --to tsv --output sub", "sub is a folder, and table of"),
        ("a.txt --to tsv --output ./a.txt", "would be replaced"),
    ],
)
def test_errors_are_one_line(folder, capsys, command, message):
    Path("a.txt").write_text(TRACK)
    Path("b.rttm").write_text("SPEAKER b 1 0 1 <NA> <NA> Dog\n")
    Path("c.json").write_text("{}")
    Path("d.json").write_text('{"annotations":')
    Path("sub").mkdir()
    words = ["convert", "--output", "out", *command.split()]
    assert main(words) == 2
    err = capsys.readouterr().err.splitlines()[-1]
    assert err.startswith("lgc-sed: error: ") and message in err
    assert not Path("out").exists()
    assert Path("a.txt").read_text() == TRACK
