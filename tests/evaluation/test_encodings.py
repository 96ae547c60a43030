"""Every reader takes marked encodings, and names what it cannot read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lgc_plugin.data.annotations import (
    read_durations,
    read_strong,
    read_unlabeled,
    read_weak,
)
from lgc_plugin.data.manifest import read_manifest
from lgc_plugin.evaluation.ground_truth_files import read_annotations
from lgc_plugin.evaluation.predictions import read_predictions
from lgc_plugin.evaluation.score_files import read_frame_scores
from lgc_plugin.evaluation.tuned_settings import TunedSettings

EVENTS = "filename\tonset\toffset\tevent_label\nTür.wav\t0.5\t2.0\tDog\n"
MANIFEST = (
    "ID,duration,wav,label_kind,events,tags\n"
    "Tür,9.5,Tür.wav,strong,0.5:2.0:Dog,Dog\n"
)
SETTINGS = """\
median_windows: {Tür: 7}
decision_threshold: 0.5
tuned_on:
  metric: psds1
  frame_seconds: 0.064
  ground_truth: a.tsv
  clips: [a.wav]
"""


def scores_of(file: Path) -> object:
    return read_frame_scores(file.parent)


READERS: dict[Callable, tuple[str, str]] = {
    read_strong: ("a.tsv", EVENTS),
    read_annotations: ("a.tsv", EVENTS),
    read_predictions: ("a.tsv", EVENTS),
    read_weak: ("a.tsv", "filename\tevent_labels\nTür.wav\tDog,Cat\n"),
    read_durations: ("a.tsv", "filename\tduration\nTür.wav\t10\n"),
    read_unlabeled: ("a.tsv", "filename\nTür.wav\n"),
    scores_of: ("a.tsv", "onset\toffset\tTür\n0\t0.5\t0.1\n"),
    read_manifest: ("a.csv", MANIFEST),
    TunedSettings.read: ("a.yaml", SETTINGS),
}
readers = pytest.mark.parametrize("read", READERS)


def write(folder: Path, read: Callable, encoding: str = "utf-8") -> Path:
    name, text = READERS[read]
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


@readers
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_changes_nothing(
    tmp_path: Path, read: Callable, encoding: str
) -> None:
    plain = repr(read(write(tmp_path, read)))
    assert repr(read(write(tmp_path, read, encoding))) == plain


@readers
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le"])
def test_other_encodings_are_refused_by_name(
    tmp_path: Path, read: Callable, encoding: str
) -> None:
    file = write(tmp_path, read, encoding)
    with pytest.raises(ValueError, match="plain text in UTF-8") as error:
        read(file)
    assert str(error.value).startswith(str(file))


@readers
def test_a_spreadsheet_is_refused_by_name(
    tmp_path: Path, read: Callable
) -> None:
    file = write(tmp_path, read)
    file.write_bytes(b"PK\x03\x04" + file.read_bytes())
    with pytest.raises(ValueError, match="spreadsheet .*UTF-8") as error:
        read(file)
    assert str(error.value).startswith(str(file))


@pytest.mark.parametrize(
    "read", [x for x in READERS if x is not TunedSettings.read]
)
def test_a_line_without_end_is_refused_in_short(
    tmp_path: Path, read: Callable
) -> None:
    name, text = READERS[read]
    long = "x" * 200_000
    # As the header; as the last field; with the separator, as one more.
    for content in (long, text.rstrip() + long, f"{text.rstrip()},{long}"):
        (tmp_path / name).write_text(content)
        try:
            read(tmp_path / name)
        except ValueError as error:
            assert name in str(error)
            assert len(str(error)) < 1000


@readers
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(content=b"")
@example(content=b"\xff\xfe\x00")
@given(content=st.binary(max_size=60))
def test_only_value_errors_leave_a_reader(
    tmp_path: Path, read: Callable, content: bytes
) -> None:
    name, text = READERS[read]
    file = tmp_path / name
    for each in (content, text.encode() + content):
        file.write_bytes(each)
        try:
            read(file)
        except ValueError as error:
            assert name in str(error)
