"""TextGrids of Praat: tiers of intervals or points, in long or short form.

In both forms, numbers and texts in quotes that stand alone are the content,
in the same order; all else is comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lgc_plugin.data.annotation_names import RECORDING_SUFFIXES
from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
    WriteOptions,
)
from lgc_plugin.data.annotations.table import (
    EventCollector,
    StrongAnnotations,
    seconds_text,
)
from lgc_plugin.data.annotations.tiers import (
    check_tiers,
    tiers_of,
    write_length,
)
from lgc_plugin.data.table_files import Row
from lgc_plugin.utils.text import plain_number, shortened

_TIERS, _INTERVALS, _POINTS = "<exists>", "IntervalTier", "TextTier"
_TOKEN = re.compile(
    r'"(?P<text>(?:[^"]|"")*)"(?!\S)'
    r"|(?<!\S)(?P<number>[-+]?\d[\d.eE+-]*%?)(?!\S)"
    r"|(?<!\S)(?P<flag><exists>|<absent>)|(?<!\S)!.*"
)
_HEAD = re.compile(r'\s*(File type = )?"ooTextFile')
_KIND = re.compile(r'"TextGrid"')
_SUFFIX = RECORDING_SUFFIXES["textgrid"]


def recognize(file: AnnotationFile) -> Recognition | None:
    """By its first two lines."""
    begin = file.text[:200]
    if _HEAD.match(begin) and _KIND.search(begin):
        return Recognition(True, "a text file of Praat with a TextGrid")
    return None


class _Tokens:
    """Numbers and texts, one after the other."""

    def __init__(self, file: AnnotationFile) -> None:
        self.file = file
        found = _KIND.search(file.text)
        self._start = found.end() if found else 0
        self._tokens = self._find()

    def _find(self) -> Iterator[re.Match]:
        for token in _TOKEN.finditer(self.file.text, self._start):
            if token.lastgroup is not None:
                self.place = token.start()
                yield token

    def next(self, kind: str) -> str:
        """The next one, which must be of a kind."""
        token = next(self._tokens, None)
        if token is None or token[kind] is None:
            text = "the end of the file" if token is None else token[0]
            self.place = len(self.file.text) if token is None else token.start()
            raise ValueError(
                f"{self.file.path}, line {self.line}: a {kind} is expected "
                f"and {shortened(text)!r} found: save it again with Praat"
            )
        return token[kind].replace('""', '"')

    @property
    def line(self) -> int:
        """Where the last one is."""
        return self.file.text.count("\n", 0, self.place) + 1

    def count(self) -> int:
        """A number of tiers, or of intervals."""
        text = self.next("number")
        if not text.isdecimal() or len(text) > 9:
            raise ValueError(
                f"{self.file.path}, line {self.line}: {shortened(text)!r} is "
                "no number of tiers or intervals: save it again with Praat"
            )
        return int(text)

    def row(self, fields: dict[str, str]) -> Row:
        """Fields that end here."""
        return self.file.row(fields, self.line, "line")


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds the intervals of all tiers, or of those that are chosen."""
    tokens = _Tokens(file)
    first, last = tokens.next("number"), tokens.next("number")
    recording = file.recording
    end = tokens.row({"xmax": last}).seconds("xmax")
    events.clip(recording, end)
    if plain_number(first) != 0:
        what = "times are taken as they are, though they begin at second"
        events.note_file(file.path, what, first)
    names = []
    for _ in range(tokens.count() if tokens.next("flag") == _TIERS else 0):
        kind, name = tokens.next("text"), tokens.next("text")
        if kind not in (_INTERVALS, _POINTS):
            raise ValueError(
                f"{file.path}, line {tokens.line}: a tier of the kind "
                f"{shortened(kind)!r}: it must be {_INTERVALS} or {_POINTS}"
            )
        names.append(name)
        tokens.next("number"), tokens.next("number")
        chosen = not options.tiers or name in options.tiers
        for _ in range(tokens.count()):
            row = _entry(tokens, kind, name)
            if not chosen:
                continue
            if kind == _POINTS:
                events.leave_out("without duration (point)", row)
            elif row["text"].strip():
                onset, offset = row.seconds("onset"), row.seconds("offset")
                events.add(row, recording, onset, offset, row["text"])
    check_tiers(file, names, options, events)


def _entry(tokens: _Tokens, kind: str, tier: str) -> Row:
    onset = tokens.next("number")
    offset = tokens.next("number") if kind == _INTERVALS else onset
    text = tokens.next("text")
    fields = {"tier": tier, "onset": onset, "offset": offset, "text": text}
    return tokens.row(fields)


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """A TextGrid for each recording, with a tier for each class."""
    files = {}
    for name, events in annotations.rows_by_clip().items():
        end = write_length(annotations, name, events, "TextGrid", notes)
        files[f"{name}{_SUFFIX}"] = _text(events, end)
    return files


def _text(events: Sequence[dict], end: float) -> str:
    tiers = tiers_of(events) or [("events", [])]
    lines = ["xmin = 0", f"xmax = {seconds_text(end)}", "tiers? <exists>"]
    lines += [f"size = {len(tiers)}", "item []:"]
    for number, (name, rows) in enumerate(tiers, start=1):
        entries = _intervals(rows, end)
        lines += [
            f"    item [{number}]:",
            f'        class = "{_INTERVALS}"',
            f"        name = {_quoted(name)}",
            "        xmin = 0",
            f"        xmax = {seconds_text(end)}",
            f"        intervals: size = {len(entries)}",
        ]
        for place, (onset, offset, label) in enumerate(entries, start=1):
            lines += [
                f"        intervals [{place}]:",
                f"            xmin = {seconds_text(onset)}",
                f"            xmax = {seconds_text(offset)}",
                f"            text = {_quoted(label)}",
            ]
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n'
    return head + "\n".join(lines) + "\n"


def _intervals(
    rows: Sequence[dict], end: float
) -> list[tuple[float, float, str]]:
    """Events, and the silence between them."""
    entries, now = [], 0.0
    for row in rows:
        if row["onset"] > now:
            entries.append((now, row["onset"], ""))
        entries.append((row["onset"], row["offset"], row["event_label"]))
        now = row["offset"]
    if end > now:
        entries.append((now, end, ""))
    return entries


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


FORMAT = Format(
    "textgrid",
    "TextGrid of Praat",
    (".TextGrid",),
    recognize,
    read,
    write,
    holds=frozenset(),
    options=frozenset({"tiers"}),
)
