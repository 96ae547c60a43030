"""A finished detector as one ONNX file, with its front end inside."""

from __future__ import annotations

import copy
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from lgc_plugin import __version__
from lgc_plugin.data.audio_files import FULL_SCALE
from lgc_plugin.evaluation.postprocess.class_settings import labeled_settings
from lgc_plugin.inference.prediction import run_on_windows
from lgc_plugin.inference.windows import WindowPlan
from lgc_plugin.utils.text import one_line

if TYPE_CHECKING:
    from onnx import ModelProto

    from lgc_plugin.inference.model.model_folder import LoadedModel
    from lgc_plugin.inference.model.model_settings import ModelSettings
    from lgc_plugin.models.encoders import FrameEncoder

_OPSET = 18  # the exporter's own; STFT is there from 17 on
_PACKAGES = "onnx, onnxscript and onnxruntime"
_DOCUMENTATION = {
    "wav": "Windows of a mono recording, full scale at 1, zeros behind the "
    "end. Rounded to 16 bits inside, as clips of the training were. A "
    "pretrained encoder, if there is one, reads the zeros too.",
    "n_samples": "Samples of each window that are no padding.",
    "frame_scores": "Probability of each class in each frame, before median "
    "filter and threshold; frames of padding mean nothing.",
    "clip_scores": "Probability of each class somewhere in the window.",
}


