"""Lets the tests of this folder import each other's helpers."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
