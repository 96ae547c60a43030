"""Files of ELAN (``.eaf``): XML with tiers and times in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote
from xml.etree.ElementTree import Element, SubElement

from lgc_plugin.data.annotation_names import RECORDING_SUFFIXES
from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
    WriteOptions,
)
from lgc_plugin.data.annotations.numbers import whole_times
from lgc_plugin.data.annotations.table import (
    EventCollector,
    StrongAnnotations,
    check_in_row,
)
from lgc_plugin.data.annotations.tiers import check_tiers, tiers_of
from lgc_plugin.data.annotations.xml_text import parse_xml, root_name, to_text
from lgc_plugin.data.audio_search import clip_id
from lgc_plugin.data.table_files import Row

_ROOT, _MILLISECONDS = "ANNOTATION_DOCUMENT", "milliseconds"
# ELAN asks for a date; the same events give the same file.
_DATE, _TYPE = "1970-01-01T00:00:00+00:00", "default-lt"
_ALIGNED, _REFERRING = "ALIGNABLE_ANNOTATION", "REF_ANNOTATION"
_SUFFIX = RECORDING_SUFFIXES["elan"]


def recognize(file: AnnotationFile) -> Recognition | None:
    """By its first element."""
    if root_name(file.text) == _ROOT:
        return Recognition(True, f"XML of {_ROOT}")
    return None


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds the annotations of the tiers that depend on no other tier, or of
    those that are chosen.
    """
    root = parse_xml(file)
    header = root.find("HEADER")
    units = (header.get("TIME_UNITS") if header is not None else None) or ""
    if units and units != _MILLISECONDS:
        raise ValueError(
            f"{file.path}: its times are in {units!r}: save it with a newer "
            "ELAN, which has milliseconds"
        )
    recording, origin = _media(file, root)
    events.clip(recording)
    slots = {
        slot.get("TIME_SLOT_ID", ""): slot.get("TIME_VALUE", "")
        for slot in root.iter("TIME_SLOT")
    }
    spans = _spans(root)
    tiers = list(root.iter("TIER"))
    names = [tier.get("TIER_ID", "") for tier in tiers]
    read_names = []
    for name, tier in zip(names, tiers, strict=True):
        independent = not tier.get("PARENT_REF")
        if name in options.tiers if options.tiers else independent:
            read_names.append(name)
            annotator = (tier.get("ANNOTATOR") or "").strip()
            for number, annotation in enumerate(tier, start=1):
                row = _row(file, name, number, annotation, slots, spans)
                if row is None:
                    continue
                if not row["onset"] or not row["offset"]:
                    events.leave_out("without a time (not aligned)", row)
                    continue
                onset, offset = (
                    (row.seconds(x) + origin) / 1000
                    for x in ("onset", "offset")
                )
                if annotator:
                    check_in_row(row, "annotator", annotator)
                label = row["event_label"]
                more = {"annotator": annotator}
                events.add(row, recording, onset, offset, label, **more)
    depending = [name for name in names if name not in read_names]
    if depending and not options.tiers:
        events.note_file(
            file.path,
            "tiers that depend on others are not read (--tiers chooses)",
            ", ".join(map(repr, depending)),
        )
    shown = names if options.tiers else read_names
    check_tiers(file, shown, options, events)


def _media(file: AnnotationFile, root: Element) -> tuple[str, float]:
    """The recording, and where the time of the document begins in it (ms)."""
    media = list(root.iter("MEDIA_DESCRIPTOR"))
    audio = [x for x in media if _is_audio(x)] or media
    if not audio:
        return file.recording, 0.0
    url = audio[0].get("RELATIVE_MEDIA_URL") or audio[0].get("MEDIA_URL") or ""
    name = unquote(url).replace("\\", "/").rpartition("/")[2]
    origin = audio[0].get("TIME_ORIGIN") or "0"
    row = file.row({"TIME_ORIGIN": origin}, 1, "media")
    begin = row.seconds("TIME_ORIGIN")
    return (file.in_folder(name) if name else file.recording), begin


def _is_audio(media: Element) -> bool:
    url = unquote(media.get("MEDIA_URL", ""))
    return clip_id(url) != url and not media.get("MIME_TYPE", "").startswith(
        "video"
    )


def _spans(root: Element) -> Mapping[str, Element]:
    """All annotations by their ids."""
    return {
        annotation.get("ANNOTATION_ID", ""): annotation
        for kind in (_ALIGNED, _REFERRING)
        for annotation in root.iter(kind)
    }


