"""Conditions of a put, tried before a store is written to: without them two writers could overwrite each other."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from tallystick.errors import LedgerError
from tallystick.store.remote.objects import Changed, Objects

_TRIED = "conditions"
"""The file that says that a store was tried, in the folder of its copies."""


def check(objects: Objects, folder: Path) -> None:
    """Raise LedgerError where the store ignores the condition of a put, unless its settings say that it may."""
    if not objects.bucket.conditional or (folder / _TRIED).exists():
        return
    name = f"conditions/{uuid4()}"
    wrong = {"e_tag": '"00000000000000000000000000000000"', "version": "1"}
    tag = objects.create(name, b"first")
    try:
        ignored = [
            condition
            for condition, put in (
                ("not there", lambda: objects.create(name, b"second")),
                ("as it was", lambda: objects.replace(name, b"third", {field: wrong[field] for field in tag})),
            )
            if not _refuses(put)
        ]
        try:
            objects.replace(name, b"fourth", tag)
        except Changed:
            ignored = ignored or ["as it was"]
    finally:
        objects.delete([name])
    if ignored:
        raise LedgerError(
            f"The store of {objects.bucket} ignores conditions of a put (if {', if '.join(ignored)}), so two writers "
            "could overwrite each other's work.",
            "Use a store that has them. Or make sure that one process alone writes, and set "
            "unconditional = true under [bucket].",
        )
    (folder / _TRIED).touch()


def _refuses(put: object) -> bool:
    try:
        put()  # type: ignore[operator]
    except Changed:
        return True
    return False
