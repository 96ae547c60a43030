"""psds_eval and sed_eval: whether they work here, and how to do without."""

import pytest

from lgc_plugin.evaluation.reference_check import check_libraries


def _reason() -> str:
    try:
        check_libraries()
    except ValueError as error:
        return str(error)
    return ""


# In the locked environment they do: test_lock.py sees to it.
needs_references = pytest.mark.skipif(bool(_reason()), reason=_reason())

LIBRARIES = ("psds_eval", "sed_eval", "sed_scores_eval", "pkg_resources")


def hidden(names=LIBRARIES):
    """Python code after which packages cannot be imported."""
    return f"import sys; sys.modules.update(dict.fromkeys({names!r}))"
