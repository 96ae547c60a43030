"""Audio is used, made, made anew or left alone as it should be."""

import json
import os
import shutil

import numpy as np
import pytest
import soundfile

from damaged_audio import claim_flac_length, cut, write_noise
from lgc_plugin.data import ready_audio
from lgc_plugin.data.ready_audio import AudioFinder, AudioFolders

READY = {"samplerate": 16000, "subtype": "PCM_16"}
RAW = {"samplerate": 44100, "subtype": "FLOAT"}
FLOAT_16K = {"samplerate": 16000, "subtype": "FLOAT"}


@pytest.fixture
def folders(tmp_path):
    return AudioFolders(
        tmp_path / "set", tmp_path / "set_16k", tmp_path / "copies" / "set"
    )


def write(path, level=0.5, seconds=0.05, **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.full(round(seconds * how["samplerate"]), level)
    soundfile.write(path, samples, **how)
    return path


def find(folders, *clips):
    return AudioFinder(n_jobs=1, progress=False).find(folders, clips)


def level(path):
    return round(float(np.median(soundfile.read(path)[0])), 2)


def test_ready_audio_is_used_directly(folders):
    path = write(folders.original / "a.wav", **READY)
    ready = find(folders, "a", "b")
    assert ready.found == {"a": (path, 0.05)}
    assert ready.missing == {"b": "no such file"}
    assert not folders.twin.exists()


def test_other_audio_gets_a_twin_once(folders, monkeypatch):
    write(folders.original / "a.wav", **RAW)
    write(folders.original / "b.flac", samplerate=48000)
    ready = find(folders, "b", "a")
    assert list(ready.found) == ["b", "a"]
    assert ready.found["a"] == (folders.twin / "a.wav", 0.05)
    assert ready.found["b"] == (folders.twin / "b.wav", 0.05)
    assert soundfile.info(folders.twin / "a.wav").subtype == "PCM_16"
    monkeypatch.setattr(ready_audio, "resample_files", None)
    assert find(folders, "b", "a") == ready


def test_a_twin_made_by_others_is_used_and_completed(folders):
    write(folders.original / "a.wav", level=0.1, **RAW)
    write(folders.original / "b.wav", level=0.2, **RAW)
    others = write(folders.twin / "a.wav", level=0.9, **READY)
    ready = find(folders, "a", "b", "c")
    assert ready.found["a"][0] == others
    assert level(others) == 0.9
    assert level(ready.found["b"][0]) == 0.2
    assert ready.missing == {"c": "no such file"}


def test_a_twin_alone_is_enough(folders):
    path = write(folders.twin / "a.wav", **READY)
    assert find(folders, "a").found == {"a": (path, 0.05)}


def test_replaced_audio_is_resampled_again(folders):
    source = write(folders.original / "a.wav", level=0.1, **RAW)
    other = write(folders.original / "b.wav", level=0.1, **RAW)
    find(folders, "a", "b")
    kept = (folders.twin / "b.wav").stat().st_mtime_ns
    write(source, level=0.7, **RAW)
    os.utime(source, ns=(1, 1))  # older than its copy: no matter
    ready = find(folders, "a", "b")
    assert level(ready.found["a"][0]) == 0.7
    assert (folders.twin / "b.wav").stat().st_mtime_ns == kept
    other.unlink()
    assert find(folders, "b").found["b"][0] == folders.twin / "b.wav"


def test_interrupted_resampling_leaves_nothing_stale(folders, monkeypatch):
    source = write(folders.original / "a.wav", level=0.1, **RAW)
    find(folders, "a")
    write(source, level=0.7, seconds=0.06, **RAW)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ready_audio, "resample_files", interrupt)
        with pytest.raises(KeyboardInterrupt):
            find(folders, "a")
    ready = find(folders, "a")
    assert level(ready.found["a"][0]) == 0.7


def test_others_files_of_the_wrong_kind_are_left_alone(folders):
    others = write(folders.twin / "a.wav", level=0.9, **FLOAT_16K)
    ready = find(folders, "a")
    assert ready.found["a"][0] == folders.elsewhere / "a.wav"
    assert level(ready.found["a"][0]) == 0.9
    assert soundfile.info(others).subtype == "FLOAT"
    # A change of what the copy was made from is seen there as well.
    write(others, level=0.3, seconds=0.06, **FLOAT_16K)
    assert level(find(folders, "a").found["a"][0]) == 0.3


def test_read_only_data_sets_are_copied_elsewhere(folders, monkeypatch):
    write(folders.original / "a.wav", **RAW)
    monkeypatch.setattr(ready_audio, "_is_writable", lambda _: False)
    ready = find(folders, "a")
    assert ready.found["a"][0] == folders.elsewhere / "a.wav"
    assert not folders.twin.exists()


def test_a_folder_for_copies_may_be_demanded(folders):
    write(folders.original / "a.wav", **RAW)
    demanded = AudioFolders(
        folders.original, folders.twin, folders.elsewhere, write_twin=False
    )
    assert find(demanded, "a").found["a"][0] == folders.elsewhere / "a.wav"
    assert not folders.twin.exists()


