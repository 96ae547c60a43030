"""What a folder of transformers may hold, and what is refused."""

import socket
import sys

import pytest
import torch
import transformers

from lgc_plugin.models.encoders import TransformersEncoder
from tiny_transformers import make_extractor, make_folder, make_network


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_half_precision_and_adapters_of_a_folder(tmp_path):
    network = make_network("wav2vec2", add_adapter=True)
    network.half().save_pretrained(tmp_path)
    make_extractor("wav2vec2").save_pretrained(tmp_path)
    encoder = TransformersEncoder(tmp_path)
    assert {x.dtype for x in encoder.parameters()} == {torch.float32}
    assert encoder(torch.randn(1, 16000)).shape == (1, 16, 50)


def test_weights_of_older_pages(tmp_path):
    folder = make_folder(tmp_path, "wav2vec2")
    wavs = torch.randn(1, 16000)
    expected = TransformersEncoder(folder)(wavs)
    (folder / "model.safetensors").unlink()
    # Older files have other names for the parts of a weight norm.
    state = {
        key.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): tensor
        for key, tensor in make_network("wav2vec2").state_dict().items()
    }
    assert any("weight_g" in key for key in state)
    torch.save(state, folder / "pytorch_model.bin")
    assert torch.equal(TransformersEncoder(folder)(wavs), expected)


def test_a_fine_tuned_model_gives_its_encoder(tmp_path):
    config = make_network("wav2vec2").config
    config.vocab_size = 5
    whole = transformers.Wav2Vec2ForCTC(config)
    whole.save_pretrained(tmp_path)
    make_extractor("wav2vec2").save_pretrained(tmp_path)
    encoder = TransformersEncoder(tmp_path)
    found = encoder.model.network.feature_projection.projection.weight
    assert torch.equal(
        found, whole.wav2vec2.feature_projection.projection.weight
    )


def test_the_fingerprint_follows_files_and_settings(tmp_path):
    first = make_folder(tmp_path / "a", "wav2vec2")
    same = make_folder(tmp_path / "b", "wav2vec2")
    prints = [
        TransformersEncoder(first),
        TransformersEncoder(str(same)),
        TransformersEncoder(first, layer=1),
        TransformersEncoder(first, layer=2),
        TransformersEncoder(first, sample_rate=8000),
        TransformersEncoder(make_folder(tmp_path / "c", "wav2vec2", seed=1)),
        TransformersEncoder(
            make_folder(
                tmp_path / "d", "wav2vec2", extractor={"do_normalize": False}
            )
        ),
    ]
    assert len({each.fingerprint for each in prints}) == 6


def test_loading_leaves_the_random_numbers_alone(tmp_path, capsys):
    folder = make_folder(tmp_path, "wav2vec2")
    capsys.readouterr()
    state = torch.get_rng_state()
    TransformersEncoder(folder)
    assert torch.equal(torch.get_rng_state(), state)
    assert capsys.readouterr() == ("", "")


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no config\.json in it"):
        TransformersEncoder(tmp_path)
    folder = make_folder(tmp_path / "a", "wav2vec2")
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:1000])
    with pytest.raises(ValueError, match="download its files again"):
        TransformersEncoder(folder)
    weights.unlink()
    with pytest.raises(ValueError, match="no weights in it"):
        TransformersEncoder(folder)
    make_network("hubert").save_pretrained(tmp_path / "other")
    config = folder / "config.json"
    text = config.read_text()
    other = transformers.BertConfig(hidden_size=16, num_attention_heads=2)
    transformers.BertModel(other).save_pretrained(folder)
    with pytest.raises(ValueError, match="kind 'bert' cannot be used, only"):
        TransformersEncoder(folder)
    config.write_text(text)
    with pytest.raises(ValueError, match="of its weights are not in the file"):
        TransformersEncoder(folder)
    config.write_text("{")
    with pytest.raises(ValueError, match=r"config\.json: damaged"):
        TransformersEncoder(folder)
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(ValueError, match=r"no preprocessor_config\.json"):
        TransformersEncoder(folder)


def test_without_the_package(tmp_path, monkeypatch):
    folder = make_folder(tmp_path, "wav2vec2")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError, match=r"pip install 'lgc_plugin\[enc"):
        TransformersEncoder(folder)
