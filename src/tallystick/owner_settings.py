"""Owner settings: who owns what, as the settings name it: a list of owners, and tables after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tallystick.credentials import read_text
from tallystick.settings_file import NAME, is_there
from tallystick.tally.owners import Owners

_SPREADSHEET = "cp1252"
"""How spreadsheets write a CSV that is not UTF-8."""
_OWNERS = "owners.csv"
"""The list of owners that is looked for where no setting names one, to say so."""


def owner_rules(tables: Sequence[Any], path: Path | None) -> Owners:
    """Return who owns what: the list at `path`, then the tables; InvalidQuestion names the rule that cannot be."""
    text = (read_text(path, "owners' list", "owners", _SPREADSHEET), path.name) if path else ()
    owners = Owners.read(tables, *text)
    if owners.rules or path or not is_there(Path(_OWNERS)):
        return owners
    hint = f'{_OWNERS} is in this folder, but no setting names it: write owners = "{_OWNERS}" in {NAME}.'
    return replace(owners, unnamed=hint)
