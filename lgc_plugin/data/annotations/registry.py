"""All formats, and which one a file has."""

from __future__ import annotations

from collections.abc import Iterable

from lgc_plugin.data.annotations import (
    audacity,
    audioset,
    birdsong,
    columns,
    dcase,
    elan,
    jams,
    json_events,
    raven,
    realdesed,
    rttm,
    textgrid,
    tsv,
    vad,
)
from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    Recognition,
)

# Where two may be meant, the first counts.
_MODULES = (
    tsv,
    realdesed,
    audioset,
    raven,
    textgrid,
    elan,
    rttm,
    jams,
    vad,
    birdsong,
    json_events,
    audacity,
    dcase,
    columns,
)
#: By name.
FORMATS: dict[str, Format] = {x.FORMAT.name: x.FORMAT for x in _MODULES}
#: Endings of files that may be annotations.
SUFFIXES = frozenset(
    suffix.lower() for x in FORMATS.values() for suffix in x.suffixes
)


def format_named(name: str) -> Format:
    """A format by its name."""
    if name not in FORMATS:
        raise ValueError(
            f"no format {name!r}: there are {', '.join(sorted(FORMATS))}"
        )
    return FORMATS[name]


def recognize_format(file: AnnotationFile) -> tuple[Format, Recognition] | None:
    """The format that fits the content, surely or else perhaps."""
    found = list(_fitting(file))
    sure = [each for each in found if each[1].sure]
    return next(iter(sure or found), None)


def _fitting(file: AnnotationFile) -> Iterable[tuple[Format, Recognition]]:
    for each in FORMATS.values():
        recognition = each.recognize(file)
        if recognition is not None:
            yield each, recognition
            if recognition.sure:
                return
