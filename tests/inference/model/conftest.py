"""A model folder."""

from pathlib import Path

import pytest

from lgc_plugin.inference.model.model_folder import write_model
from model_cases import NETWORKS, SETTINGS


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_model(tmp_path / "model", SETTINGS, NETWORKS)
    return tmp_path / "model"
