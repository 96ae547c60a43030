"""A finished detector as a folder that needs nothing else beside it.

``model.yaml`` holds the settings, ``<network>.pt`` the weights of each
network: ``student.pt`` and ``teacher.pt``, ``SHA256SUMS`` the digests of all
files. An exported model may also have ``<network>.onnx``, for programs without
PyTorch. Of a pretrained encoder, the settings have the place and the
fingerprint of the weights, which are large and of someone else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from lgc_plugin.inference.model.model_encoder import (
    TRAINED,
    check_complete,
    make_encoder,
    trained_part,
)
from lgc_plugin.inference.model.model_files import (
    SETTINGS,
    check_replaceable,
    read_files,
)
from lgc_plugin.inference.model.model_settings import (
    ModelSettings,
    parse_settings,
    write_settings,
)
from lgc_plugin.inference.model.weights import (
    check_weights,
    fill_network,
    parse_weights,
    save_weights,
)
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.models.encoders import FrameEncoder
from lgc_plugin.models.features import LogMel
from lgc_plugin.utils.checksums import write_sums
from lgc_plugin.utils.files import unfinished_folder
from lgc_plugin.utils.replace_folder import recover_folder, replace_folder

# Between two embeddings.
_SHORTEST_SECONDS = 0.001


class LoadedModel(NamedTuple):
    """A detector that was read from a folder."""

    #: All that is not in the weights.
    settings: ModelSettings
    #: Waveforms to features.
    front_end: LogMel
    #: Features to scores.
    network: CRNN
    #: Waveforms to embeddings, which the network reads too; None: it does not.
    frame_encoder: FrameEncoder | None = None

    @property
    def parts(self) -> dict[str, Any]:
        """All but the settings, by name."""
        names = self._fields[1:]
        return dict(zip(names, self[1:], strict=True))


def write_model(
    folder: str | Path,
    settings: ModelSettings,
    networks: Mapping[str, nn.Module],
    onnx: Mapping[str, bytes] | None = None,
) -> None:
    """Writes a model folder, whole or not at all.

    An older model folder is replaced in one rename, where the system can.
    What would not be read again is not written.

    Arguments
    ---------
    folder : str or Path
        The folder; missing parents are made.
    settings : ModelSettings
        What the networks are, and how their scores become events.
    networks : Mapping[str, nn.Module]
        ``student``, ``teacher`` or both; not wrapped, on any device.
    onnx : Mapping[str, bytes], optional
        Contents of ONNX files, from
        :func:`~lgc_plugin.inference.model.onnx_model.make_onnx`, by network.

    Raises
    ------
    FileExistsError
        If the folder holds anything that is not of a model.
    ValueError
        If there is no network, or one is not that of the settings.

    Example
    -------
    >>> from lgc_plugin.inference.model.plain_values import default_arguments
    >>> from lgc_plugin.evaluation import PostProcessing
    >>> network = {**default_arguments(CRNN), "n_classes": 1, "rnn_size": 8}
    >>> front_end = default_arguments(LogMel)
    >>> decoding = PostProcessing(median_windows=7)
    >>> settings = ModelSettings(("Cat",), 10.0, front_end, network, decoding)
    >>> folder = getfixture("tmp_path") / "model"
    >>> write_model(folder, settings, {"teacher": CRNN(**network)})
    >>> sorted(file.name for file in folder.iterdir())
    ['SHA256SUMS', 'model.yaml', 'teacher.pt']
    >>> model = read_model(folder)
    >>> model.settings == settings, model.network.training
    (True, False)
    """
    # A link to a folder stays one; what it points to is replaced.
    folder = Path(folder).resolve()
    check_replaceable(folder)
    if not networks:
        raise ValueError(f"{folder}: no network to write")
    check_complete(settings.frame_encoder, folder)
    expected = _network(settings)
    for name, network in networks.items():
        if not re.fullmatch(r"\w+", name):
            raise ValueError(f"network {name!r}: the name must be one word")
        own = network.state_dict()
        if settings.frame_encoder is not None:
            own = {k: v for k, v in own.items() if not k.startswith(TRAINED)}
        check_weights(f"network {name!r}", own, expected)
    with unfinished_folder(folder) as holder:
        new = holder / "new"
        new.mkdir()
        write_settings(new / SETTINGS, settings)
        for name, network in networks.items():
            save_weights(new / f"{name}.pt", network)
        for name, content in (onnx or {}).items():
            (new / f"{name}.onnx").write_bytes(content)
        write_sums(new)
        recover_folder(folder)
        replace_folder(folder, new)


def read_model(
    folder: str | Path,
    network: str = "teacher",
    encoder_weights: str | Path | None = None,
) -> LoadedModel:
    """Reads one network of a model folder, with all that belongs to it.

    Arguments
    ---------
    folder : str or Path
        A model folder, or the folder of a run that has one in ``model/``.
    network : str
        ``teacher`` or ``student``.
    encoder_weights : str or Path, optional
        Where the weights of the pretrained encoder are; None: where they
        were when it was trained.

    Returns
    -------
    LoadedModel
        On the CPU, in evaluation mode.

    Raises
    ------
    FileNotFoundError
        If there is no model, or not that network, or no encoder's weights.
    ValueError
        If settings or weights are damaged, missing, too many or of the wrong
        kind, or those of the encoder are not those of the training; the
        message names the file and all that is wrong.
    """
    return read_models(folder, [network], encoder_weights)[network]


def read_models(
    folder: str | Path,
    networks: Sequence[str] | None = None,
    encoder_weights: str | Path | None = None,
) -> dict[str, LoadedModel]:
    """Several networks (or all) of one model, by name."""
    place, files = read_files(folder, networks)
    where = place / SETTINGS
    settings = parse_settings(files.pop(SETTINGS), where)
    encoder = make_encoder(settings.frame_encoder, where, encoder_weights)
    if encoder is not None:
        _check_encoder(encoder, settings, where)
    models = {}
    for name, content in files.items():
        file = place / name
        state = parse_weights(content, file)
        try:
            front_end = LogMel(**settings.front_end)
            planned = _network(settings, "meta")
            trained = trained_part(encoder, state)
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{where}: {error}") from error
        if trained is not None:
            planned.encoder = trained
        # Before memory is taken for weights that do not fit.
        check_weights(file, state, planned)
        network, own_encoder = _network(settings), encoder
        if trained is not None:
            network.encoder, own_encoder = trained, trained.whole
        fill_network(file, state, network)
        models[file.stem] = LoadedModel(
            settings, front_end.eval(), network.eval(), own_encoder
        )
    return models


def _check_encoder(
    encoder: FrameEncoder, settings: ModelSettings, where: Path
) -> None:
    """Refuses an encoder that the network could not be run with."""
    for name, found, expected in (
        ("encoder_size", encoder.size, settings.network["encoder_size"]),
        ("sample_rate", encoder.sample_rate, settings.sample_rate),
    ):
        if found != expected:
            raise ValueError(
                f"{where}: {name} is {expected}, that of the encoder "
                f"{type(encoder).__name__} {found}"
            )
    if not encoder.frame_seconds >= _SHORTEST_SECONDS:
        raise ValueError(
            f"{where}: an embedding every {encoder.frame_seconds} s is more "
            f"than can be computed: at least {_SHORTEST_SECONDS} s"
        )


def _network(settings: ModelSettings, device: str = "cpu") -> CRNN:
    """A network with any weights; no random number is spent."""
    with torch.random.fork_rng(devices=[]), torch.device(device):
        return CRNN(**settings.network)
