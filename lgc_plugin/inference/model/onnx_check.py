"""An ONNX file held to the detector that it was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from lgc_plugin.inference.audio.samples import round_to_16_bits
from lgc_plugin.inference.window_network import run_on_windows, stack_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from torch import Tensor

    from lgc_plugin.inference.model.model_folder import LoadedModel
    from lgc_plugin.inference.model.model_settings import ModelSettings

Windows = list["NDArray[np.float32]"]

TOLERANCE = 1e-4
"""Scores may differ by so much."""

_TONES = (110.0, 440.0, 3000.0)


def check_onnx(content: bytes, model: LoadedModel, name: str) -> float:
    """Compares onnxruntime's scores with PyTorch's on :func:`sample_windows`.

    Arguments
    ---------
    content : bytes
        From :func:`~lgc_plugin.inference.model.onnx_model.make_onnx`.
    model : LoadedModel
        What it was made of.
    name : str
        What the error calls it.

    Returns
    -------
    float
        The largest difference of any frame or clip score.

    Raises
    ------
    ValueError
        If it is more than :data:`TOLERANCE`.
    """
    windows = sample_windows(model.settings)
    session = open_session(content)
    largest = np.float32(0)
    # All at once, and each alone: neither number may be built in.
    for batch in (windows, *([window] for window in windows)):
        wavs, n_samples = stack_windows(batch, len(windows[0]))
        inputs = {"wav": wavs.numpy(), "n_samples": n_samples.numpy()}
        found = session.run(["frame_scores", "clip_scores"], inputs)
        for ours, theirs in zip(
            found, _expected(model, wavs, n_samples), strict=True
        ):
            # A NaN stays one, and is refused below.
            largest = np.maximum(largest, np.abs(ours - theirs.numpy()).max())
    if not largest <= TOLERANCE:
        raise ValueError(
            f"{name}: the scores of onnxruntime {_version()} are not those of "
            f"PyTorch but differ by up to {largest:.2g}; {TOLERANCE:g} is "
            "allowed, so nothing was written: try another version of "
            "onnxruntime"
        )
    return float(largest)


def open_session(content: bytes) -> InferenceSession:
    """Opens an ONNX model with onnxruntime, on the CPU.

    Arguments
    ---------
    content : bytes
        Of an ``.onnx`` file.

    Returns
    -------
    onnxruntime.InferenceSession
        With as many threads as PyTorch has, and no other output than errors.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        content, options, providers=["CPUExecutionProvider"]
    )


def sample_windows(settings: ModelSettings) -> Windows:
    """Sounds in which a wrong front end or mask would show.

    Arguments
    ---------
    settings : ModelSettings
        Their length and sample rate.

    Returns
    -------
    list[numpy.ndarray]
        Noise, tones that stop, noise beyond full scale, silence; then a
        window that ends after a third, and one of a single sample.

    Example
    -------
    >>> from lgc_plugin.inference.model.model_settings import ModelSettings
    >>> from lgc_plugin.inference.model.plain_values import default_arguments
    >>> from lgc_plugin import CRNN, LogMel
    >>> parts = default_arguments(LogMel), default_arguments(CRNN)
    >>> settings = ModelSettings(tuple("abcdefghij"), 1.5, *parts, 7)
    >>> [len(window) for window in sample_windows(settings)]
    [24000, 24000, 24000, 24000, 8000, 1]
    """
    count, rate = settings.encoder().n_samples, settings.sample_rate
    noise = np.random.default_rng(0).uniform(-1, 1, count)
    time = np.arange(count) / rate
    tones = sum(0.2 * np.sin(2 * np.pi * pitch * time) for pitch in _TONES)
    windows = [
        0.3 * noise,
        # Noise, since without any, PyTorch's own rounding is what is heard
        # between the tones; then silence, down to the lowest level there is.
        (tones + 1e-3 * noise) * (np.arange(count) < count // 2),
        3.0 * noise,
        np.zeros(count),
        0.1 * noise[: max(1, count // 3)],
        noise[:1],
    ]
    return [window.astype(np.float32) for window in windows]


def _expected(
    model: LoadedModel, wavs: Tensor, n_samples: Tensor
) -> tuple[Tensor, Tensor]:
    """PyTorch's frame and clip scores."""
    rounded = torch.from_numpy(round_to_16_bits(wavs.numpy()))
    with torch.no_grad():
        output = run_on_windows(
            model.front_end,
            model.network,
            rounded,
            n_samples,
            model.settings.pooling,
        )
    return output.frame, output.clip


def _version() -> str:
    import onnxruntime

    return onnxruntime.__version__
