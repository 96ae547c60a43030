"""A model folder that names a pretrained encoder."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import torch

from encoder_model_cases import (
    SAVED,
    SavedEncoder,
    encoder_settings,
    save_weights,
)
from lgc_plugin.inference.model import model_encoder
from lgc_plugin.inference.model.model_encoder import (
    UnknownEncoderError,
    describe_encoder,
    encoder_class,
    register_encoder,
)
from lgc_plugin.inference.model.model_files import model_digest
from lgc_plugin.inference.model.model_folder import (
    read_model,
    read_models,
    write_model,
)
from lgc_plugin.models import encoders
from lgc_plugin.models.encoders import FrameEncoder
from lgc_plugin.utils.checksums import write_sums
from model_cases import NETWORKS, small_settings, used_network


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return save_weights(tmp_path / "weights" / "tiny.pt")


@pytest.fixture
def written(tmp_path: Path, weights: Path) -> Path:
    settings = encoder_settings(weights)
    names = ("student", "teacher")
    networks = {n: used_network(settings, i) for i, n in enumerate(names)}
    write_model(tmp_path / "model", settings, networks)
    return tmp_path / "model"


def change(folder: Path, old: str, new: str) -> None:
    """Edits the settings, as a stranger who knows about digests could."""
    file = folder / "model.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    write_sums(folder)


def test_the_encoder_comes_back_as_it_was(written: Path, weights: Path) -> None:
    wavs = torch.rand(2, 16000) - 0.5
    models = read_models(written)
    for model in models.values():
        assert model.settings == encoder_settings(weights)
        expected = SavedEncoder(str(weights)).embed(wavs)
        assert torch.equal(model.frame_encoder.embed(wavs), expected)
        assert not model.frame_encoder.training
    assert models["student"].frame_encoder is models["teacher"].frame_encoder


def test_all_arguments_are_kept_and_weights_by_absolute_path(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(weights.parent)
    entry = describe_encoder(SAVED, {"weights": "tiny.pt"}, "abc")
    assert entry == {
        "class": SAVED,
        "arguments": {"weights": str(weights), "size": 6, "sample_rate": 16000},
        "fingerprint": "abc",
    }


def test_reading_spends_no_random_numbers(written: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    read_model(written)
    assert torch.equal(torch.rand(3), expected)


def test_weights_that_lie_elsewhere(
    written: Path, weights: Path, tmp_path: Path
) -> None:
    moved = weights.rename(tmp_path / "moved.pt")
    message = (
        f"{written / 'model.yaml'}: the weights of its encoder SavedEncoder "
        f"are missing (they were in {weights}, where they are not now): give "
        "them with encoder_weights (--encoder-weights PATH)"
    )
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}$"):
        read_model(written)
    model = read_model(written, encoder_weights=moved)
    assert model.frame_encoder.fingerprint
    with pytest.raises(FileNotFoundError, match="no such file or folder: x.pt"):
        read_model(written, encoder_weights="x.pt")


def test_other_weights_are_refused_in_one_sentence(
    written: Path, weights: Path, tmp_path: Path
) -> None:
    expected = SavedEncoder(str(weights)).fingerprint[:12]
    other = save_weights(tmp_path / "other.pt", seed=2)
    found = SavedEncoder(str(other)).fingerprint[:12]
    message = (
        f"trained with weights of SavedEncoder whose fingerprint is {expected},"
        f" those of {other} have {found}: give the weights of the training"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        read_model(written, encoder_weights=other)
    save_weights(weights, seed=2)  # replaced where they were
    with pytest.raises(ValueError, match=f"those of {weights} have {found}"):
        read_model(written)


def test_damaged_weights_are_named(written: Path, weights: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:100])
    where = re.escape(str(written / "model.yaml"))
    with pytest.raises(ValueError, match=f"^{where}: its encoder SavedEncoder"):
        read_model(written)


def test_the_digest_of_a_model_is_that_of_its_encoder_too(
    written: Path, weights: Path
) -> None:
    before = model_digest(written, "teacher")
    network = read_model(written).network
    settings = encoder_settings(save_weights(weights, seed=2))
    write_model(written, settings, {"teacher": network})
    assert model_digest(written, "teacher") != before


def test_a_fingerprint_is_needed(tmp_path: Path, weights: Path) -> None:
    entry = describe_encoder(SAVED, {"weights": str(weights)})
    settings = encoder_settings(weights, frame_encoder=entry)
    networks = {"teacher": used_network(settings, 1)}
    with pytest.raises(ValueError, match="fingerprint of the encoder's w"):
        write_model(tmp_path / "m", settings, networks)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "tiny_encoder.TinyEncoder",
        "lgc_plugin.models.encoders.FrameEncoder",
        "lgc_plugin.models.encoders.FrameEncoder.encode",
        "lgc_plugin.models.encoders.align_embeddings",
        "lgc_plugin.models.encoders.os.FrameEncoder",
        "lgc_plugin.models.crnn.CRNN",
        "FrameEncoder",
        "",
        "[YAMNet]",
    ],
)
def test_no_other_class_is_made(written: Path, name: str) -> None:
    with pytest.raises(UnknownEncoderError, match="only the encoders of"):
        encoder_class(name)
    change(written, f'"{SAVED}"', name)
    with pytest.raises(ValueError, match="can be named by a model folder"):
        read_model(written)


def test_every_encoder_of_the_package_can_be_named() -> None:
    for name in encoders.__all__:
        part = getattr(encoders, name)
        if part is FrameEncoder or not isinstance(part, type):
            continue
        if issubclass(part, FrameEncoder):
            short = f"{encoders.__name__}.{name}"
            assert encoder_class(short) is part
            assert encoder_class(f"{part.__module__}.{name}") is part
            assert next(iter(inspect.signature(part).parameters)) == "weights"


def test_a_file_that_is_a_program_is_opened_only_if_it_is_given(
    written: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_encoder, "_RUN_THEIR_FILE", ("SavedEncoder",))
    message = f"is not opened unasked: if you trust {weights}, give it with"
    with pytest.raises(ValueError, match=message):
        read_model(written)
    assert read_model(written, encoder_weights=weights).frame_encoder


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices")
def test_a_device_is_no_file_of_weights(written: Path, weights: Path) -> None:
    change(written, str(weights), "/dev/zero")
    with pytest.raises(FileNotFoundError, match="they were in /dev/zero"):
        read_model(written)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    size: 6", "    length: 6", "arguments: unknown length"),
        ("    size: 6", "    size: true", "its encoder SavedEncoder"),
        ("    size: 6", "    size: 99999", "size is too large: at most 65536"),
        ("  encoder_size: 6", "  encoder_size: 5", "is 5, that of the encoder"),
        ("  fingerprint:", "  digest:", "missing fingerprint; unknown digest"),
        ("  encoder_size: 6", "  encoder_size: 0", "give both, or neither"),
        ("  encoder_size: 6", "  encoder_size: -1", "must be like 0"),
        ("  encoder_norm: true", "  encoder_norm: 1", "must be like True"),
        ("  fusion_size: 7", "  fusion_size: 0", "must be like None"),
        (
            "    sample_rate: 16000",
            "    sample_rate: 8000",
            "frame_encoder: sample_rate is 8000, the front end has 16000",
        ),
    ],
)
def test_wrong_settings_are_refused(
    written: Path, old: str, new: str, message: str
) -> None:
    change(written, old, new)
    with pytest.raises(ValueError, match=message):
        read_model(written)


def test_a_model_without_encoder_needs_no_weights(tmp_path: Path) -> None:
    write_model(tmp_path / "plain", small_settings(), NETWORKS)
    text = (tmp_path / "plain" / "model.yaml").read_text(encoding="utf-8")
    assert "encoder" not in text and "fusion" not in text
    assert read_model(tmp_path / "plain").frame_encoder is None
    with pytest.raises(ValueError, match="the model has no pretrained encoder"):
        read_model(tmp_path / "plain", encoder_weights=tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sample_rate": 8000}, "sample_rate is 16000, that of the encoder"),
        ({"frame_seconds": 1e-9}, "every 1e-09 s is more than can be computed"),
    ],
)
def test_an_encoder_that_cannot_be_run_is_refused(
    tmp_path: Path, weights: Path, changes: dict, message: str
) -> None:
    """Where no argument says so."""

    class Odd(SavedEncoder):
        def __init__(self, weights: str) -> None:
            super().__init__(weights)
            vars(self).update(changes)

    entry = describe_encoder(
        register_encoder(Odd),
        {"weights": str(weights)},
        Odd(str(weights)).fingerprint,
    )
    settings = encoder_settings(weights, frame_encoder=entry)
    network = used_network(settings, 1)
    write_model(tmp_path / "model", settings, {"teacher": network})
    with pytest.raises(ValueError, match=message):
        read_model(tmp_path / "model")
