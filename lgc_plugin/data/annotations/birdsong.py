"""XML of birdsong-recognition-dataset: sequences of notes, in samples.

The position of a note counts from the begin of its sequence.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from lgc_plugin.data.annotations.formats import (
    NO_RATE,
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
    WriteOptions,
)
from lgc_plugin.data.annotations.numbers import whole_times
from lgc_plugin.data.annotations.recordings import Recordings
from lgc_plugin.data.annotations.table import (
    EventCollector,
    StrongAnnotations,
)
from lgc_plugin.data.annotations.xml_text import parse_xml, root_name, to_text
from lgc_plugin.data.table_files import Row

_ROOT = "Sequences"
_NOTE = ("Position", "Length", "Label")
_MOST_SAMPLES = 2**53


def recognize(file: AnnotationFile) -> Recognition | None:
    """By its first element."""
    if root_name(file.text) == _ROOT:
        return Recognition(True, f"XML of {_ROOT}")
    return None


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds the notes."""
    rates: dict[str, int] = {}
    sequences = parse_xml(file).iter("Sequence")
    for number, sequence in enumerate(sequences, start=1):
        names = ("WaveFileName", "Position", "Length")
        row = _row(file, sequence, names, number, "sequence")
        filename = row["WaveFileName"]
        row.check(bool(filename), "WaveFileName is missing")
        events.clip(filename)
        begin = _samples(row, "Position")
        if filename not in rates:
            rates[filename] = file.sample_rate(filename, row, options)
        rate = rates[filename]
        for place, note in enumerate(sequence.iter("Note"), start=1):
            kind = f"sequence {number}, note"
            row = _row(file, note, _NOTE, place, kind)
            onset = begin + _samples(row, "Position")
            offset = onset + _samples(row, "Length")
            times = (onset / rate, offset / rate)
            events.add(row, filename, *times, row["Label"])
    shown = ", ".join(map(str, sorted(set(rates.values()))))
    events.note(f"{file.path}: positions are in samples, {shown} a second")


def _row(
    file: AnnotationFile,
    element: Element,
    names: tuple[str, ...],
    number: int,
    kind: str,
) -> Row:
    texts = {name: (element.findtext(name) or "").strip() for name in names}
    return file.row(texts, number, kind)


def _samples(row: Row, name: str) -> int:
    row.check(
        row[name].isascii()
        and row[name].isdecimal()
        and len(row[name]) < 17
        and int(row[name]) < _MOST_SAMPLES,
        f"{name} is {row[name]!r}: it must be a number of samples",
    )
    return int(row[name])


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """A sequence for each recording."""
    recordings = Recordings(options.audio)
    root = Element(_ROOT)
    clips = annotations.rows_by_clip()
    SubElement(root, "NumSequence").text = str(len(clips))
    for name, events in clips.items():
        rate = options.sample_rate or options.sample_rates.get(name)
        if rate is None and options.audio is not None:
            rate = recordings.sample_rate(name, options.audio)
        if rate is None:
            raise ValueError(NO_RATE.format(name))
        notes_of = [
            whole_times(name, event, rate, "samples", notes) for event in events
        ]
        begin = min((onset for onset, _ in notes_of), default=0)
        end = max((offset for _, offset in notes_of), default=0)
        sequence = SubElement(root, "Sequence")
        texts = {"WaveFileName": name, "Position": begin, "Length": end - begin}
        _add(sequence, {**texts, "NumNote": len(events)})
        for event, (onset, offset) in zip(events, notes_of, strict=True):
            values = (onset - begin, offset - onset, event["event_label"])
            note = SubElement(sequence, "Note")
            _add(note, dict(zip(_NOTE, values, strict=True)))
    return {"": to_text(root)}


def _add(element: Element, texts: dict[str, object]) -> None:
    for name, value in texts.items():
        SubElement(element, name).text = str(value)


FORMAT = Format(
    "birdsong",
    "XML of birdsong-recognition-dataset",
    (".xml",),
    recognize,
    read,
    write,
    holds=frozenset(),
)
