"""What is said where PyTorch cannot be loaded: run with broken stand-ins."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from lgc_plugin.utils.loading import LoadError, check_versions, explained

ROOT = Path(__file__).resolve().parents[2]

# The chain of errors of a torchaudio that was built for another torch.
BROKEN = """
try:
    raise OSError("/some/where/libtorchaudio.so: undefined symbol: torch_x")
except OSError as error:
    raise OSError("Could not load this library: /some/where") from error
"""


@pytest.fixture
def broken(tmp_path):
    """Runs Python where a package is broken or missing."""

    def run(words, **packages):
        site = tmp_path / "site"
        for name, code in packages.items():
            (site / name).mkdir(parents=True)
            (site / name / "__init__.py").write_text(code)
        return subprocess.run(
            [sys.executable, *words],
            env={"PYTHONPATH": f"{site}:{ROOT}", "PATH": ""},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return run


API = "from lgc_plugin import LGC"
ROOMS = "from lgc_plugin.models.features import LogMel"
BRAIN = "from lgc_plugin.training.brain import LGCBrain"
RECIPE = [str(ROOT / "recipes" / "DESED" / "train.py"), "x.yaml"]
CLI = ["-m", "lgc_plugin.cli.main", "import-checkpoint", "x.ckpt", "--output=x"]
EVERY_WAY = [["-c", API], ["-c", ROOMS], ["-c", BRAIN], RECIPE, CLI]


@pytest.mark.parametrize("words", EVERY_WAY, ids=lambda words: words[-1][-25:])
def test_a_library_that_does_not_load_ends_in_one_sentence(broken, words):
    done = broken(words, torch=BROKEN)
    assert done.returncode == (2 if words == CLI else 1)
    (line,) = done.stderr.splitlines()
    versions = [metadata.version(name) for name in ("torch", "torchaudio")]
    assert f"torch {versions[0]} does not load with" in line
    assert f"torchaudio {versions[1]} " in line
    assert "(libtorchaudio.so: undefined symbol: torch_x)" in line
    assert "work together: pip install " in line
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["torchaudio", "speechbrain"])
def test_any_failure_of_the_others_is_explained_too(broken, name):
    code = "raise AttributeError('module torch has no attribute x')"
    done = broken(["-c", BRAIN], **{name: code})
    (line,) = done.stderr.splitlines()
    assert f"{name} {metadata.version(name)} does not load with torch" in line
    assert "(module torch has no attribute x)" in line


def test_other_errors_keep_their_traceback(broken):
    code = f"try:\n {API}\nexcept ImportError: pass\n1 / 0"
    done = broken(["-c", code], torch=BROKEN)
    assert done.returncode == 1
    assert "Traceback" in done.stderr and "ZeroDivisionError" in done.stderr
    assert "torch" not in done.stderr


RUN_CLI = f"from lgc_plugin.cli.main import main; sys.exit(main({CLI[2:]}))"


@pytest.mark.parametrize("code", [API, RUN_CLI], ids=["API", "CLI"])
def test_a_missing_package_is_named_with_the_command(broken, code):
    done = broken(["-c", f"import sys; sys.modules['torch'] = None; {code}"])
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert "error: torch is not installed: pip install torch==" in line


def test_other_missing_packages_are_left_alone():
    missing = ModuleNotFoundError("No module named 'x'", name="x")
    assert explained(missing) is missing


def test_commands_that_need_no_network_need_no_pytorch(broken):
    code = "raise OSError('broken')"
    words = ["-m", "lgc_plugin.cli.main", "evaluate", "--help"]
    done = broken(words, torch=code, torchaudio=code, speechbrain=code)
    assert (done.returncode, done.stderr) == (0, "")


def test_speechbrain_is_loaded_without_a_word(broken):
    code = "import lgc_plugin, speechbrain.utils.train_logger"
    done = broken(["-c", code])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_a_library_sets_while_it_loads_stays(broken):
    library = "import warnings; warnings.filterwarnings('ignore', 'of torch')"
    code = (
        "import sys, warnings, lgc_plugin, torch; "
        "sys.exit(not any('of torch' in str(f[1]) for f in warnings.filters))"
    )
    assert broken(["-c", code], torch=library).returncode == 0


def test_check_does_not_load_pytorch(broken):
    code = (
        "import sys, lgc_plugin.utils.loading as x; x.check_versions(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert broken(["-c", code]).returncode == 0


def test_check_names_what_is_missing(monkeypatch):
    monkeypatch.setattr(metadata, "requires", lambda name: ["no_such==1", "x"])
    hook = sys.excepthook
    with pytest.raises(LoadError, match="no_such is not installed") as caught:
        check_versions()
    assert len(str(caught.value).splitlines()) == 2
    monkeypatch.setattr(sys, "excepthook", hook)
