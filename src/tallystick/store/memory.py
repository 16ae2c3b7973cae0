"""Memory: Arrow's, which goes back to the system as soon as nothing stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

_KERNELS = pa.default_memory_pool()
"""What Arrow's joins and sums take memory from, whatever pool is set: its own allocator, which keeps what is free."""


@contextmanager
def system_pool() -> Iterator[None]:
    """Take Arrow's memory from the system's allocator, which keeps less of what is free."""
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)
        release()


def release() -> None:
    """Give back what Arrow's own allocator keeps."""
    _KERNELS.release_unused()
