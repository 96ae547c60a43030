"""Memory that a CPU step gives back should stay at hand for the next one."""

from __future__ import annotations

import ctypes
import sys

# Parameters of glibc's mallopt(3).
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_LARGEST_BYTES = 2**31 - 1
_NEVER = -1


def keep_freed_memory() -> bool:
    """Tells glibc's allocator to keep large freed blocks.

    By default, each large tensor is mapped anew from the kernel and given
    back when freed, so that every step of a training on the CPU pays for page
    faults on gigabytes. Call it before training; memory use stays at its
    peak.

    >>> keep_freed_memory() in (True, False)
    True
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    # Between two steps more than 2 GB lie free at the end of the heap, the most
    # that a number here can say: trimming has to be off altogether.
    settings = (
        (_M_MMAP_THRESHOLD, _LARGEST_BYTES),
        (_M_TRIM_THRESHOLD, _NEVER),
    )
    return all(mallopt(setting, value) == 1 for setting, value in settings)
