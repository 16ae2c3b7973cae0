"""Load: what pages are made of, read before anybody asks."""

from __future__ import annotations

from tallystick.catalog import CATALOG
from tallystick.web.templates import compile_all


def load() -> None:
    """Load all templates and reports, which takes longer than most answers, so that no reader waits for it."""
    compile_all()
    for question in CATALOG:
        _ = question.report
