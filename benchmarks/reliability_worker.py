"""Stages that are no command of their own, and the input of all stages.

python benchmarks/reliability_worker.py STAGE PLACE [OUT]
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from reliability_stages import EMBEDDING, PROFILE, ROOT, SED, SMALL

sys.path.insert(0, str(ROOT / "recipes" / "DESED"))
_REPEATED = 20  # so that the cache takes a moment
_EMBEDDED = 960  # so do embeddings, in several files


def make_input(place: Path) -> None:
    """Data sets, a model, recordings, scores and annotations."""
    from detect_model import make_model
    from scoring_data import LABELS, draw_clips, draw_scores

    from lgc_plugin.data.encoder import EventEncoder
    from lgc_plugin.data.soundscapes.toy_bank import write_synthetic_bank

    write_synthetic_bank(place / "bank", sounds_per_class=6)
    for name, rate in (("data", "16000"), ("data_44100", "44100")):
        words = ("soundscapes", f"--bank={place / 'bank'}", *SMALL.split())
        options = (f"--output={place / name}", f"--sample-rate={rate}")
        subprocess.run([*SED, *words, *options], check=True)
    (place / "profile.yaml").write_text(PROFILE)
    make_model(place / "model", seed=0)
    (place / "embedding.yaml").write_text(EMBEDDING)
    rng = np.random.default_rng(0)
    for folder, count in (("recordings", 60), ("clips", _EMBEDDED)):
        (place / folder).mkdir()
        for number in range(count):
            noise = rng.normal(0, 0.1, 8000)
            soundfile.write(place / f"{folder}/{number:03}.wav", noise, 16000)
    clips = draw_clips(60, seed=0)
    draw_scores(clips, EventEncoder(LABELS), seed=0).save(place / "scores.npz")
    tables = {"truth.tsv": clips.events, "durations.tsv": clips.durations}
    for name, table in tables.items():
        table.to_csv(place / name, sep="\t", index=False)


def prepare(place: Path, out: Path) -> None:
    """The preparation of the recipe, for audio of another rate."""
    from desed_prepare import prepare_desed

    prepare_desed(
        place / "data_44100",
        out / "manifests",
        resampled_folder=out / "resampled",
        n_jobs=2,
        progress=False,
    )


def cache(place: Path, out: Path) -> None:
    """The cache of clips of training, of many clips."""
    from lgc_plugin.data.clip_cache import cache_clips
    from lgc_plugin.data.packed_clips import ClipFiles

    paths = sorted(map(str, (place / "recordings").glob("*.wav")))
    paths *= _REPEATED
    files = ClipFiles(tuple(paths), (0.5,) * len(paths), 16000)
    cache_clips({"strong": files}, "disk", out / "cache", progress=False)


def embedding(place: Path, out: Path) -> None:
    """Embeddings, in processes that find the encoder beside this file."""
    from lgc_plugin.cli.main import main as lgc_sed

    words = ["embed", f"--data={place / 'clips'}"]
    words += [str(place / "embedding.yaml"), f"--cache_folder={out / 'cache'}"]
    status = lgc_sed([*words, "--device=cpu"])
    if status:
        raise ValueError("embeddings were not computed")


def main(words: Sequence[str]) -> int:
    """Runs one stage; returns the exit status."""
    stages = (make_input, prepare, cache, embedding)
    named = {stage.__name__.removeprefix("make_"): stage for stage in stages}
    try:
        named[words[0]](*map(Path, words[1:]))
    except (ValueError, OSError) as error:
        print(f"reliability_worker.py: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