def test_somebody_elses_files_are_never_removed(folders):
    write(folders.original / "a.wav", **RAW)
    write(folders.elsewhere / "a.wav", **FLOAT_16K)
    write(folders.twin / "a.wav", **FLOAT_16K)
    with pytest.raises(FileExistsError, match="remove it, or give another"):
        find(folders, "a")
    assert soundfile.info(folders.elsewhere / "a.wav").subtype == "FLOAT"


def test_unreadable_audio_is_missing_with_the_reason(folders):
    folders.original.mkdir()
    (folders.original / "a.wav").write_text("not audio")
    write(folders.original / "b.wav", seconds=0, **READY)
    write(folders.original / "c.wav", **RAW)
    for name in ("d.flac", "e.flac"):  # ready, and to be resampled
        rate = 16000 if name == "d.flac" else 22050
        write_noise(folders.original / name, rate=rate)
        cut(folders.original / name, 0.5)
    write_noise(folders.original / "f.flac", rate=22050)
    claim_flac_length(folders.original / "f.flac", 2**36 - 1)
    (folders.original / "g.m4a").write_bytes(b"12")
    ready = find(folders, *"abcdefgh")
    assert list(ready.found) == ["c"]
    for clip in "adef":
        assert "cannot be decoded" in ready.missing[clip]
    assert "no samples" in ready.missing["b"]
    assert "libsndfile does not read .m4a" in ready.missing["g"]
    assert ready.missing["h"] == "no such file"


def test_names_that_no_manifest_can_hold_are_left_out(folders):
    names = [" a", "b$c", "new\nline", os.fsdecode(b"\xff"), "fine"]
    for name in names:
        path = write(folders.original / "written.wav", **READY)
        path.rename(folders.original / f"{name}.wav")
    ready = find(folders, *names)
    assert list(ready.found) == ["fine"]
    assert list(ready.missing) == names[:-1]
    assert "file name 'b$c' holds a $" in ready.missing["b$c"]


def test_any_format_is_resampled(folders):
    for name in ("a.mp3", "b.ogg", "c.aiff"):
        write_noise(folders.original / name, rate=44100)
    ready = find(folders, *"abc")
    assert list(ready.found) == ["a", "b", "c"]
    assert all(path.suffix == ".wav" for path, _ in ready.found.values())


def test_a_flac_of_unknown_length_is_measured(folders):
    path = folders.original / "a.flac"
    write_noise(path, 1.5)
    claim_flac_length(path, 0)
    assert find(folders, "a").found == {"a": (path, 1.5)}


@pytest.fixture
def decoded(monkeypatch):
    """Names of the files that are decoded."""
    names = []
    measure = ready_audio.measure_audio

    def counting(path, **options):
        names.append(path.name)
        return measure(path, **options)

    monkeypatch.setattr(ready_audio, "measure_audio", counting)
    return names


def find_recorded(folders, record, *clips):
    finder = AudioFinder(n_jobs=1, progress=False, record=record)
    return finder.find(folders, clips)


def test_files_are_decoded_once(folders, tmp_path, decoded):
    path = write(folders.original / "a.wav", **READY)
    other = write(folders.original / "b.wav", **READY)
    record = tmp_path / "record" / "decoded.json"
    first = find_recorded(folders, record, "a", "b")
    assert sorted(decoded) == ["a.wav", "b.wav"]
    assert find_recorded(folders, record, "a", "b") == first
    assert len(decoded) == 2
    write(other, seconds=0.07, **READY)
    os.utime(other, ns=(1, 1))
    again = find_recorded(folders, record, "a", "b")
    assert again.found["b"] == (other, 0.07)
    assert decoded[2:] == ["b.wav"]
    text = record.read_text()
    for damaged in ("{", "[]", text.replace("800", "900")):
        record.write_text(damaged)
        decoded.clear()
        found = find_recorded(folders, record, "a", "b").found
        assert found["a"] == (path, 0.05)
        assert sorted(decoded) == ["a.wav", "b.wav"]
        assert json.loads(record.read_text())["files"].keys() == {
            str(path),
            str(other),
        }


def test_known_content_is_not_decoded_again(folders, tmp_path, decoded):
    path = write(folders.original / "a.wav", **READY)
    record = tmp_path / "decoded.json"
    find_recorded(folders, record, "a")
    os.utime(path, ns=(1, 1))
    copy = folders.original / "b.wav"
    shutil.copy(path, copy)
    found = find_recorded(folders, record, "a", "b").found
    assert found == {"a": (path, 0.05), "b": (copy, 0.05)}
    assert decoded == ["a.wav"]


def test_other_content_of_the_same_size_is_decoded(folders, tmp_path, decoded):
    path = folders.original / "a.flac"
    write_noise(path, 1.0)
    record = tmp_path / "decoded.json"
    assert find_recorded(folders, record, "a").found == {"a": (path, 1.0)}
    content = path.read_bytes()
    path.write_bytes(content[:9000] + b"\0" * (len(content) - 9000))
    ready = find_recorded(folders, record, "a")
    assert decoded == ["a.flac", "a.flac"]
    assert not ready.found
    assert "cannot be decoded" in ready.missing["a"]
