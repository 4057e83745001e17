"""Large blocks of memory, given back to the system when they are done with."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_MMAP_THRESHOLD: Final = -3
"""M_MMAP_THRESHOLD of malloc.h."""

_LARGE: Final = 4 << 20


def give_back_large_blocks() -> None:
    """
    Have the C library take blocks of 4 MB and more from the system one by one.

    Left to itself glibc, once one of them was freed, gathers others in heaps of its own, one for each thread, between
    whose holes they stay: with parts of a recording of ten hours that came to 80 MB. Elsewhere nothing happens.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not in every C library
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE)
