"""What every test run needs, wherever the tests are."""

import os
import signal

# Several test processes share the cores, and threads that wait for each other
# there take ten times as long. Before PyTorch, which reads it when loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings
from speechbrain.utils.importutils import LazyModule

from lgc_plugin.evaluation.reference_check import check_libraries

# Hypothesis asks every loaded module for its __file__. SpeechBrain's lazy
# modules answer by importing themselves, and those that wrap a package that is
# not installed (k2, flair) end the test run. A plain attribute stops that.
LazyModule.__file__ = None

try:
    check_libraries()
except ValueError:
    # Its example asks the libraries, which do not work here.
    collect_ignore = ["lgc_plugin/evaluation/reference_check.py"]

# Machines are shared: how long an example takes says nothing about the code.
settings.register_profile(
    "shared", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared")

# What a shell starts in the background ignores Ctrl-C, and so would the
# programs under test that have to mind it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Runs of the recipe first: at the end a long file would run alone."""
    items.sort(key=lambda item: item.path.parent.name != "recipes")
