from __future__ import annotations

import pytest

from support.page_fuzz import fuzz

CORPUS = (1796078823, 1796080452, 1796080458)
"""Seeds that raised something else once: bytes that are no UTF-8 in a field nobody reads."""


@pytest.mark.parametrize("seeds", [CORPUS, range(300)], ids=["once at fault", "others"])
def test_a_spoiled_page_is_read_or_refused(seeds: range | tuple[int, ...]) -> None:
    """Whatever bytes, values, fields or rows are spoiled, a sync reads it or refuses it by an error of ours."""
    assert fuzz(seeds).faults == []
