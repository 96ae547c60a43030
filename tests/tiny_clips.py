"""Audio files and manifests that the tests of several files read."""

import numpy as np
import soundfile

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.data.manifest import ClipRow, write_manifest
from lgc_plugin.types import Event, LabelKind

ENCODER = EventEncoder(["Cat", "Dog"], clip_seconds=0.1)


def write_clips(
    folder, name, kind=LabelKind.NONE, count=4, seconds=0.1, rate=16000
):
    """A manifest of clips whose samples are all their own number + 1."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for i in range(count):
        file = folder / f"{name}{i}.wav"
        samples = np.full(round(seconds * rate), i + 1, np.int16)
        soundfile.write(file, samples, rate)
        events = (Event(0.01, 0.03, "Dog"),) if kind is LabelKind.STRONG else ()
        tags = ("Cat",) if kind is LabelKind.WEAK else ()
        wav = f"$data_root/{file.name}"
        rows.append(ClipRow(f"{name}{i}", seconds, wav, kind, events, tags))
    manifest = folder / f"{name}.csv"
    write_manifest(rows, manifest)
    return manifest