def require_onnx() -> None:
    """Refuses to begin where the packages of the extra are missing."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ValueError(
            f"ONNX needs the packages {_PACKAGES} ({error}): "
            "pip install 'lgc_plugin[onnx]'"
        ) from error


def make_onnx(model: LoadedModel, network: str) -> bytes:
    """One network of a detector, from samples to scores.

    What goes in, and comes out::

        wav           float32  (batch, window_samples)
        n_samples     int64    (batch,)
        frame_scores  float32  (batch, C, T')
        clip_scores   float32  (batch, C)

    They are the scores of
    :func:`~lgc_plugin.inference.prediction.run_on_windows` for samples
    that are rounded to 16 bits; the file rounds by itself. A pretrained encoder
    is in the file too, and reads whole windows, with the zeros behind the end
    of a recording; one that cannot be exported is a ValueError. All else that a
    detector is stands in the metadata, each value as JSON: ``labels``,
    ``sample_rate``, ``window_samples``, ``hop_samples`` (from one window of a
    long recording to the next), ``frame_seconds``, ``median_windows`` (in
    frames) and ``thresholds`` by class, what else of its
    :class:`.PostProcessing` is not the default, ``network`` and ``lgc_plugin``
    (its version).
    """
    from onnxscript import optimizer

    n_samples = model.settings.encoder().n_samples
    # Two: with one, its number would be taken for a constant.
    lengths = torch.tensor([n_samples, max(1, n_samples // 2)])
    with _quiet(), _explaining(model.frame_encoder):
        program = torch.onnx.export(
            _SamplesToScores(model),
            (torch.zeros(2, n_samples), lengths),
            input_names=["wav", "n_samples"],
            output_names=["frame_scores", "clip_scores"],
            dynamic_shapes={"wav": {0: "batch"}, "n_samples": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=True,
            optimize=False,
            verbose=False,
        )
        assert program is not None
        # Not optimize(), which takes the 1e-8 that keeps silence from 0 / 0
        # for a 0, and leaves it out.
        optimizer.inline(program.model)
        optimizer.fold_constants(program.model)
        optimizer.remove_unused_nodes(program.model)
    proto = program.model_proto
    _document(proto, model.settings, network)
    return proto.SerializeToString()


class _SamplesToScores(nn.Module):
    """A copy of a detector in the form that is exported."""

    def __init__(self, model: LoadedModel) -> None:
        super().__init__()
        self.front_end = copy.deepcopy(model.front_end)
        network: nn.Module = copy.deepcopy(model.network)
        network.rnn = OnnxGRU(model.network.rnn)
        self.network = network
        self.frame_encoder = copy.deepcopy(model.frame_encoder)
        self.pooling = model.settings.pooling
        n_fft = model.settings.front_end["n_fft"]
        if n_fft & (n_fft - 1):
            # onnxruntime's STFT is as exact as PyTorch's for powers of two
            # only; a pure tone is off by 20 dB elsewhere, in float32.
            mels = self.front_end.spectrogram
            mels.spectrogram = InDouble(mels.spectrogram)
        self.eval()

    def forward(self, wav: Tensor, n_samples: Tensor) -> tuple[Tensor, Tensor]:
        levels = torch.round(wav * FULL_SCALE)
        rounded = levels.clamp(-FULL_SCALE, FULL_SCALE - 1) / FULL_SCALE
        output = run_on_windows(
            self.front_end,
            self.network,
            rounded,
            n_samples,
            self.pooling,
            self.frame_encoder,
        )
        return output.frame, output.clip


def _document(proto: ModelProto, settings: ModelSettings, network: str) -> None:
    """Describes the model, without how it was traced."""
    proto.doc_string = (
        f"A sound event detector of lgc_plugin ({network}): samples to scores."
    )
    for value in (*proto.graph.input, *proto.graph.output):
        value.doc_string = _DOCUMENTATION[value.name]
    for part in (
        *(proto.graph, *proto.graph.node, *proto.graph.initializer),
        *(*proto.graph.value_info, *proto.graph.input, *proto.graph.output),
    ):
        # The exporter notes where in the source code each operation is.
        part.ClearField("metadata_props")
    for key, value in _metadata(settings, network).items():
        proto.metadata_props.add(key=key, value=json.dumps(value))


def _metadata(settings: ModelSettings, network: str) -> dict[str, object]:
    plan = WindowPlan.of(settings.encoder())
    return {
        "labels": settings.labels,
        "sample_rate": settings.sample_rate,
        "window_samples": plan.window_samples,
        "hop_samples": plan.hop_samples,
        "frame_seconds": settings.frame_seconds,
        **labeled_settings(settings.post_processing, settings.labels),
        "network": network,
        "lgc_plugin": __version__,
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses log messages of the exporter; errors are raised."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextmanager
def _explaining(encoder: FrameEncoder | None) -> Iterator[None]:
    """Says which encoder cannot be exported; the rest always can."""
    try:
        yield
    except Exception as error:  # whatever the exporter has to say
        if encoder is None:
            raise
        # The exporter's own error is an introduction of many lines.
        reason = one_line(error.__cause__ or error).partition(": ")[0]
        raise ValueError(
            f"the encoder {type(encoder).__name__} cannot be exported to ONNX "
            f"as it is set up here (PyTorch's exporter: {reason}): leave out "
            "--onnx, and detect with PyTorch"
        ) from error


_DIRECTIONS = ("", "_reverse")


class OnnxGRU(nn.Module):
    """A bidirectional GRU that is exported as ONNX's own operator.

    Left to the exporter, a GRU is traced once per time step, which takes
    minutes. Its scores exist in the exported model only: run in PyTorch, it
    gives zeros.
    """

    def __init__(self, gru: nn.GRU) -> None:
        super().__init__()
        self.hidden_size = gru.hidden_size
        self.num_layers = gru.num_layers
        for layer in range(gru.num_layers):
            for name, tensor in _layer_weights(gru, layer).items():
                self.register_buffer(f"{name}_{layer}", tensor)

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        """Maps (B, T, I) to (B, T, 2 * hidden_size); no last state."""
        # ONNX runtimes know only the layout with the time first.
        x = x.transpose(0, 1)
        for layer in range(self.num_layers):
            n_steps, n_clips, _ = x.shape
            names = (f"{name}_{layer}" for name in ("inputs", "states", "bias"))
            y = torch.onnx.ops.symbolic(
                "GRU",
                (x, *(self.get_buffer(name) for name in names)),
                {
                    "hidden_size": self.hidden_size,
                    "direction": "bidirectional",
                    # As PyTorch: the reset gate acts behind the matrix.
                    "linear_before_reset": 1,
                },
                dtype=x.dtype,
                shape=(n_steps, 2, n_clips, self.hidden_size),
            )
            x = y.transpose(1, 2).flatten(2)
        return x.transpose(0, 1), None


class InDouble(nn.Module):
    """A part that is computed in double precision, from and to float32.

    Example
    -------
    >>> InDouble(nn.Linear(2, 1))(torch.ones(2)).dtype
    torch.float32
    """

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part.double()

    def forward(self, x: Tensor) -> Tensor:
        """Maps float32 to float32."""
        return self.part(x.double()).float()


def _layer_weights(gru: nn.GRU, layer: int) -> dict[str, Tensor]:
    """One layer in ONNX's form: both directions, gates in its order."""
    rows: dict[str, list[Tensor]] = {"inputs": [], "states": [], "bias": []}
    for direction in _DIRECTIONS:
        weights = {
            name: _gates(getattr(gru, f"{name}_l{layer}{direction}"))
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        }
        rows["inputs"].append(weights["weight_ih"])
        rows["states"].append(weights["weight_hh"])
        biases = [weights["bias_ih"], weights["bias_hh"]]
        rows["bias"].append(torch.cat(biases))
    return {name: torch.stack(both) for name, both in rows.items()}


def _gates(weight: Tensor) -> Tensor:
    """PyTorch keeps reset, update, new; ONNX update, reset, new."""
    reset, update, new = weight.detach().chunk(3)
    return torch.cat([update, reset, new])
