"""Data sets in DESED's layout, and their preparation."""

import numpy as np
import soundfile

import desed_prepare as recipe
from lgc_plugin.data.manifest import read_manifest

PATHS = recipe.DEFAULT_PATHS
CORE = {
    "train_strong",
    "train_weak",
    "train_unlabeled",
    "valid_strong",
    "valid_weak",
    "test",
}


def write_wav(path, seconds=0.05, rate=16000, subtype="PCM_16", channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.zeros((round(seconds * rate), channels))
    soundfile.write(path, samples, rate, subtype)


def write_table(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join("\t".join(row) + "\n" for row in rows))


def prepare(root, **options):
    return recipe.prepare_desed(
        root, root.parent / "out", n_jobs=1, progress=False, **options
    )


def rows_of(preparation, name):
    return {row.id: row for row in read_manifest(preparation.manifests[name])}


def write_desed(root):
    """A whole data set of eight clips a set and three classes."""
    for name in ("train_strong", "valid_strong", "test"):
        clips = [f"{name}_{i}.wav" for i in range(8)]
        labels = ["Cat", "Dog", "Rain"] * 3
        write_table(
            root / PATHS[f"{name}_tsv"],
            ["filename", "onset", "offset", "event_label"],
            *([c, "0.01", "0.04", x] for c, x in zip(clips, labels)),  # noqa: B905
        )
        for clip in clips:
            write_wav(root / PATHS[f"{name}_audio"] / clip)
    weak = [f"weak_{i}.wav" for i in range(8)]
    write_table(
        root / PATHS["train_weak_tsv"],
        ["filename", "event_labels"],
        *([clip, "Cat,Dog"] for clip in weak),
    )
    for i, clip in enumerate(weak):
        write_wav(root / PATHS["train_weak_audio"] / clip)
        write_wav(root / PATHS["train_unlabeled_audio"] / f"{i}.wav")
    return root
