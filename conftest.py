"""What every test run needs, wherever the tests are."""

import gc
import os
import signal

# Several test processes share the cores, and threads that wait for each other
# there take ten times as long. Before PyTorch, which reads it when loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings

# Machines are shared: how long an example takes says nothing about the code.
settings.register_profile(
    "shared", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared")

# What a shell starts in the background ignores Ctrl-C, and so would the
# programs under test that have to mind it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection(session):
    """Not called in the process that only hands tests out: it stays small."""
    from speechbrain.utils.importutils import LazyModule

    # Hypothesis asks every loaded module for its __file__. SpeechBrain's lazy
    # modules answer by importing themselves, and those that wrap a package
    # that is not installed (k2, flair) end the test run. A plain attribute
    # stops that.
    LazyModule.__file__ = None


def pytest_ignore_collect(collection_path):
    """An example asks the reference libraries, which may not work here."""
    if collection_path.name == "reference_check.py":
        from lgc_plugin.evaluation.reference_check import check_libraries

        try:
            check_libraries()
        except ValueError:
            return True
    return None


def pytest_collection_finish():
    """What is loaded by now stays: no need to look for garbage in it."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items):
    """Runs of the recipe first: at the end a long file would run alone."""
    items.sort(key=lambda item: item.path.parent.name != "recipes")
