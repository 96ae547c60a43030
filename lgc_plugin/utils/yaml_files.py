"""Plain YAML of strangers: nothing is made, and nothing grows without bound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    Event,
    NodeEvent,
)
from ruamel.yaml.events import CollectionStartEvent as CollectionStart
from ruamel.yaml.parser import Parser

from lgc_plugin.utils.text import one_line

_MOST_BYTES = 10_000_000
# Values, of which one that is used twice counts twice.
_MOST_VALUES = 100_000
_MOST_LEVELS = 50


def read_yaml(
    path: str | Path, constructor: type[SafeConstructor] = SafeConstructor
) -> Any:
    """The content of a YAML file, by the rules of :func:`parse_yaml`."""
    with open(path, "rb") as file:
        return parse_yaml(file.read(_MOST_BYTES + 1), path, constructor)


def parse_yaml(
    text: str | bytes,
    where: object,
    constructor: type[SafeConstructor] = SafeConstructor,
) -> Any:
    """The content of one YAML document; tags are what ``constructor`` knows.

    A ValueError in one line that begins with ``where`` names whatever is
    wrong: syntax, a key given twice, more than 50 levels, 100,000 values
    (aliases count as what they stand for), or a value within itself.

    >>> parse_yaml("a: [1, 0.5, x]", "a.yaml")
    {'a': [1, 0.5, 'x']}
    >>> parse_yaml("a: &a [*a]", "a.yaml")
    Traceback (most recent call last):
        ...
    ValueError: a.yaml: *a stands within what it stands for (line 1)
    """
    if len(text) > _MOST_BYTES:
        raise ValueError(
            f"{one_line(where)}: larger than {_MOST_BYTES // 10**6} MB, which "
            "no file of settings is"
        )
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        # Not yaml's C parser: it knows YAML 1.1 alone, where 1e-3 is a word.
        loader = YAML(typ="safe", pure=True)
        loader.Parser, loader.Constructor = _CheckedParser, constructor
        return loader.load(text)
    except Exception as error:  # values with wrong tags can raise anything
        raise ValueError(f"{one_line(where)}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What is wrong, in one line, and where."""
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8: save it as UTF-8"
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return one_line(error) or type(error).__name__
    problem = one_line(getattr(error, "problem", "") or "no YAML")
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}"


class _CheckedParser(Parser):
    """Refuses what would fill memory, or the stack, before it does."""

    def __init__(self, loader: YAML):
        super().__init__(loader=loader)
        self.total = 0
        # By anchor, of lists and mappings that are closed.
        self.sizes: dict[str, int] = {}
        # Of those that are open: anchor, and values so far.
        self.open: list[tuple[str | None, int]] = []

    def get_event(self) -> Event:
        """The next event, if what is read does not become too much by it."""
        event = super().get_event()
        line = event.start_mark.line + 1
        if isinstance(event, CollectionEndEvent):
            anchor, before = self.open.pop()
            if anchor is not None:
                self.sizes[anchor] = self.total - before
        elif isinstance(event, NodeEvent):
            self.total += 1
            if isinstance(event, AliasEvent):
                self._add_alias(event.anchor, line)
            elif isinstance(event, CollectionStart):
                self._open(event.anchor, line)
            if self.total > _MOST_VALUES:
                raise ValueError(
                    f"more than {_MOST_VALUES} values (line {line}; an alias "
                    "counts as all that it stands for)"
                )
        return event

    def _add_alias(self, anchor: str, line: int) -> None:
        if anchor in {other for other, _ in self.open}:
            raise ValueError(
                f"*{anchor} stands within what it stands for (line {line})"
            )
        self.total += self.sizes.get(anchor, 1)

    def _open(self, anchor: str | None, line: int) -> None:
        self.open.append((anchor, self.total))
        if len(self.open) > _MOST_LEVELS:
            raise ValueError(
                f"more than {_MOST_LEVELS} levels of lists and mappings "
                f"(line {line})"
            )
