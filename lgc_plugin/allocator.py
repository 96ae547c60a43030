"""Memory that a CPU step gives back should stay at hand for the next one."""

from __future__ import annotations

import ctypes
import sys

# Parameters of glibc's mallopt(3).
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_KEEP_BYTES = 2**31 - 1


def keep_freed_memory() -> bool:
    """Tells glibc's allocator to keep large freed blocks.

    By default, each large tensor is mapped anew from the kernel and given
    back when freed, so that every step of a training on the CPU pays for page
    faults on gigabytes. Call it before training; memory use stays at its
    peak.

    Returns
    -------
    bool
        Whether the allocator took the settings; False without glibc.

    Example
    -------
    >>> keep_freed_memory() in (True, False)
    True
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    settings = (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD)
    return all(mallopt(setting, _KEEP_BYTES) == 1 for setting in settings)
