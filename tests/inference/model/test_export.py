"""Exported models, and the check of their ONNX files."""

from __future__ import annotations

import copy
import math
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from lgc_plugin import SoundEventDetector
from lgc_plugin.inference.model import export
from lgc_plugin.inference.model.export import (
    TOLERANCE,
    check_onnx,
    export_model,
    open_session,
    sample_windows,
)
from lgc_plugin.inference.model.model_folder import (
    LoadedModel,
    read_model,
    write_model,
)
from lgc_plugin.utils.checksums import write_sums
from model_cases import small_settings, used_network
from onnx_cases import case_settings, exported

SETTINGS = small_settings()
NETWORKS = {
    "student": used_network(SETTINGS, 1),
    "teacher": used_network(SETTINGS, 2).requires_grad_(False),
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    write_model(folder / "model", SETTINGS, NETWORKS)
    (folder / "results.json").write_text("{}")
    return folder


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is tested here; what it holds, with ONNX itself."""
    monkeypatch.setattr(export, "make_onnx", lambda _, name: name.encode())
    monkeypatch.setattr(export, "check_onnx", lambda *_: 1e-6)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["student", "teacher"])
def test_a_network_is_the_same_bit_for_bit(run, tmp_path, name):
    target = tmp_path / "deep" / "er" / "cats"
    exported = export_model(run, target)
    assert exported.networks == ["student", "teacher"]
    assert [f.name for f in exported.files] == names(target)
    assert names(target) == [
        "SHA256SUMS",
        "model.yaml",
        "student.pt",
        "teacher.pt",
    ]
    shutil.rmtree(run)
    model = read_model(target, name)
    assert model.settings == SETTINGS
    state, expected = model.network.state_dict(), NETWORKS[name].state_dict()
    assert all(torch.equal(state[key], expected[key]) for key in expected)
    # On CPUs a frozen GRU is computed in another way.
    learns = {p.requires_grad for p in model.network.parameters()}
    assert learns == {name == "student"}


def test_a_detector_detects_the_same(run, tmp_path):
    export_model(run, tmp_path / "cats")
    wav = torch.rand(40000) - 0.5
    ours, theirs = (
        SoundEventDetector.from_hparams(
            folder, run_opts={"device": "cpu"}
        ).scores(wav, 16000)
        for folder in (tmp_path / "cats", run)
    )
    assert (ours == theirs).all() and ours.std() > 0


def test_one_network_and_a_model_folder_of_one(run, tmp_path):
    export_model(run / "model", tmp_path / "a", ["student"])
    exported = export_model(tmp_path / "a", tmp_path / "b")
    assert exported.networks == ["student"]
    assert names(tmp_path / "b") == ["SHA256SUMS", "model.yaml", "student.pt"]
    with pytest.raises(FileNotFoundError, match="no network 'teacher'"):
        export_model(tmp_path / "a", tmp_path / "c", ["teacher"])
    assert not (tmp_path / "c").exists()


def test_an_older_export_is_replaced_whole(run, tmp_path, stand_in):
    target = tmp_path / "cats"
    first = export_model(run, target, onnx=True)
    assert first.differences == {"student": 1e-6, "teacher": 1e-6}
    assert (target / "student.onnx").read_bytes() == b"student"
    export_model(run, target, ["teacher"], onnx=True)
    assert names(target) == [
        "SHA256SUMS",
        "model.yaml",
        "teacher.onnx",
        "teacher.pt",
    ]
    assert export_model(run, target, ["student"]).differences == {}
    assert names(target) == ["SHA256SUMS", "model.yaml", "student.pt"]
    assert names(tmp_path) == ["cats", "run"]


def test_what_is_not_of_a_model_is_left_alone(run, tmp_path):
    target = tmp_path / "cats"
    export_model(run, target)
    (target / "notes.txt").write_text("precious")
    before = names(target)
    with pytest.raises(FileExistsError, match="notes.txt"):
        export_model(run, target, ["teacher"])
    assert names(target) == before


@pytest.mark.parametrize(
    "source, target",
    [
        ("run", "run"),
        ("run", "run/model"),
        ("run", "run/../run/model/sub"),
        ("run/model", "run/model"),
        ("run/model", "run/model/model"),
        ("run", "link"),
        ("link", "run/model"),
    ],
)
def test_nothing_is_written_where_it_is_read(run, source, target):
    folder = run.parent
    (folder / "link").symlink_to(run / "model")
    before = {f: f.read_bytes() for f in run.rglob("*.*")}
    with pytest.raises(ValueError, match="onto itself"):
        export_model(folder / source, folder / target)
    assert {f: f.read_bytes() for f in run.rglob("*.*")} == before


def test_a_folder_inside_the_run_is_fine(run):
    assert len(export_model(run, run / "exported").files) == 4


def test_a_missing_extra_is_told_before_anything_is_done(
    run, tmp_path, monkeypatch
):
    (run / "model" / "teacher.pt").write_bytes(b"would be refused")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ValueError, match=r"pip install 'lgc_plugin\[onnx\]'"):
        export_model(run, tmp_path / "cats", onnx=True)
    assert names(tmp_path) == ["run"]


def test_a_file_with_other_scores_is_not_kept(
    run, tmp_path, stand_in, monkeypatch
):
    target = tmp_path / "cats"
    export_model(run, target, ["student"])

    def refuse(content: bytes, model: LoadedModel, name: str) -> float:
        raise ValueError(f"{name}: other scores")

    monkeypatch.setattr(export, "check_onnx", refuse)
    with pytest.raises(ValueError, match="cats/teacher.onnx: other scores"):
        export_model(run, target, ["teacher"], onnx=True)
    assert names(target) == ["SHA256SUMS", "model.yaml", "student.pt"]
    assert names(tmp_path) == ["cats", "run"]


def test_a_source_without_networks_or_with_damaged_ones(run, tmp_path):
    (run / "model" / "teacher.pt").write_bytes(b"PK")
    write_sums(run / "model")
    with pytest.raises(ValueError, match="teacher.pt: not a whole file"):
        export_model(run, tmp_path / "cats")
    for name in ("teacher", "student"):
        (run / "model" / f"{name}.pt").unlink()
    with pytest.raises(FileNotFoundError, match="model: no network in it"):
        export_model(run, tmp_path / "cats")
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        export_model(tmp_path / "nowhere", tmp_path / "cats")
    assert names(tmp_path) == ["run"]


def test_what_was_exported_passes():
    model, content = exported("small")
    # Two programs never round alike, so a difference of 0 would mean that
    # nothing was compared.
    assert 0 < check_onnx(content, model, "teacher.onnx") < TOLERANCE / 10


@pytest.mark.parametrize("change", [1e-3, math.nan])
def test_a_small_change_of_a_weight_is_found(change):
    model, content = exported("small")
    other = used_network(model.settings, 3)
    with torch.no_grad():
        other.frame_head.bias[2] += change
    changed = model._replace(network=other)
    with pytest.raises(ValueError, match="^out/teacher.onnx: .* PyTorch"):
        check_onnx(content, changed, "out/teacher.onnx")


def test_another_front_end_is_found():
    model, content = exported("small")
    quieter, unpadded = (copy.deepcopy(model.front_end) for _ in range(2))
    quieter.decibel_range = (-45.0, 80.0)
    unpadded.spectrogram.spectrogram.pad_mode = "constant"
    for front_end in (quieter, unpadded):
        changed = model._replace(front_end=front_end)
        with pytest.raises(ValueError, match="differ by up to"):
            check_onnx(content, changed, "teacher.onnx")


def test_a_mask_that_is_left_out_is_found(monkeypatch):
    model, content = exported("small")
    session = open_session(content)

    class Unmasked:
        def run(self, names, inputs):
            wavs = inputs["wav"]
            lengths = np.full(len(wavs), wavs.shape[1])
            return session.run(names, {"wav": wavs, "n_samples": lengths})

    monkeypatch.setattr(
        "lgc_plugin.inference.model.export.open_session",
        lambda _: Unmasked(),
    )
    with pytest.raises(ValueError, match="differ by up to"):
        check_onnx(content, model, "teacher.onnx")


def test_the_sounds_reach_everything():
    windows = sample_windows(case_settings("odd"))
    lengths = [len(window) for window in windows]
    assert lengths == [12432] * 4 + [4144, 1]
    assert max(abs(window).max() for window in windows) > 1
    assert any(not window.any() for window in windows)