def _row(
    file: AnnotationFile,
    tier: str,
    number: int,
    annotation: Element,
    slots: Mapping[str, str],
    spans: Mapping[str, Element],
) -> Row | None:
    """An annotation with its times in ms, those that it refers to or own."""
    if annotation.tag != "ANNOTATION" or len(annotation) == 0:
        return None
    own = annotation[0]
    place = own.get("ANNOTATION_ID") or str(number)
    fields = {"tier": tier, "onset": "", "offset": ""}
    fields["event_label"] = own.findtext("ANNOTATION_VALUE") or ""
    kind = f"tier {tier!r}, annotation {place}, number"
    row = file.row(fields, number, kind)
    seen = set()
    timed: Element | None = own
    while timed is not None and timed.tag == _REFERRING:
        target = timed.get("ANNOTATION_REF", "")
        row.check(
            target in spans and target not in seen,
            f"it refers to {target!r}, which is not there or refers back",
        )
        seen.add(target)
        timed = spans[target]
    assert timed is not None
    for name, key in (("onset", "1"), ("offset", "2")):
        slot = timed.get(f"TIME_SLOT_REF{key}", "")
        row.check(slot in slots, f"no time slot {slot!r}: save it again")
        fields[name] = slots[slot]
    return file.row(fields, number, kind)


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """A document for each recording, with a tier for each class."""
    return {
        f"{name}{_SUFFIX}": _document(name, events, notes)
        for name, events in annotations.rows_by_clip().items()
    }


def _document(filename: str, events: list[dict], notes: list[str]) -> str:
    root = Element(_ROOT, AUTHOR="", DATE=_DATE, FORMAT="3.0", VERSION="3.0")
    header = SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS=_MILLISECONDS)
    url = quote(filename.rpartition("/")[2])
    kind = "audio/x-wav" if url.endswith(".wav") else "unknown"
    SubElement(
        header,
        "MEDIA_DESCRIPTOR",
        MEDIA_URL=url,
        RELATIVE_MEDIA_URL=f"./{url}",
        MIME_TYPE=kind,
    )
    order = SubElement(root, "TIME_ORDER")
    by_annotator: dict[str, list[dict]] = {}
    for event in events:
        by_annotator.setdefault(event.get("annotator") or "", []).append(event)
    used: set[str] = set()
    slots: list[tuple[int, str]] = []
    for annotator, rows in by_annotator.items():
        for label, tier_rows in tiers_of(rows):
            tier = SubElement(root, "TIER", LINGUISTIC_TYPE_REF=_TYPE)
            tier.set("TIER_ID", _unused(label, used))
            if annotator:
                tier.set("ANNOTATOR", annotator)
            for row in tier_rows:
                times = whole_times(filename, row, 1000, "milliseconds", notes)
                _add_annotation(tier, label, times, slots)
    # ELAN wants them in the order of time.
    for time, name in sorted(slots):
        slot = SubElement(order, "TIME_SLOT", TIME_SLOT_ID=name)
        slot.set("TIME_VALUE", str(time))
    SubElement(
        root,
        "LINGUISTIC_TYPE",
        LINGUISTIC_TYPE_ID=_TYPE,
        TIME_ALIGNABLE="true",
        GRAPHIC_REFERENCES="false",
    )
    return to_text(root)


def _add_annotation(
    tier: Element,
    label: str,
    times: tuple[int, int],
    slots: list[tuple[int, str]],
) -> None:
    ids = []
    for time in times:
        ids.append(f"ts{len(slots) + 1}")
        slots.append((time, ids[-1]))
    aligned = SubElement(
        SubElement(tier, "ANNOTATION"),
        _ALIGNED,
        ANNOTATION_ID=f"a{len(slots) // 2}",
        TIME_SLOT_REF1=ids[0],
        TIME_SLOT_REF2=ids[1],
    )
    SubElement(aligned, "ANNOTATION_VALUE").text = label


def _unused(label: str, used: set[str]) -> str:
    """The name of a tier; names are unique."""
    name, number = label, 1
    while name in used:
        number += 1
        name = f"{label} ({number})"
    used.add(name)
    return name


FORMAT = Format(
    "elan",
    "ELAN document",
    (".eaf",),
    recognize,
    read,
    write,
    holds=frozenset({"annotator"}),
    options=frozenset({"tiers"}),
)
