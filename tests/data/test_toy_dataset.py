from dataclasses import replace

from lgc_plugin.data.soundscapes.options import SoundscapeOptions
from lgc_plugin.data.soundscapes.toy_dataset import (
    make_toy_dataset,
    toy_root,
)

OPTIONS = SoundscapeOptions(
    strong=1,
    strong_validation=1,
    weak=1,
    unlabeled=1,
    validation=1,
    clip_seconds=1.0,
    sounds_per_class=3,
)


def test_soundscapes_are_made_once_per_options(tmp_path):
    root = make_toy_dataset(tmp_path, OPTIONS, n_jobs=1, progress=False)
    mark = root / "soundscapes.json"
    made = mark.stat().st_mtime_ns
    again = make_toy_dataset(tmp_path, OPTIONS, n_jobs=1, progress=False)
    assert again == root and mark.stat().st_mtime_ns == made
    assert toy_root(tmp_path, replace(OPTIONS, seed=1)) != root
