"""A finished detector, copied to where it will work; ONNX files are checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from lgc_plugin.inference.model.model_files import (
    MODEL_FOLDER,
    check_replaceable,
    find_model,
)
from lgc_plugin.inference.model.model_folder import read_models, write_model
from lgc_plugin.inference.model.onnx_model import make_onnx, require_onnx
from lgc_plugin.inference.prediction import run_on_windows, stack_windows
from lgc_plugin.inference.samples import round_to_16_bits

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from torch import Tensor

    from lgc_plugin.inference.model.model_folder import LoadedModel
    from lgc_plugin.inference.model.model_settings import ModelSettings


class ExportedModel(NamedTuple):
    """What :func:`export_model` wrote."""

    #: All files of the folder, by name.
    files: list[Path]
    #: The networks that are in it.
    networks: list[str]
    #: By how much the scores of ONNX differ from PyTorch's at most, by
    #: network; empty if no ONNX file was asked for.
    differences: dict[str, float]


def export_model(
    source: str | Path,
    folder: str | Path,
    networks: Sequence[str] | None = None,
    *,
    onnx: bool = False,
    encoder_weights: str | Path | None = None,
) -> ExportedModel:
    """Writes a model folder that needs nothing else beside it.

    Weights and settings are read, held to each other and written again, bit
    for bit. An older export is replaced, with its ONNX files, whole or not at
    all.

    Arguments
    ---------
    source : str or Path
        Folder of a run, or a model folder.
    folder : str or Path
        The new model folder; missing parents are made.
    networks : Sequence[str], optional
        ``student``, ``teacher``; None means all that there are.
    onnx : bool
        Whether to write an ONNX file of each network too. It is compared
        with PyTorch first.
    encoder_weights : str or Path, optional
        Where the weights of the pretrained encoder are, which the new folder
        names then; None: where they were. They are not copied.

    Returns
    -------
    ExportedModel

    Raises
    ------
    FileNotFoundError
        If there is no model, or not that network.
    FileExistsError
        If the folder holds anything that is not of a model.
    ValueError
        If the folder is the source, the source is damaged, packages for ONNX
        are missing, or an ONNX file cannot be made or would give other
        scores.

    Example
    -------
    >>> from lgc_plugin.inference.model.plain_values import default_arguments
    >>> from lgc_plugin.evaluation import PostProcessing
    >>> from lgc_plugin.inference.model.model_settings import ModelSettings
    >>> from lgc_plugin import CRNN, LogMel
    >>> network = {**default_arguments(CRNN), "n_classes": 1, "rnn_size": 8}
    >>> front_end = default_arguments(LogMel)
    >>> decoding = PostProcessing(median_windows=7)
    >>> settings = ModelSettings(("Cat",), 10.0, front_end, network, decoding)
    >>> run = getfixture("tmp_path") / "run"
    >>> both = {"student": CRNN(**network), "teacher": CRNN(**network)}
    >>> write_model(run / "model", settings, both)
    >>> exported = export_model(run, run.with_name("cats"), ["teacher"])
    >>> [file.name for file in exported.files]
    ['SHA256SUMS', 'model.yaml', 'teacher.pt']
    """
    model_folder = find_model(source)
    _check_apart(Path(source), model_folder, Path(folder))
    check_replaceable(Path(folder))
    if onnx:
        require_onnx()
    models = read_models(model_folder, networks, encoder_weights)
    names = list(models)
    contents: dict[str, bytes] = {}
    differences: dict[str, float] = {}
    if onnx:
        for name, model in models.items():
            file = str(Path(folder) / f"{name}.onnx")
            contents[name] = make_onnx(model, name)
            differences[name] = check_onnx(contents[name], model, file)
    write_model(
        folder,
        _settings(models[names[0]].settings, encoder_weights),
        {name: model.network for name, model in models.items()},
        contents,
    )
    return ExportedModel(sorted(Path(folder).iterdir()), names, differences)


def _settings(
    settings: ModelSettings, encoder_weights: str | Path | None
) -> ModelSettings:
    """The settings, with the place where the encoder's weights are now."""
    entry = settings.frame_encoder
    if entry is None or encoder_weights is None:
        return settings
    path = str(Path(encoder_weights).resolve())
    arguments = {**entry["arguments"], "weights": path}
    return replace(settings, frame_encoder={**entry, "arguments": arguments})


def _check_apart(source: Path, model_folder: Path, target: Path) -> None:
    """Refuses to write a model where it is read from."""
    place = target.resolve()
    own = {source.resolve(), (source / MODEL_FOLDER).resolve()}
    # A folder inside a model folder would be one that cannot be replaced.
    if place in own or place.is_relative_to(model_folder.resolve()):
        raise ValueError(
            f"{target}: a model cannot be exported onto itself, or into its "
            f"own folder ({model_folder}): choose another folder"
        )


Windows = list["NDArray[np.float32]"]

TOLERANCE = 1e-4
"""Scores may differ by so much."""

# Embeddings are rounded to 16 bits: where one lies between two such numbers,
# the last digit of 32 decides.
_TOLERANCE_OF_EMBEDDINGS = 1e-3

_TONES = (110.0, 440.0, 3000.0)


def check_onnx(content: bytes, model: LoadedModel, name: str) -> float:
    """The largest difference of onnxruntime's scores to PyTorch's."""
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
    limit = _TOLERANCE_OF_EMBEDDINGS if model.frame_encoder else TOLERANCE
    if not largest <= limit:
        raise ValueError(
            f"{name}: the scores of onnxruntime {_version()} are not those of "
            f"PyTorch but differ by up to {largest:.2g}; {limit:g} is "
            "allowed, so nothing was written: try another version of "
            "onnxruntime"
        )
    return float(largest)


def open_session(content: bytes) -> InferenceSession:
    """Opens an ONNX model with onnxruntime, on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        content, options, providers=["CPUExecutionProvider"]
    )


def sample_windows(settings: ModelSettings) -> Windows:
    """Sounds in which a wrong front end or mask would show."""
    count, rate = settings.encoder().n_samples, settings.sample_rate
    noise = np.random.default_rng(0).uniform(-1, 1, count)
    time = np.arange(count) / rate
    tones = sum(0.2 * np.sin(2 * np.pi * pitch * time) for pitch in _TONES)
    windows = [
        0.3 * noise,
        # Noise, since without any, PyTorch's own rounding is all there is
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
            model.frame_encoder,
        )
    return output.frame, output.clip


def _version() -> str:
    import onnxruntime

    return onnxruntime.__version__
