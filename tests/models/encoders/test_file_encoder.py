"""TorchScript and ONNX files: what they take and give is found out."""

import copy
import pickle
import sys

import onnx
import pytest
import torch
from torch import nn

from encoder_cases import check_encoder, time_of_click
from lgc_plugin.models.encoders import FileEncoder

SIZE, HOP = 5, 1600

# TorchScript and this way of writing ONNX are deprecated, but files exist.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Network(nn.Module):
    """Convolutions; ``time_last``: (B, E, T), else (B, T, E)."""

    def __init__(self, window=HOP, time_last=True, seed=0, size=SIZE):
        super().__init__()
        torch.manual_seed(seed)
        self.conv = nn.Conv1d(1, size, window, HOP)
        self.dropout = nn.Dropout(0.5)
        self.time_last = time_last

    def forward(self, wavs):
        out = torch.tanh(20 * self.conv(wavs.unsqueeze(1)))
        out = self.dropout(out)
        return out if self.time_last else out.transpose(1, 2)


class Around(nn.Module):
    """Something around a network."""

    def __init__(self):
        super().__init__()
        self.inner = Network()


class OneClip(Around):
    """Takes one clip, (1, N)."""

    def forward(self, wavs):
        return self.inner(wavs.reshape(1, -1))


class OneWaveform(Around):
    """Takes samples, (N,), and gives (E, T)."""

    def forward(self, wav):
        return self.inner(wav.unsqueeze(0))[0]


class Relative(Around):
    """Its output depends on the other clips."""

    def forward(self, wavs):
        return self.inner(wavs / (wavs.abs().max() + 1e-6))


class Two(Around):
    """Has two outputs."""

    def forward(self, wavs):
        return wavs.mean(dim=1), self.inner(wavs)


def write_script(folder, network, name="net.pt"):
    path = folder / name
    torch.jit.script(network).save(path)
    return path


def write_onnx(folder, network, name="net.onnx", example=None, **more):
    path = folder / name
    example = torch.zeros(2, 4 * HOP) if example is None else example
    dynamic = {"wavs": {0: "batch", 1: "samples"}}
    if example.ndim == 1:
        dynamic = {"wavs": {0: "samples"}}
    elif len(example) == 1:
        dynamic = {"wavs": {1: "samples"}}
    torch.onnx.export(
        network.eval(),
        (example,),
        path,
        input_names=["wavs"],
        dynamic_axes=dynamic,
        dynamo=False,
        **more,
    )
    return path


WRITERS = [write_script, write_onnx]


def make(path, **more):
    settings = {"size": SIZE, "frame_seconds": 0.1, **more}
    return FileEncoder(path, **settings)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("time_last", [False, True])
def test_embeddings(tmp_path, write, time_last):
    network = Network(time_last=time_last)
    encoder = make(write(tmp_path, network))
    check_encoder(encoder)
    wavs = torch.randn(3, 16000)
    expected = network.eval()(wavs)
    expected = expected if time_last else expected.transpose(1, 2)
    torch.testing.assert_close(encoder(wavs), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("window", "seconds", "extra"), [(HOP, None, 0), (4000, 0.25, 1)]
)
def test_a_click_is_in_the_frame_of_its_time(
    tmp_path, write, window, seconds, extra
):
    path = write(tmp_path, Network(window))
    encoder = make(path, window_seconds=seconds)
    for frame in (0, 4, 7, 19):
        at = (frame + 0.5) * 0.1
        found = time_of_click(encoder, at, 32000)
        # Windows overlap, and any of those with the click may change most.
        assert abs(found - at) < 0.001 + extra * 0.1
    assert encoder(torch.zeros(1, 16001)).shape == (1, SIZE, 11)


def test_windows_lie_around_their_frames(tmp_path):
    network = Network(4000)
    network.conv.weight.data.fill_(0.01)
    encoder = make(write_script(tmp_path, network), window_seconds=0.25)
    wav = torch.zeros(1, 16000)
    wav[0, 8000 - 1200 - 1] = 1.0  # frame 5: 8000 to 9600, and 1200 around
    zero = encoder(torch.zeros_like(wav))
    changed = (encoder(wav) - zero).abs().sum(dim=1)[0].nonzero().flatten()
    assert changed.tolist() == [3, 4]
    wav = wav.roll(1, dims=1)
    changed = (encoder(wav) - zero).abs().sum(dim=1)[0].nonzero().flatten()
    assert changed.tolist() == [4, 5] or changed.tolist() == [3, 4, 5]


