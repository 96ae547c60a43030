"""Events of a stream, printed while it is going on."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING

from lgc_plugin.cli.detect_notes import band_note
from lgc_plugin.data.resample import delay_seconds
from lgc_plugin.evaluation.notes import counted
from lgc_plugin.inference.files.event_writers import (
    TSV_HEADER,
    event_object,
    label_rows,
    tsv_rows,
)
from lgc_plugin.inference.files.live_stream import (
    StoppableChunks,
    read_raw,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lgc_plugin.inference.detector import SoundEventDetector
    from lgc_plugin.inference.event_stream import Detection

_CHUNK_SECONDS = 0.1
# In the table, where a file has its name.
_NAME = "-"


def print_stream(
    detector: SoundEventDetector,
    sample_rate: int,
    channels: int,
    kind: str,
) -> None:
    """Prints the events of standard input, line by line."""
    raw = read_raw(sys.stdin.buffer, sample_rate, channels, _CHUNK_SECONDS)
    chunks = StoppableChunks(raw)
    events = detector.detect_stream(chunks, sample_rate)
    delay = delay_seconds(sample_rate, detector.sample_rate)
    # Half of a tenth: what is printed is not rounded down.
    latency = detector.latency_seconds + _CHUNK_SECONDS + delay + 0.05
    when = f"at most {latency:.1f} s after its end"
    if math.isinf(latency):
        when = "once the scores behind it rule out that it goes on"
    print(
        f"reading {counted(channels, 'channel')} of {sample_rate} Hz; an "
        f"event is printed {when}; Ctrl-C stops",
        file=sys.stderr,
        flush=True,
    )
    note = band_note([sample_rate], detector.settings.front_end["f_max"])
    if note:
        print(note, file=sys.stderr, flush=True)
    try:
        for line in _lines(events, kind):
            print(line, end="", flush=True)
    except ValueError:
        # Who stops before the first sample has made no mistake.
        if not chunks.stopped or chunks.received:
            raise


def _lines(events: Iterator[Detection], kind: str) -> Iterator[str]:
    if kind == "tsv":
        yield TSV_HEADER
    silent = True
    for event in events:
        silent = False
        if kind == "json":
            yield json.dumps(event_object(event)) + "\n"
        elif kind == "audacity":
            yield label_rows([event])
        else:
            yield tsv_rows(_NAME, [event])
    if kind == "tsv" and silent:
        yield tsv_rows(_NAME, [])
