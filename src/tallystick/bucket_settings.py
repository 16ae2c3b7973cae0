"""Bucket settings: what the `[bucket]` table says of a ledger in an object store, checked.

[bucket]
cache = "/var/cache/tallystick"    # where copies of it are kept, TALLYSTICK_CACHE; by default the user's cache folder
cache_size = "20GB"                # what is kept of rows and pages for questions
unconditional = false              # true: the store need not honor conditions of a put, and one process alone writes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tallystick.errors import InvalidQuestion
from tallystick.folders import cache_folder
from tallystick.setting_types import check_settings
from tallystick.store.bucket import MOST_BYTES, Bucket

_KNOWN = {"cache": str, "cache_size": str, "unconditional": bool}
_SIZE = re.compile(r"(\d+) ?([KMGT])B")
_UNITS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def is_url(written: str) -> bool:
    """Whether a ledger is named by a URL."""
    return "://" in written


def bucket_of(url: str, table: Mapping[str, Any], cache: str | None) -> Bucket:
    """The bucket of a URL, with its copies in `cache` or where the table says; InvalidQuestion where it cannot be."""
    check_settings("[bucket]", table, _KNOWN, f"There can be {', '.join(_KNOWN)}.")
    folder = cache or table.get("cache") or cache_folder()
    if folder is None:
        raise InvalidQuestion(
            "There is no home folder that could hold copies of a ledger in a bucket.",
            "Set TALLYSTICK_CACHE, or cache under [bucket].",
        )
    return Bucket.of(
        url,
        Path(folder).expanduser().absolute(),
        conditional=not table.get("unconditional", False),
        most_bytes=_bytes(table["cache_size"]) if "cache_size" in table else MOST_BYTES,
    )


def _bytes(size: str) -> int:
    match = _SIZE.fullmatch(size)
    if match is None:
        raise InvalidQuestion(f"cache_size under [bucket] is {size!r}.", "Write 500MB, 20GB or 1TB.")
    return int(match[1]) * _UNITS[match[2]]
