"""XML from outside: no entities, no declarations of types."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from lgc_plugin.data.annotations.formats import AnnotationFile

# Of what labels may hold, XML has no place for these.
_NO_XML = re.compile("[\ufffe\uffff]")
_REFUSED = re.compile("<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def root_name(text: str) -> str:
    r"""The name of the first element; empty if there is none.

    >>> root_name("<?xml version='1.0'?>\n<!-- a --><Sequences a='1'>")
    'Sequences'
    """
    found = re.match(
        r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*<([A-Za-z_][\w.-]*)", text, re.S
    )
    return found[1] if found else ""


def parse_xml(file: AnnotationFile) -> ElementTree.Element:
    """The first element of a file."""
    if found := _REFUSED.search(file.text):
        raise ValueError(
            f"{file.path}: it holds {found[0]}, which such files do not have: "
            "it is not read"
        )
    try:
        # As text: an encoding that it names is that of the file.
        return ElementTree.fromstring(file.text)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{file.path}: no whole XML ({error}): save it again"
        ) from None


def to_text(root: ElementTree.Element) -> str:
    """A document, indented."""
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    if found := _NO_XML.search(body):
        raise ValueError(
            f"the character {found[0]!r} is in a label or a name: XML cannot "
            "hold it: rename it, or choose another format"
        )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'
