from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from support.full_ledger import copy, full, path, truth
from support.processes import Forks

__all__ = ["copy", "forks", "full", "path", "truth"]


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """A way to start many processes quickly."""
    with closing(Forks()) as forks:
        yield forks
