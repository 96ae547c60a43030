"""The folder of an import, and the mel filters that it reads."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML
from speechbrain.dataio.dataloader import SaveableDataLoader
from speechbrain.utils.epoch_loop import EpochCounterWithStopper
from torchaudio.transforms import MelSpectrogram

from lgc_plugin.lgc import LGC
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.training.brain import LGCBrain
from lgc_plugin.training.checkpoints import AtomicCheckpointer
from lgc_plugin.training.imported_run import (
    check_imported,
    read_mel_filters,
    write_imported_run,
)
from lgc_plugin.training.process_state import RandomState
from lgc_plugin.training.selection import BY_EVENTS
from lgc_plugin.utils.hparams import read_plain
from published_crnn import lightning_checkpoint, published_module

ROOT = Path(__file__).resolve().parents[2]
POOLING = ((2, 4), (1, 2))
SMALL = {
    "n_classes": 3,
    "n_mels": 16,
    "filters": (4, 6),
    "pooling": POOLING,
    "rnn_size": 5,
    "rnn_layers": 1,
    "embedding_dim": 7,
}
LABELS = ["Dog", "Cat", "Bell"]


def save(folder: Path, **changes) -> tuple[Path, torch.nn.Module]:
    module = published_module(**{**SMALL, **changes})
    torch.save(lightning_checkpoint(module), folder / "last.ckpt")
    return folder / "last.ckpt", module


def recover(folder: Path, embedding_dim: int = 7) -> tuple[CRNN, LGC, dict]:
    """What a recipe finds in the folder, with the parts that it has."""
    torch.manual_seed(3)
    options = {**SMALL, "embedding_dim": embedding_dim}
    student = CRNN(**options)
    lgc = LGC(student, n_classes=3, embedding_dim=embedding_dim)
    checkpointer = AtomicCheckpointer(
        folder / "save", recoverables={"model": student, "lgc": lgc}
    )
    found = checkpointer.recover_if_possible(max_key=BY_EVENTS.key)
    return student.eval(), lgc.eval(), found.meta


def test_recovered_networks_give_the_published_scores(tmp_path: Path) -> None:
    file, module = save(tmp_path)
    write_imported_run(file, tmp_path / "run", pooling=POOLING)
    student, lgc, meta = recover(tmp_path / "run")
    features = torch.rand(2, 16, 41)
    with torch.no_grad():
        for ours, theirs in (
            (student, module.sed_student),
            (lgc.teacher, module.sed_teacher),
        ):
            for mine, expected in zip(
                ours(features), theirs(features), strict=True
            ):
                torch.testing.assert_close(mine, expected, rtol=0, atol=1e-5)
    assert not lgc.bank.active.any() and int(lgc.step) == 0
    assert meta["epoch"] == 0 and meta[BY_EVENTS.key] == -math.inf


def test_training_can_begin_with_the_weights(tmp_path: Path) -> None:
    """All that a brain recovers when it starts to train is there."""
    file, module = save(tmp_path)
    write_imported_run(file, tmp_path / "run", pooling=POOLING)
    student = CRNN(**SMALL)
    lgc = LGC(student, n_classes=3, embedding_dim=7)
    counter = EpochCounterWithStopper(2, 2, 0, "max")
    counter.current = 1
    checkpointer = AtomicCheckpointer(
        tmp_path / "run" / "save",
        recoverables={
            "model": student,
            "lgc": lgc,
            "epoch_counter": counter,
            "random_state": RandomState(),
            "dataloader": SaveableDataLoader([0]),
        },
    )
    brain = LGCBrain(
        {"model": student, "lgc": lgc},
        lambda parameters: torch.optim.Adam(parameters, lr=0.1),
        {"lr": 0.1, "frame_encoder": None},
        run_opts={"device": "cpu"},
        checkpointer=checkpointer,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # something is missing
        brain.on_fit_start()
    assert student.frame_head.bias.equal(module.sed_student.dense.bias)
    assert counter.current == brain.optimizer_step == 0
    assert not brain.optimizer.state
    assert next(counter) == 1


def test_the_record_names_the_source_of_the_weights(tmp_path: Path) -> None:
    file, _ = save(tmp_path)
    record = write_imported_run(
        file, tmp_path / "run", pooling=POOLING, labels=LABELS
    )
    written = json.loads((tmp_path / "run" / "imported.json").read_text())
    assert written == json.loads(json.dumps(record))
    assert (written["source"], written["epoch"]) == ("last.ckpt", 187)
    assert written["global_step"] == 22184 and len(written["sha256"]) == 64
    assert written["projection"] == "of the checkpoint"
    assert written["same_mel_filters"] is True
    assert "mel_spec.mel_scale.fb" in written["ignored"]
    assert written["lightning_version"] == "1.6.5"


def test_the_overrides_are_keys_of_the_hparams_file(tmp_path: Path) -> None:
    file, _ = save(tmp_path)
    write_imported_run(file, tmp_path / "run", pooling=POOLING, labels=LABELS)
    text = (tmp_path / "run" / "network.yaml").read_text()
    overrides = YAML(typ="safe").load(text)
    plain = read_plain(ROOT / "hparams" / "lgc.yaml", overrides)
    assert plain["pooling"] == [[2, 4], [1, 2]] and plain["n_mels"] == 16
    assert overrides["labels"] == LABELS
    unknown = overrides.keys() - plain.keys()
    assert not unknown
    # Every size that the weights were found to have.
    assert SMALL.keys() - overrides.keys() == {"n_classes"}


def test_baseline_gets_a_projection_that_can_be_repeated(
    tmp_path: Path,
) -> None:
    file, module = save(tmp_path, embedding_dim=None)
    before = torch.get_rng_state()
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        record = write_imported_run(
            file, tmp_path / name, pooling=POOLING, seed=seed
        )
    assert torch.equal(before, torch.get_rng_state())
    assert record["projection"] == "untrained, drawn with seed 2"
    weights = {}
    for name in "abc":
        student, lgc, _ = recover(tmp_path / name, embedding_dim=128)
        teacher = lgc.teacher.network
        assert student.projection.weight.equal(teacher.projection.weight)
        weights[name] = student.projection.weight
        torch.testing.assert_close(
            teacher.frame_head.weight, module.sed_teacher.dense.weight
        )
    assert weights["a"].equal(weights["b"])
    assert not weights["a"].equal(weights["c"])


def test_bare_weights_have_no_epoch(tmp_path: Path) -> None:
    state = published_module(**SMALL).state_dict()
    torch.save(state, tmp_path / "weights.pt")
    record = write_imported_run(
        tmp_path / "weights.pt", tmp_path / "run", pooling=POOLING
    )
    assert record["epoch"] is None and record["global_step"] is None


def test_mel_bins_given_win_over_those_found(tmp_path: Path) -> None:
    file, _ = save(tmp_path)
    with pytest.raises(ValueError, match="64 mel bins and this pooling"):
        write_imported_run(file, tmp_path / "run", pooling=POOLING, n_mels=64)


@pytest.mark.parametrize(
    "labels", [["Dog", "Cat"], ["Dog", "Cat", "Cat"], [*LABELS, "Bird"]]
)
def test_labels_are_one_for_each_output(tmp_path: Path, labels) -> None:
    file, _ = save(tmp_path)
    with pytest.raises(ValueError, match="give 3 different ones"):
        write_imported_run(
            file, tmp_path / "run", pooling=POOLING, labels=labels
        )
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


@pytest.fixture(scope="module")
def run_and_settings(tmp_path_factory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("imported")
    file, _ = save(folder)
    write_imported_run(file, folder / "run", pooling=POOLING, labels=LABELS)
    text = (folder / "run" / "network.yaml").read_text()
    overrides = YAML(typ="safe").load(text)
    plain = read_plain(ROOT / "hparams" / "lgc.yaml", overrides)
    return folder / "run", plain


def test_fitting_settings_pass(run_and_settings) -> None:
    folder, settings = run_and_settings
    check_imported(folder, settings)
    check_imported(folder, {**settings, "lr": 0.1, "pooling": POOLING})
    check_imported(folder.parent, {"n_mels": 1})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rnn_size": 128}, "rnn_size = 5, now it is 128: add --overrides="),
        ({"filters": [4]}, r"filters = \[4, 6\], now it is \[4\]"),
        ({"labels": sorted(LABELS)}, "labels = .* add --overrides="),
        ({"n_prototypes": 5}, "n_prototypes = 3, now it is 5"),
    ],
)
def test_other_settings_are_refused(run_and_settings, changes, message) -> None:
    folder, settings = run_and_settings
    with pytest.raises(ValueError, match=message):
        check_imported(folder, {**settings, **changes})


def test_another_number_of_classes_is_refused(
    run_and_settings, tmp_path: Path
) -> None:
    """Where the labels were not given to the import."""
    folder, settings = run_and_settings
    record = json.loads((folder / "imported.json").read_text())
    del record["settings"]["labels"]
    (tmp_path / "imported.json").write_text(json.dumps(record))
    message = r"are for 3 classes, the data have 2 \(Cat, Dog\): give --labels"
    with pytest.raises(ValueError, match=message):
        check_imported(tmp_path, {**settings, "labels": ["Cat", "Dog"]})
    check_imported(tmp_path, {**settings, "labels": ["A", "B", "C"]})


PUBLISHED = {
    "sample_rate": 16000,
    "n_fft": 2048,
    "hop_length": 256,
    "f_min": 0,
    "f_max": 8000,
    "n_mels": 128,
    "window_fn": torch.hamming_window,
    "wkwargs": {"periodic": False},
}


def mel_state(**changes) -> dict[str, torch.Tensor]:
    spectrogram = MelSpectrogram(**{**PUBLISHED, **changes})
    return spectrogram.state_dict(prefix="mel_spec.")


def test_the_published_front_end_is_ours() -> None:
    assert read_mel_filters(mel_state()) == (128, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"f_max": 7600},
        {"sample_rate": 22050},
        {"n_fft": 1024},
        {"wkwargs": {"periodic": True}},
        {"mel_scale": "slaney"},
    ],
    ids=str,
)
def test_another_front_end_is_noticed(changes) -> None:
    assert read_mel_filters(mel_state(**changes)) == (128, False)


def test_other_mel_bins_are_read() -> None:
    assert read_mel_filters(mel_state(n_mels=40)) == (40, True)
