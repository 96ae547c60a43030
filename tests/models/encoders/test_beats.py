"""BEATs through SpeechBrain's class: frames in time, nothing random."""

import pytest
import torch
from torch import nn

from encoder_cases import check_encoder, time_of_click, without_attention
from lgc_plugin.models.encoders import BEATs
from tiny_beats import make_file, make_network


@pytest.mark.parametrize("fine_tuned", [False, True])
def test_embeddings(tmp_path, fine_tuned):
    more = {"finetuned_model": fine_tuned, "predictor_class": 5}
    encoder = BEATs(make_file(tmp_path, **more))
    assert (encoder.size, encoder.frame_seconds) == (16, 0.16)
    check_encoder(encoder)


@pytest.mark.parametrize("layer", [1, 2, 3, None])
def test_frames_are_means_of_the_tokens_of_speechbrains_class(tmp_path, layer):
    network, _ = make_network()
    network.output_all_hiddens = layer is not None
    wavs = torch.randn(2, 160000)
    padded = nn.functional.pad(wavs, (120, 1280 + 120))
    tokens = network(padded, torch.ones(2))[0]
    if layer is not None:
        tokens = tokens[layer].transpose(0, 1)
    assert tokens.shape == (2, 63 * 8, 16)
    expected = tokens.view(2, 63, 8, 16).mean(dim=2).transpose(1, 2)
    found = BEATs(make_file(tmp_path), layer)(wavs)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("at", [0.08, 0.4, 1.36, 2.16])
@pytest.mark.parametrize("rate", [16000, 32000])
def test_a_click_is_in_the_frame_of_its_time(tmp_path, at, rate):
    encoder = BEATs(make_file(tmp_path), sample_rate=rate)
    without_attention(encoder)
    found = time_of_click(encoder, at, round(2.24 * rate))
    assert abs(found - at) < 0.001


def test_frames_end_where_they_should(tmp_path):
    encoder = without_attention(BEATs(make_file(tmp_path)))
    for at, frame in ((0.315, 1), (0.325, 2), (0.475, 2), (0.485, 3)):
        found = time_of_click(encoder, at, 16000)
        assert found == pytest.approx((frame + 0.5) * 0.16)


def test_the_fingerprint_follows_file_and_settings(tmp_path):
    first, second = make_file(tmp_path), make_file(tmp_path, seed=1)
    copied = tmp_path / "copied.pt"
    copied.write_bytes(first.read_bytes())
    prints = [
        BEATs(first),
        BEATs(str(copied)),
        BEATs(second),
        BEATs(first, layer=1),
        BEATs(first, layer=2),
        BEATs(first, sample_rate=32000),
    ]
    assert len({each.fingerprint for each in prints}) == 5


def test_loading_leaves_the_random_numbers_alone(tmp_path):
    path = make_file(tmp_path)
    state = torch.get_rng_state()
    BEATs(path)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("layer", [0, 4, -1])
def test_layers_that_do_not_exist_are_refused(tmp_path, layer):
    with pytest.raises(ValueError, match=rf"layer: {layer}, .* layers 1 to 3"):
        BEATs(make_file(tmp_path), layer)


def test_other_files_are_refused(tmp_path):
    path = make_file(tmp_path)
    whole = path.read_bytes()
    content = torch.load(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"not a whole checkpoint of BEATs"):
        BEATs(path)
    path.write_bytes(b"no checkpoint")
    with pytest.raises(ValueError, match=r"not a whole checkpoint of BEATs"):
        BEATs(path)
    torch.save([1], path)
    with pytest.raises(ValueError, match="it holds list"):
        BEATs(path)
    torch.save({"state_dict": {}, "epoch": 1}, path)
    with pytest.raises(ValueError, match="but epoch, state_dict"):
        BEATs(path)
    torch.save({"cfg": {"encoder_layers": "x"}, "model": {}}, path)
    with pytest.raises(ValueError, match="SpeechBrain's class can load"):
        BEATs(path)
    del content["model"]["layer_norm.weight"]
    torch.save(content, path)
    with pytest.raises(ValueError, match="Missing key"):
        BEATs(path)
    with pytest.raises(FileNotFoundError):
        BEATs(tmp_path / "absent.pt")
