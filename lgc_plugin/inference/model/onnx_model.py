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
from lgc_plugin.data.clip_files import FULL_SCALE
from lgc_plugin.inference.model.onnx_parts import InDouble, OnnxGRU
from lgc_plugin.inference.window_network import run_on_windows
from lgc_plugin.inference.window_plan import WindowPlan

if TYPE_CHECKING:
    from onnx import ModelProto

    from lgc_plugin.inference.model.model_folder import LoadedModel
    from lgc_plugin.inference.model.model_settings import ModelSettings

_OPSET = 18  # the exporter's own; STFT is there from 17 on
_PACKAGES = "onnx, onnxscript and onnxruntime"
_DOCUMENTATION = {
    "wav": "Windows of a mono recording, full scale at 1, zeros behind the "
    "end. Rounded to 16 bits inside, as clips of the training were.",
    "n_samples": "Samples of each window that are no padding.",
    "frame_scores": "Probability of each class in each frame, before median "
    "filter and threshold; frames of padding mean nothing.",
    "clip_scores": "Probability of each class somewhere in the window.",
}


def require_onnx() -> None:
    """Refuses to begin where the packages of the extra are missing.

    Raises
    ------
    ValueError
        If they are not installed, or cannot be loaded.

    Example
    -------
    >>> require_onnx()
    """
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
    :func:`~lgc_plugin.inference.window_network.run_on_windows` for samples
    that are rounded to 16 bits; the file rounds by itself. All else that a
    detector is stands in the metadata, each value as JSON: ``labels``,
    ``sample_rate``, ``window_samples``, ``hop_samples`` (from one window of a
    long recording to the next), ``frame_seconds``, ``median_windows`` (in
    frames) and ``thresholds`` by class, ``network`` and ``lgc_plugin`` (its
    version).

    Arguments
    ---------
    model : LoadedModel
        From :func:`~lgc_plugin.inference.model.model_folder.read_model`. Not
        changed.
    network : str
        Its name, for the metadata.

    Returns
    -------
    bytes
        The content of an ``.onnx`` file that needs no other.

    Example
    -------
    >>> import onnxruntime
    >>> from lgc_plugin import CRNN, LogMel
    >>> from lgc_plugin.inference.model.model_folder import LoadedModel
    >>> from lgc_plugin.inference.model.model_settings import ModelSettings
    >>> from lgc_plugin.inference.model.plain_values import default_arguments
    >>> front_end = {**default_arguments(LogMel), "n_mels": 16}
    >>> network = {
    ...     **default_arguments(CRNN),
    ...     **{"n_classes": 1, "n_mels": 16, "filters": (4,)},
    ...     **{"pooling": ((4, 4),), "rnn_size": 8},
    ... }
    >>> settings = ModelSettings(("Cat",), 1.0, front_end, network, 7)
    >>> parts = LogMel(**front_end).eval(), CRNN(**network).eval()
    >>> content = make_onnx(LoadedModel(settings, *parts), "teacher")
    >>> session = onnxruntime.InferenceSession(content)
    >>> about = session.get_modelmeta().custom_metadata_map
    >>> json.loads(about["labels"]), int(about["window_samples"])
    (['Cat'], 16000)
    >>> wav = torch.zeros(2, 16000).numpy()  # a whole window, and half of one
    >>> inputs = {"wav": wav, "n_samples": [16000, 8000]}
    >>> [scores.shape for scores in session.run(None, inputs)]
    [(2, 1, 15), (2, 1)]
    """
    from onnxscript import optimizer

    n_samples = model.settings.encoder().n_samples
    # Two: with one, its number would be taken for a constant.
    lengths = torch.tensor([n_samples, max(1, n_samples // 2)])
    with _quiet():
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
        self.network = copy.deepcopy(model.network)
        self.network.rnn = OnnxGRU(self.network.rnn)
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
            self.front_end, self.network, rounded, n_samples, self.pooling
        )
        return output.frame, output.clip


def _document(proto: ModelProto, settings: ModelSettings, network: str) -> None:
    """Says what the model is, and nothing of how it was traced."""
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
    thresholds = settings.decision_threshold
    if not isinstance(thresholds, dict):
        thresholds = dict.fromkeys(settings.labels, thresholds)
    return {
        "labels": settings.labels,
        "sample_rate": settings.sample_rate,
        "window_samples": plan.window_samples,
        "hop_samples": plan.hop_samples,
        "frame_seconds": settings.frame_seconds,
        "median_windows": settings.median_windows,
        "thresholds": thresholds,
        "network": network,
        "lgc_plugin": __version__,
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing of what the exporter says about itself; errors are raised."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
