"""A finished detector, copied to where it will work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lgc_plugin.inference.model.model_folder import (
    MODEL_FOLDER,
    check_replaceable,
    find_model,
    network_names,
    read_model,
    write_model,
)
from lgc_plugin.inference.model.onnx_check import check_onnx
from lgc_plugin.inference.model.onnx_model import make_onnx, require_onnx


class ExportedModel(NamedTuple):
    """What :func:`export_model` wrote.

    Arguments
    ---------
    files : list[Path]
        All files of the folder, by name.
    networks : list[str]
        The networks that are in it.
    differences : dict[str, float]
        By how much the scores of ONNX differ from PyTorch's at most, by
        network; empty if no ONNX file was asked for.
    """

    files: list[Path]
    networks: list[str]
    differences: dict[str, float]


def export_model(
    source: str | Path,
    folder: str | Path,
    networks: Sequence[str] | None = None,
    *,
    onnx: bool = False,
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
        are missing, or an ONNX file would give other scores.

    Example
    -------
    >>> from lgc_plugin.inference.model.plain_values import default_arguments
    >>> from lgc_plugin.inference.model.model_settings import ModelSettings
    >>> from lgc_plugin import CRNN, LogMel
    >>> network = {**default_arguments(CRNN), "n_classes": 1, "rnn_size": 8}
    >>> front_end = default_arguments(LogMel)
    >>> settings = ModelSettings(("Cat",), 10.0, front_end, network, 7)
    >>> run = getfixture("tmp_path") / "run"
    >>> both = {"student": CRNN(**network), "teacher": CRNN(**network)}
    >>> write_model(run / "model", settings, both)
    >>> exported = export_model(run, run.with_name("cats"), ["teacher"])
    >>> [file.name for file in exported.files]
    ['model.yaml', 'teacher.pt']
    """
    model_folder = find_model(source)
    _check_apart(Path(source), model_folder, Path(folder))
    check_replaceable(Path(folder))
    if onnx:
        require_onnx()
    names = list(networks or network_names(model_folder))
    if not names:
        raise FileNotFoundError(f"{model_folder}: no network in it")
    models = {name: read_model(model_folder, name) for name in names}
    contents: dict[str, bytes] = {}
    differences: dict[str, float] = {}
    if onnx:
        for name, model in models.items():
            file = str(Path(folder) / f"{name}.onnx")
            contents[name] = make_onnx(model, name)
            differences[name] = check_onnx(contents[name], model, file)
    write_model(
        folder,
        models[names[0]].settings,
        {name: model.network for name, model in models.items()},
        contents,
    )
    return ExportedModel(sorted(Path(folder).iterdir()), names, differences)


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
