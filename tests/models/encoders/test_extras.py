"""Packages of the extras are loaded where an encoder needs them, not before."""

import subprocess
import sys

CODE = """
import sys

for name in ("transformers", "h5py", "onnx", "onnxruntime"):
    sys.modules[name] = None
from lgc_plugin.models import encoders

print(*(getattr(encoders, name).__name__ for name in encoders.__all__))
"""


def test_all_encoders_import_without_the_extras():
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert {"BEATs", "FileEncoder", "TransformersEncoder"} <= set(
        done.stdout.split()
    )
