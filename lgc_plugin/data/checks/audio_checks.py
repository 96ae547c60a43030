"""Checks of the audio: damage, lengths, rates, silence, clipping, copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from lgc_plugin.data.checks.findings import (
    ERROR,
    WARNING,
    Finding,
    finding,
)
from lgc_plugin.data.checks.items import Collection, Item
from lgc_plugin.data.checks.measure import Measured

# What is written and what is decoded may differ by rounding.
_SECONDS = 0.01
# A share of values at full scale that is no accident.
_CLIPPED = 1e-3
# -70 dB: the noise of a microphone is louder.
_QUIET = 10 ** (-70 / 20)

Content = Mapping[Item, Measured]


def check_decoding(data: Collection, content: Content) -> list[Finding]:
    """Every file is there, and can be decoded to its end."""
    names = [f"{x.name} ({m.error})" for x, m in content.items() if m.error]
    text = "cannot be decoded: restore or remove them"
    audio = finding("decoding", ERROR, text, names)
    odd = [f"{x.name} ({m.note})" for x, m in content.items() if m.note]
    text = "annotated recordings that are not there"
    return [
        *audio,
        *finding("decoding", WARNING, "odd files, which are read", odd),
        *finding("decoding", WARNING, text, data.missing),
    ]


def check_lengths(data: Collection, content: Content) -> list[Finding]:
    """Files are as long as the manifest says."""
    names = [
        f"{x.name} ({m.seconds:.3f} s, {x.seconds:.3f} s by the manifest)"
        for x, m in content.items()
        if x.seconds is not None and not m.error
        if abs(x.seconds - m.seconds) > _SECONDS
    ]
    text = "other lengths than in the manifest: prepare the data again"
    return finding("lengths", ERROR, text, names)


def check_rates(data: Collection, content: Content) -> list[Finding]:
    """All files have one sample rate, that of training."""
    rates = Counter(x.sample_rate for x in content.values() if not x.error)
    if not rates:
        return []
    usual = data.sample_rate or max(rates, key=lambda x: (rates[x], -x))
    names = [
        f"{x.name} ({m.sample_rate} Hz)"
        for x, m in content.items()
        if not m.error and m.sample_rate != usual
    ]
    level = ERROR if data.prepared else WARNING
    return finding("sample rates", level, f"not of {usual} Hz", names)


def check_values(data: Collection, content: Content) -> list[Finding]:
    """No file holds NaN or infinity."""
    names = [x.name for x, m in content.items() if m.n_not_finite]
    text = "NaN or infinity instead of samples: repair or cut them"
    return finding("values", ERROR, text, names)


def check_silence(data: Collection, content: Content) -> list[Finding]:
    """No file is silent."""
    decoded = {x: m for x, m in content.items() if not m.error}
    silent = [x for x, m in decoded.items() if m.peak == 0]
    quiet = [x.name for x, m in decoded.items() if 0 < m.peak < _QUIET]
    empty = [x.name for x in silent if not x.events]
    with_events = [x.name for x in silent if x.events]
    return [
        *finding("silence", WARNING, "silent: every sample is 0", empty),
        *finding("silence", WARNING, "never above -70 dB of full scale", quiet),
        *finding(
            "silence",
            ERROR,
            "silent, and with events: the wrong channel or file",
            with_events,
        ),
    ]


def check_clipping(data: Collection, content: Content) -> list[Finding]:
    """Few samples are at full scale."""
    names = [
        f"{x.name} ({m.clipped_share:.1%})"
        for x, m in content.items()
        if m.clipped_share > _CLIPPED
    ]
    text = "clipped: share of samples at full scale"
    return finding("clipping", WARNING, text, names)


def check_copies(data: Collection, content: Content) -> list[Finding]:
    """No audio is in two splits, or twice in one."""
    across: list[str] = []
    within: list[str] = []
    for same in _same(content):
        shown = " = ".join(f"{x.set}/{x.name}" for x in same)
        # All training sets together are one split.
        splits = {x.set.partition("_")[0] for x in same}
        (across if len(splits) > 1 else within).append(shown)
    counts = Counter(
        name for names in data.recordings.values() for name in set(names)
    )
    twice = [name for name, count in counts.items() if count > 1]
    return [
        *finding(
            "copies",
            ERROR,
            "the same audio in two splits, so that scores are too good",
            across,
        ),
        *finding("copies", ERROR, "recordings in two splits", twice),
        *finding("copies", WARNING, "the same audio twice in a split", within),
    ]


def _same(content: Content) -> Iterator[list[Item]]:
    by_digest: dict[str, list[Item]] = {}
    for item, measured in content.items():
        # Silence is the same everywhere.
        if not measured.error and measured.peak:
            by_digest.setdefault(measured.digest, []).append(item)
    return (same for same in by_digest.values() if len(same) > 1)
