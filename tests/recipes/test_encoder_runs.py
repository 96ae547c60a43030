"""The recipe with a frame encoder, through its real command line."""

import json
import shutil

import pytest
import torch

from forked import ROOT
from pretrained_encoder import check_keys
from tiny_encoder import TinyEncoder

OBJECT = """\
encoder_size: 6
frame_encoder: !new:tiny_encoder.TinyEncoder
    sample_rate: !ref <sample_rate>
"""
# tests/ is where the object is found.
ON_PATH = f"import sys; sys.path.append({str(ROOT / 'tests')!r})"


def results(folder):
    return json.loads((folder / "results.json").read_text())


@pytest.fixture(scope="module")
def embed(train, tmp_path_factory):
    """The recipe with the tiny encoder."""
    file = tmp_path_factory.mktemp("overrides") / "tiny_encoder.yaml"
    file.write_text(OBJECT)

    def run(folder, *words, **options):
        given = f"--overrides={file}"
        words = (given, "--n_bootstrap=0", *words)
        return train(folder, *words, before=ON_PATH, **options)

    return run


@pytest.fixture(scope="module")
def whole(embed, tmp_path_factory):
    """An uninterrupted run, and its process."""
    folder = tmp_path_factory.mktemp("run") / "whole"
    return folder, embed(folder)


def checkpoint_of(folder):
    return min(folder.glob("save/CKPT*"))


def test_embeddings_are_computed_once_and_kept(embed, whole):
    folder, done = whole
    fingerprint = TinyEncoder().fingerprint[:16]
    assert "0 of 26 embeddings are there; 26" in done.stdout + done.stderr
    settings = json.loads((folder / "settings.json").read_text())
    assert settings["frame_encoder"] == f"TinyEncoder {fingerprint}"
    text = (folder / "hyperparams.yaml").read_text()
    assert "!new:tiny_encoder.TinyEncoder" in text
    # Nobody would find this class beside the model.
    assert "no model/ folder: frame_encoder is made by tiny_e" in done.stderr
    again = embed(folder.with_name("again"), "--number_of_epochs=1")
    assert "26 of 26 embeddings are there; 0" in again.stdout + again.stderr


def test_the_encoder_is_in_no_checkpoint(whole):
    of_encoder = TinyEncoder().weight.shape
    states = [
        torch.load(checkpoint_of(whole[0]) / f"{name}.ckpt")
        for name in ("model", "lgc")
    ]
    for state in states:
        tensors = [t for t in state.values() if torch.is_tensor(t)]
        assert all(t.shape != of_encoder for t in tensors)
    assert states[0]["embedding_norm.weight"].shape == (6,)


def test_test_only_repeats_the_scores(embed, whole, tmp_path):
    """On two processes, with embeddings that are computed on the spot."""
    folder = tmp_path / "copy"
    shutil.copytree(whole[0], folder)
    (folder / "results.json").unlink()
    done = embed(folder, "--test_only", processes=2)
    assert "embeddings are there" not in done.stdout + done.stderr
    assert results(folder)["scores"] == results(whole[0])["scores"]


def test_two_processes_train_in_half_precision(embed, tmp_path):
    """All parts of the method, on embeddings alone."""
    words = "--precision=bf16 --number_of_epochs=2 --contrast_start_epoch=1 "
    words += "--ict_weight=2 --sct_weight=2 --filters=[] --pooling=[[4,16]] "
    words += "--time_mask=true --frame_shift_std=9"
    embed(tmp_path / "two", *words.split(), processes=2)
    log = (tmp_path / "two" / "train_log.txt").read_text()
    assert len(log.splitlines()) == 2 and "nan" not in log
    model = torch.load(checkpoint_of(tmp_path / "two") / "model.ckpt")
    assert model["fusion.weight"].shape == (6, 1 + 6)
    assert not [name for name in model if name.startswith("blocks")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--frame_encoder={seed: 1}"],
            "began with frame_encoder = TinyEncoder",
        ),
        (["--encoder_dropout=0.1"], "began with encoder_dropout = 0.5, now"),
        (["--encoder_size=7"], "give --encoder_size=6"),
        (
            ["--frame_encoder=null"],
            "encoder_size is given, but there is no frame_encoder: give both",
        ),
        (["--encoder_weights=gone.pt"], "gone.pt (encoder_weights) is not the"),
        (["--frame_encoder={sample_rate: 8000}"], "was given 8000: give it"),
        (["--frame_encoder={layer: 3}"], "keyword argument 'layer'"),
    ],
)
def test_another_encoder_is_refused_in_one_line(embed, whole, words, message):
    before = (whole[0] / "settings.json").read_bytes()
    done = embed(whole[0], *words, check=False)
    assert done.returncode == 2
    assert message in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert (whole[0] / "settings.json").read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ["--encoder_layer=3"],
        ["--encoder_size=512"],
        ["--encoder_weights=yamnet.h5", "--encoder_layer=3"],
        ["--encoder_lr=0.1"],
        ["--encoder_in_loop=true"],
    ],
)
def test_keys_of_an_encoder_that_is_not_there_are_refused(words):
    names = [word.partition("=")[0][2:] for word in words]
    given = dict.fromkeys(names, 1)
    with pytest.raises(ValueError, match="no frame_encoder") as raised:
        check_keys({"frame_encoder": None}, given)
    assert all(name in str(raised.value) for name in names)
    check_keys({"frame_encoder": {"!new": "BEATs"}}, given)
    # As they are without an encoder.
    check_keys({"frame_encoder": None}, {"encoder_norm": False, "lr": 0.1})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("yamnet", "download Google's yamnet.h5 to it"),
        ("beats", "download Microsoft's BEATs_iter3_plus_AS2M.pt to it"),
        ("ssl", "download a model's folder from Hugging Face to it"),
    ],
)
def test_weights_to_download_are_named(train, tmp_path, name, message):
    file = f"--overrides={ROOT}/hparams/lgc_{name}.yaml"
    gone = f"--encoder_weights={tmp_path}/gone"
    done = train(tmp_path / "run", file, gone, check=False)
    assert done.returncode == 2
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith(f"train.py: error: {tmp_path}/gone")
    assert message in line
