"""The settings of a run, for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.nodes import Node

from lgc_plugin.utils.yaml_files import read_yaml


class _TaggedAsText(SafeConstructor):
    """Reads what an object is made of as the name of its class."""


def _text_of(constructor: _TaggedAsText, node: Node) -> str:
    return str(node.tag)


_TaggedAsText.add_constructor(None, _text_of)


def read_settings(path: str | Path) -> dict[str, Any]:
    r"""The keys of ``hyperparams.yaml``; of objects, what they are.

    >>> file = getfixture("tmp_path") / "a.yaml"
    >>> _ = file.write_text("lr: 0.1\nmodel: !new:lgc_plugin.CRNN {a: 1}\n")
    >>> read_settings(file)
    {'lr': 0.1, 'model': '!new:lgc_plugin.CRNN'}
    """
    content = read_yaml(path, _TaggedAsText)
    if not isinstance(content, Mapping):
        raise ValueError(f"{path}: expected lines of 'key: value'")
    return {str(key): value for key, value in content.items()}


def setting_rows(
    settings: Sequence[Mapping[str, Any]],
) -> list[tuple[str, list[str], bool]]:
    """Key, its value in each run, and whether they differ.

    >>> setting_rows([{"lr": 0.1, "a": [1]}, {"lr": 0.2, "a": [1]}])
    [('lr', ['0.1', '0.2'], True), ('a', ['[1]', '[1]'], False)]
    """
    keys = dict.fromkeys(key for each in settings for key in each)
    rows = []
    for key in keys:
        values = [
            value_text(each[key]) if key in each else "-" for each in settings
        ]
        rows.append((key, values, len(set(values)) > 1))
    return rows


def value_text(value: Any) -> str:
    """A value in one line, as YAML's and JSON's readers know it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str, ensure_ascii=False)
