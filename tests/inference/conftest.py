"""A detector with a student and a teacher."""

import pytest

from detector_cases import CPU, SETTINGS
from lgc_plugin import SoundEventDetector
from lgc_plugin.inference.model.model_folder import write_model
from model_cases import used_network


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "model"
    networks = {
        "student": used_network(SETTINGS, 1),
        "teacher": used_network(SETTINGS, 2),
    }
    write_model(folder, SETTINGS, networks)
    return folder


@pytest.fixture(scope="module")
def detector(folder):
    return SoundEventDetector.from_hparams(folder, run_opts=CPU)
