"""Memory: Arrow's, which goes back to the system as soon as nothing stands in it."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

_KERNELS = pa.default_memory_pool()
"""What Arrow's joins and sums take memory from, whatever pool is set: its own allocator, which keeps what is free."""
_ARENA_MAX = -8
"""How `mallopt` of glibc calls the number of its arenas."""


@contextmanager
def system_pool() -> Iterator[None]:
    """Take Arrow's memory from the system's allocator, which keeps less of what is free.

    All threads share one arena of it: of each further one the end is kept.
    """
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    _limit_arenas(1)
    try:
        yield
    finally:
        _limit_arenas(0)
        pa.set_memory_pool(before)
        release()


def release() -> None:
    """Give back what Arrow's own allocator and the system's keep."""
    _KERNELS.release_unused()


def _limit_arenas(most: int) -> None:
    """Let glibc make no more arenas than so many; 0 is as many as it likes. Other systems have no such setting."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(_ARENA_MAX, most)
