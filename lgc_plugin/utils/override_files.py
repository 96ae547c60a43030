"""Files of overrides: plain values, and objects that HyperPyYAML makes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from lgc_plugin.utils.yaml_files import parse_yaml, read_yaml

_MADE_BY = ("!new:", "!name:", "!apply:", "!ref")


@dataclass(frozen=True)
class ObjectOverride:
    """A value with tags, which takes the place of a key's value.

    It is kept as text: HyperPyYAML changes what it resolves.
    """

    #: Content of the file that it stands in
    text: str = field(repr=False)
    key: str
    #: Plain values given later, for arguments of the object
    changes: Mapping[str, Any] = field(default_factory=dict)

    def node(self) -> Any:
        """The value with its tags, to stand in a document of ruamel."""
        node = YAML().load(self.text)[self.key]
        if not self.changes:
            return node
        if not isinstance(node, Mapping):
            return dict(self.changes)
        merge_into(node, self.changes)
        return node


def read_overrides(
    files: Iterable[str | None], keys: Sequence[str]
) -> dict[str, Any]:
    r"""The values of files of overrides; later ones win.

    A value that holds one of the tags ``!new:``, ``!name:``, ``!apply:`` and
    ``!ref`` replaces that of its key, mappings of plain values are merged.

    >>> file = getfixture("tmp_path") / "a.yaml"
    >>> _ = file.write_text("lr: 0.1\nmodel: !new:dict {a: 1}\n")
    >>> overrides = read_overrides([str(file)], ["lr", "model"])
    >>> overrides["lr"], overrides["model"].node()
    (0.1, {'a': 1})
    """
    overrides: dict[str, Any] = {}
    for file in files:
        if not file:
            raise ValueError("--overrides: needs a file, --overrides=FILE")
        content = read_yaml(file, _FileConstructor) or {}
        if not isinstance(content, dict):
            raise ValueError(f"{file}: expected lines of 'key: value'")
        for key, value in content.items():
            if key not in keys:
                raise ValueError(f"{file}: {unknown(key, keys)}")
            if _holds_object(value):
                text = Path(file).read_text(encoding="utf-8-sig")
                content[key] = ObjectOverride(text, key)
        overrides = merged(overrides, content)
    return overrides


def parse_value(name: str, text: str) -> Any:
    """A value of the command line, where no tag is allowed."""
    try:
        return parse_yaml(text, f"--{name}={text}", _ValueConstructor)
    except ValueError as error:
        raise ValueError(f"{error} (not a YAML value)") from error


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged key by key, as HyperPyYAML merges overrides."""
    result = dict(base)
    for key, value in over.items():
        before = result.get(key)
        if isinstance(value, Mapping):
            if isinstance(before, Mapping):
                value = merged(before, value)
            elif isinstance(before, ObjectOverride):
                changes = merged(before.changes, value)
                value = replace(before, changes=changes)
        result[key] = value
    return result


def merge_into(document: Any, overrides: Mapping[str, Any]) -> None:
    """The same in a document of ruamel, in place: its tags stay."""
    for key, value in overrides.items():
        if isinstance(value, ObjectOverride):
            value = value.node()
        elif isinstance(value, Mapping) and isinstance(
            document.get(key), Mapping
        ):
            merge_into(document[key], value)
            continue
        document[key] = value


def unknown(name: object, known: Sequence[str]) -> str:
    """Says that an option is unknown, and which one is near."""
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"; did you mean --{near[0]}?" if near else ""
    return f"--{name}: unknown option{hint}"


class _ValueConstructor(SafeConstructor):
    """Reads values alone."""


class _FileConstructor(SafeConstructor):
    """Reads what HyperPyYAML will make as a mark that it is there."""

    def mark(self, _: str, node: Node) -> _Mark:
        """Looks at what is within, too."""
        if isinstance(node, MappingNode):
            self.construct_mapping(node, deep=True)
        elif isinstance(node, SequenceNode):
            self.construct_sequence(node, deep=True)
        return _Mark()


class _Mark:
    """Stands for an object."""


def _holds_object(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_object(each) for each in value.values())
    if isinstance(value, list):
        return any(_holds_object(each) for each in value)
    return isinstance(value, _Mark)


def _refuse_tag(_: Any, suffix: str, __: Any) -> None:
    raise ValueError(
        f"the tag !{suffix} can stand in the YAML file of the experiment only: "
        "write a plain value here, or change that file"
    )


def _refuse_other_tag(_: Any, suffix: str, __: Any) -> None:
    raise ValueError(
        f"the tag !{suffix} cannot stand in a file of overrides: use "
        f"{', '.join(_MADE_BY[:-1])} or {_MADE_BY[-1]}, or a plain value"
    )


# The first prefix that fits is taken.
for _tag in _MADE_BY:
    _FileConstructor.add_multi_constructor(_tag, _FileConstructor.mark)
_FileConstructor.add_multi_constructor("!", _refuse_other_tag)
_ValueConstructor.add_multi_constructor("!", _refuse_tag)
