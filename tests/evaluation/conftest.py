"""What tests of this folder share."""

from __future__ import annotations

from pathlib import Path

import pytest

from lgc_plugin.evaluation.ground_truth_files import (
    Annotations,
    read_annotations,
)
from scoring_files import write_truth


@pytest.fixture
def truth(tmp_path: Path) -> Annotations:
    """The truth of the clips of ``scoring_files``, also in two files."""
    write_truth(tmp_path)
    return read_annotations(tmp_path / "truth.txt", tmp_path / "lengths.txt")
