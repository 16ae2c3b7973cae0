"""Paths: what an error says without the folders of this machine, which a reader of the dashboard has no use for."""

from __future__ import annotations

import re
from pathlib import Path

from tallystick.errors import LedgerError, TallystickError
from tallystick.store.bucket import Bucket

_PATH = re.compile(r"(?<![\w/:.<])(?:/[^\s/'\"`:,;()]+)+/([^\s/'\"`:,;()]+)")
"""An absolute path of two parts or more, and the last of them."""
_NAMED = re.compile(r"\b([Ll]edger)(?: at)? <ledger>")


def without_folders(wrong: TallystickError, ledger: Path | Bucket) -> TallystickError:
    """Return the error with the ledger's own path left out, and of any other that an error of the ledger names the end.

    What a reader wrote stays as it is in any other error, though it look like a path.
    """
    wrong.what, wrong.hint = (_plain(text, ledger, isinstance(wrong, LedgerError)) for text in (wrong.what, wrong.hint))
    wrong.args = (wrong.what, wrong.hint)
    return wrong


def _plain(text: str, ledger: Path | Bucket, every: bool) -> str:
    paths = (ledger.reading, ledger.working) if isinstance(ledger, Bucket) else (ledger.absolute(), ledger.resolve())
    for folder in sorted({*map(str, paths), str(ledger)}, key=len, reverse=True):
        if folder.count("/") > 1:
            text = text.replace(f"{folder}/", "").replace(folder, "<ledger>")
    text = _NAMED.sub(r"\1", text).replace("<ledger>", "the ledger")
    return _PATH.sub(r"\1", text) if every else text
