"""Settings of a detector as a readable file: YAML without any tag."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from lgc_plugin.inference.model.model_settings import ModelSettings
from lgc_plugin.utils.files import write_text

_FORMAT = 1
_SIMPLE = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_HEADER = "# A sound event detector of lgc_plugin; the weights fit only this."


def write_settings(path: str | Path, settings: ModelSettings) -> None:
    """Writes settings, whole or not at all.

    Arguments
    ---------
    path : str or Path
        The file.
    settings : ModelSettings
        Read back, they are equal.
    """
    yaml, stream = YAML(), io.StringIO()
    yaml.width = 4096
    yaml.default_flow_style = None  # innermost lists in one line
    yaml.Representer = _Representer
    yaml.dump({"format": _FORMAT, **settings.as_mapping()}, stream)
    write_text(path, f"{_HEADER}\n{stream.getvalue()}")


def read_settings(path: str | Path) -> ModelSettings:
    """Reads what :func:`write_settings` wrote.

    Arguments
    ---------
    path : str or Path
        The file.

    Returns
    -------
    ModelSettings

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If a setting is missing, unknown, or cannot be right; the message
        says which.

    Example
    -------
    >>> file = getfixture("tmp_path") / "model.yaml"
    >>> _ = file.write_text("format: 2")
    >>> try:
    ...     read_settings(file)
    ... except ValueError as error:
    ...     print(str(error).partition(": ")[2])
    format is 2, this version of lgc_plugin reads 1
    """
    text = Path(path).read_bytes()
    try:
        content = YAML(typ="safe", pure=True).load(text.decode("utf-8"))
        return ModelSettings.from_mapping(_without_format(content))
    except (YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path}: {reason}") from error


class _Representer(RoundTripRepresenter):
    """Writes each value where it stands, and quotes all but simple words."""

    def ignore_aliases(self, data: Any) -> bool:
        """What is used twice is written twice, not as a reference."""
        return True

    def text(self, data: str) -> ScalarNode:
        """Left to itself, ruamel writes ["?0"] so that it reads a mapping."""
        style = None if re.fullmatch(_SIMPLE, data) else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Representer.add_representer(str, _Representer.text)


def _without_format(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    found = content.get("format", "missing")
    if found != _FORMAT:
        raise ValueError(
            f"format is {found}, this version of lgc_plugin reads {_FORMAT}"
        )
    return {key: value for key, value in content.items() if key != "format"}
