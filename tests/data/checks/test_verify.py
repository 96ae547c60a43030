"""Each fault of a data set is found, and nothing in a good one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from damaged_audio import claim_wav_sizes
from lgc_plugin.data.checks.verify import verify_data
from lgc_plugin.data.manifest import ClipRow, write_manifest
from lgc_plugin.data.preparation import Coverage, Preparation
from lgc_plugin.types import Event, LabelKind

RATE = 8000
SETS = ("train_strong", "valid_strong", "test")
LABELS = ("Cat", "Dog")


def noise(seed, seconds=1.0):
    size = round(seconds * RATE)
    return np.random.default_rng(seed).uniform(-0.5, 0.5, size)


class Data:
    """Two clips with both classes in each set, which a test changes."""

    def __init__(self, folder):
        self.folder = folder
        events = Event(0.1, 0.5, "Cat"), Event(0.6, 0.9, "Dog")
        self.rows = {
            name: [self.row(f"{name}_{i}", events) for i in range(2)]
            for name in SETS
        }
        for i, row in enumerate(x for rows in self.rows.values() for x in rows):
            self.write(row.id, noise(i))

    @staticmethod
    def row(name, events, seconds=1.0):
        tags = tuple(sorted({event.label for event in events}))
        wav = f"$data_root/{name}.wav"
        return ClipRow(name, seconds, wav, LabelKind.STRONG, events, tags)

    def write(self, name, wav, rate=RATE, **how):
        soundfile.write(self.folder / f"{name}.wav", wav, rate, **how)

    def change(self, name, *events, seconds=1.0):
        """Gives the first clip of a set other events."""
        self.rows[name][0] = self.row(f"{name}_0", events, seconds)

    def verify(self, **more):
        manifests = {
            name: self.folder / f"manifests/{name}.csv" for name in self.rows
        }
        for name, rows in self.rows.items():
            write_manifest(rows, manifests[name])
        coverage = {name: Coverage(name, 2, 2) for name in self.rows}
        preparation = Preparation(manifests, LABELS, "..", coverage)
        preparation.save(self.folder / "manifests")
        return verify_data(self.folder, n_jobs=1, progress=False, **more)


@pytest.fixture
def data(tmp_path):
    return Data(tmp_path)


def found(report):
    return {(x.check, x.level) for x in report.findings}


def text(report):
    return "\n".join(map(str, report.findings))


def test_nothing_is_found_in_a_good_data_set(data):
    report = data.verify()
    assert report.passed and not report.findings
    assert report.sets["test"] == (2, pytest.approx(2 / 60))


def nan_wav():
    wav = noise(9)
    wav[4000] = np.nan
    return wav


@pytest.mark.parametrize(
    ("wav", "how", "check", "level", "message"),
    [
        (noise(9, 0.95), {}, "lengths", "error", "(0.950 s, 1.000 s"),
        (noise(9, 2), {"rate": 16000}, "sample rates", "error", "16000 Hz"),
        (nan_wav(), {"subtype": "FLOAT"}, "values", "error", "NaN or infin"),
        (np.zeros(RATE), {}, "silence", "error", "silent, and with events"),
        (1e-4 * noise(9), {}, "silence", "warning", "above -70 dB"),
        (9 * noise(9), {}, "clipping", "warning", "clipped: share of"),
        (noise(1), {}, "copies", "warning", "the same audio twice in a split"),
        (noise(3), {}, "copies", "error", "the same audio in two splits"),
    ],
)
def test_odd_audio_is_found(data, wav, how, check, level, message):
    data.write("train_strong_0", wav, **how)
    report = data.verify()
    assert (check, level) in found(report)
    assert {x[0] for x in found(report)} == {check}
    assert message in text(report) and "train_strong_0" in text(report)


def test_damage_is_found(data):
    path = data.folder / "train_strong_0.wav"
    path.write_bytes(path.read_bytes()[:-3000])
    (data.folder / "test_1.wav").unlink()
    report = data.verify()
    assert found(report) == {("decoding", "error")}
    assert "cut off: 3,000 bytes" in text(report)
    assert "test_1 (No such file" in text(report)


def test_a_header_that_was_never_finished_is_told(data):
    claim_wav_sizes(data.folder / "test_0.wav", 0)
    report = data.verify()
    assert found(report) == {("decoding", "warning")}
    assert "test_0 (its header was never finished" in text(report)


def test_events_beyond_the_end_are_found(data):
    data.change("test", Event(0.1, 1.5, "Cat"))
    report = data.verify()
    assert found(report) == {("event times", "error")}
    assert "test_0 (1.500 s, it ends at 1.000 s)" in text(report)


@pytest.mark.parametrize(("factor", "unit"), [(1000, "ms"), (RATE, "samples")])
def test_units_are_told(data, factor, unit):
    data.change("test", Event(0.1, 5.5, "Cat"), Event(0.6, 0.9, "Dog"))
    for name, rows in data.rows.items():
        data.rows[name] = [
            data.row(
                row.id,
                tuple(
                    Event(factor * a, factor * b, c) for a, b, c in row.events
                ),
            )
            for row in rows
        ]
    report = data.verify()
    assert (
        f"12 of 12 events begin after the end: the times look like {unit}"
        in (text(report))
    )


def test_a_silent_file_is_named_once(data):
    data.write("test_0", np.zeros(RATE))
    data.write("test_1", np.zeros(RATE))
    data.rows["test"][1] = data.row("test_1", ())
    named = [x.names for x in data.verify().findings if x.check == "silence"]
    assert sorted(named) == [("test_0",), ("test_1",)]


def test_short_events_are_told_with_the_frames(data):
    report = data.verify(frame_seconds=0.16)
    assert found(report) == {("short events", "warning")}
    assert "two output frames of 160 ms" in text(report)
    assert "Dog (6 of 6)" in text(report) and "Cat" not in text(report)


def test_classes_that_a_set_lacks_are_told(data):
    data.rows["test"] = [data.row("test_0", (Event(0.1, 0.4, "Cat"),))]
    assert "classes that test does not have: Dog" in text(data.verify())
    data.rows["train_strong"] = data.rows["train_strong"][:1]
    data.change("train_strong", Event(0.1, 0.4, "Dog"))
    report = data.verify()
    assert not report.passed
    assert "without any event or tag to train on: Cat" in text(report)


def test_labels_are_compared(data):
    data.change("test", Event(0.1, 0.3, "dog"), Event(0.4, 0.9, "Cat"))
    report = data.verify()
    assert found(report) == {("labels", "error"), ("labels", "warning")}
    assert "alike: join them if they mean the same: 'Dog' / 'dog'" in text(
        report
    )
    assert "none of the classes: dog" in text(report)


def test_a_missing_set_is_told_with_what_follows(data):
    del data.rows["valid_strong"], data.rows["test"]
    report = data.verify()
    assert "no set valid_strong or valid_weak: the last epoch" in text(report)
    assert "there is no set test: nothing is scored" in text(report)
    assert found(report) == {("sets", "warning")} and report.passed


def test_tags_alone_will_do(data):
    rows = data.rows.pop("train_strong"), data.rows.pop("valid_strong")
    for name, each in zip(("train_weak", "valid_weak"), rows, strict=True):
        data.rows[name] = [
            replace(row, label_kind=LabelKind.WEAK, events=()) for row in each
        ]
    report = data.verify()
    assert found(report) == {("sets", "warning")} and report.passed
    assert "no set train_strong: when events begin and end" in text(report)


def test_recordings_are_checked_with_their_annotations(tmp_path):
    for i in range(2):
        soundfile.write(tmp_path / f"r{i}.wav", noise(i), RATE)
    (tmp_path / "labels.tsv").write_text(
        "filename\tonset\toffset\tevent_label\n"
        "r0.wav\t100\t300\tDog\nr1.wav\t200\t600\tDog \ngone.wav\t1\t2\tDog\n"
    )
    report = verify_data(
        tmp_path, [tmp_path / "labels.tsv"], n_jobs=1, progress=False
    )
    assert not report.prepared and not report.passed
    assert "the times look like ms" in text(report)
    assert "annotated recordings that are not there: gone.wav" in text(report)
    assert [note[:14] for note in report.notes] == ["table of DESED"]
    assert report.as_dict()["notes"] == list(report.notes)


def test_what_dataset_writes_beside_is_read(data):
    settings = data.folder / "settings.yaml"
    settings.write_text(
        "sample_rate: 8000\nhop_length: 400\npooling: [[2, 2], [2, 2]]\n"
    )
    described = data.folder / "dataset.json"
    described.write_text(
        '{"splits": {"train": {"a": ["x"]}, "test": {"a": ["x"]}}}'
    )
    report = data.verify()
    assert "two output frames of 200 ms" in text(report)
    assert "recordings in two splits: x" in text(report)
    described.write_text('{"splits": [3]}')
    with pytest.raises(ValueError, match="dataset.json: its splits"):
        data.verify()
    settings.write_text("sample_rate: 8000\nhop_length: 400\npooling: 4\n")
    with pytest.raises(ValueError, match="settings.yaml: sample_rate"):
        data.verify()
