"""JSON from outside."""

from __future__ import annotations

import json
from typing import Any

from lgc_plugin.data.annotations.formats import AnnotationFile


def may_be_json(file: AnnotationFile) -> bool:
    """Whether the file begins as an object does."""
    return file.text.lstrip()[:1] == "{"


def parse_object(file: AnnotationFile) -> dict[str, Any]:
    """The object in a file."""
    try:
        content = json.loads(file.text)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{file.path}: no whole JSON ({error}): save it again"
        ) from None
    if not isinstance(content, dict):
        raise ValueError(f"{file.path}: no JSON object: it cannot be read")
    return content


def try_object(file: AnnotationFile) -> dict[str, Any]:
    """The same; an empty one if there is none."""
    try:
        return parse_object(file) if may_be_json(file) else {}
    except ValueError:
        return {}


def objects_in(
    file: AnnotationFile, content: dict[str, Any], key: str
) -> list[dict[str, Any]]:
    """The objects of a list in an object."""
    found = content.get(key)
    if not isinstance(found, list) or not all(
        isinstance(each, dict) for each in found
    ):
        raise ValueError(
            f"{file.path}: {key!r} is no list of objects: save it again"
        )
    return found


def to_text(content: Any) -> str:
    """JSON with an item in each line."""
    return (
        json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
        + "\n"
    )
