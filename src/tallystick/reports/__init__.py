"""Reports: Question to Table. Each is one file; they are listed once, here."""

from __future__ import annotations

from tallystick.query.pivot import Pivot
from tallystick.reports.cache import CACHE
from tallystick.reports.spend import SPEND
from tallystick.reports.usage import USAGE

REPORTS: tuple[Pivot, ...] = (SPEND, USAGE, CACHE)
"""Every report; its command and help follow from this line, its Python method stands in `ledger.py`."""
