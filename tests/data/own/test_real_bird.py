"""A data set of real, annotated recordings of a bird."""

from __future__ import annotations

from pathlib import Path

import pytest

from lgc_plugin.data.manifest import read_manifest
from lgc_plugin.data.own.dataset import write_dataset
from lgc_plugin.data.own.options import DatasetOptions

BIRD = Path(__file__).parents[3] / "../shared/data/bird0"


@pytest.mark.skipif(not BIRD.is_dir(), reason=f"no real recordings in {BIRD}")
def test_a_real_bird(tmp_path):
    few = tmp_path / "in"
    few.mkdir()
    for number in range(0, 90, 15):
        (few / f"{number:03}.flac").symlink_to(
            (BIRD / f"audio/{number:03}.flac").resolve()
        )
    dataset = write_dataset(
        few,
        [BIRD / "notes.tsv"],
        tmp_path / "out",
        DatasetOptions(clip_seconds=5.0, min_events=20),
        n_jobs=1,
        progress=False,
    )
    assert dataset.sample_rate == 32000
    assert any("not there: 84, such as 001.flac" in x for x in dataset.notes)
    for name in ("train_strong", "valid_strong", "test"):
        found = dataset.sets[name].classes
        assert all(found[label].events for label in dataset.labels)
    for row in read_manifest(tmp_path / "out/manifests/test.csv"):
        assert all(0 <= x.onset < x.offset <= row.duration for x in row.events)
