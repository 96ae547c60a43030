"""The examples of the scripts, which are outside pytest's doctest run."""

import doctest
import importlib
from pathlib import Path

import pytest

_SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"
_NAMES = sorted(
    path.stem for path in _SCRIPTS.glob("*.py") if ">>> " in path.read_text()
)


@pytest.mark.parametrize("name", _NAMES)
def test_examples(name, request):
    # As pytest gives it to the examples that it runs itself.
    given = {"getfixture": request.getfixturevalue}
    module = importlib.import_module(name)
    result = doctest.testmod(module, extraglobs=given)
    assert result.attempted and not result.failed
