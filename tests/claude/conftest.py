from __future__ import annotations

from support.full_ledger import copy, full, path

__all__ = ["copy", "full", "path"]