def test_files_for_one_clip_at_a_time(tmp_path):
    wavs = torch.randn(3, 8000)
    expected = Network().eval()(wavs)
    cases = {
        "BN": (Network(), torch.zeros(2, 6400)),
        "1N": (OneClip(), torch.zeros(1, 6400)),
        "N": (OneWaveform(), torch.zeros(6400)),
    }
    for shapes, (network, example) in cases.items():
        for path in (
            write_script(tmp_path, network),
            write_onnx(tmp_path, network, example=example),
        ):
            encoder = make(path)
            assert encoder._shapes == shapes, path
            found = encoder(wavs)
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_clips_that_depend_on_each_other_are_given_alone(tmp_path):
    encoder = make(write_script(tmp_path, Relative()))
    check_encoder(encoder)
    assert encoder._shapes == "1N"


@pytest.mark.parametrize("write", WRITERS)
def test_outputs(tmp_path, write):
    path = write(tmp_path, Two())
    assert make(path, output=1)(torch.zeros(1, 3200)).shape == (1, SIZE, 2)
    with pytest.raises(ValueError, match="gives no frame embeddings"):
        make(path)


def test_an_output_by_name(tmp_path):
    path = write_onnx(tmp_path, Two(), output_names=["mean", "frames"])
    assert make(path, output="frames")(torch.zeros(1, 1600)).shape[1] == SIZE


def test_the_layout_is_found_unless_both_axes_have_the_size(tmp_path):
    # 1 s gives as many frames as an embedding has numbers.
    for time_last in (False, True):
        network = Network(time_last=time_last, size=10)
        encoder = make(write_script(tmp_path, network), size=10)
        assert encoder.layout == ("BET" if time_last else "BTE")

    class Fixed(nn.Module):
        def forward(self, wavs):
            return wavs[:, :100].reshape(-1, 10, 10)

    path = write_script(tmp_path, Fixed())
    with pytest.raises(ValueError, match="set layout to BTE or BET"):
        make(path, size=10)
    assert make(path, size=10, layout="BTE").layout == "BTE"
    with pytest.raises(ValueError, match="expected BTE or BET"):
        make(path, layout="TBE")


def test_too_few_frames_and_other_sizes_are_refused(tmp_path):
    path = write_script(tmp_path, Network(4000))
    with pytest.raises(ValueError, match="gave 8 embeddings"):
        make(path)(torch.zeros(1, 16000))
    with pytest.raises(ValueError, match="size: 7 is neither"):
        make(path, size=7)


@pytest.mark.parametrize("write", WRITERS)
def test_the_fingerprint_follows_file_and_settings(tmp_path, write):
    path = write(tmp_path, Network())
    (tmp_path / "copied").write_bytes(path.read_bytes())
    other = write(tmp_path, Network(seed=1), name="other")
    prints = [
        make(path),
        make(str(tmp_path / "copied")),
        make(other),
        make(path, window_seconds=0.1),
        make(path, sample_rate=32000),
        make(path, frame_seconds=0.2),
    ]
    assert len({each.fingerprint for each in prints}) == 5


def test_onnx_weights_beside_the_file_count(tmp_path, monkeypatch):
    path = write_onnx(tmp_path, Network())
    model = onnx.load(path)
    onnx.save_model(
        model,
        path,
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    encoder = make(path)
    wavs = torch.randn(1, 8000)
    expected = encoder(wavs)
    stored = pickle.dumps(encoder)
    monkeypatch.chdir(tmp_path.parent)
    assert torch.equal(pickle.loads(stored)(wavs), expected)
    beside = tmp_path / "weights.bin"
    content = bytearray(beside.read_bytes())
    content[:4] = b"\0\0\0\0"
    beside.write_bytes(content)
    assert make(path).fingerprint != encoder.fingerprint
    for again in (lambda: pickle.loads(stored), lambda: copy.deepcopy(encoder)):
        with pytest.raises(ValueError, match="not the file that it was"):
            again()


def test_other_files_are_refused(tmp_path, monkeypatch):
    path = write_script(tmp_path, Network())
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match="neither a TorchScript file nor"):
        make(path)
    torch.save({"weights": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="not a whole TorchScript file"):
        make(path)
    path = write_onnx(tmp_path, Network())
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ValueError, match="ONNX file that onnxruntime"):
        make(path)
    with pytest.raises(FileNotFoundError):
        make(tmp_path / "absent")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r"pip install 'lgc_plugin\[onnx\]'"):
        make(path)
