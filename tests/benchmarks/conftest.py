"""Lets the tests import the scripts of benchmarks/ as they do each other."""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path += [str(_HERE.parents[1] / "benchmarks"), str(_HERE)]
