"""A case: one kind of error of the command line, as its directory tells what provokes it and what is said then.

`error.toml` has the command, the exit code, why it happens and how to mend it, and what must be so before: `files` of
the working folder, `environment`, `before` (commands that succeed), `copy` (a ledger of its own, which `prepare.sh` may
damage, as $LEDGER), `faults` of the simulator, `answers` of a server in its place, `without` a library that is an
extra, `patience` for another writer. Where `provoke.sh` stands beside it, that runs the command, as $TALLYSTICK.
`stderr.txt` is the exact text.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
AREAS = {
    "question": "The question",
    "names": "Names",
    "dates": "Dates",
    "settings": "Settings",
    "owners": "Owners, budgets, events and prices",
    "key": "The key, and trust",
    "api": "Refused by the API",
    "unreachable": "The API cannot be reached",
    "unexpected": "Unexpected answers",
    "ledger": "The ledger",
    "output": "Output files",
    "months": "Closed months",
    "watch": "Rules, channels and deliveries",
    "serve": "The dashboard and other servers",
    "extras": "What is not installed",
}
"""The folders of the cases and their headings, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a directory says."""

    folder: Path
    title: str
    command: str
    code: int
    why: str
    mend: str
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    before: Sequence[str] = ()
    copy: bool = False
    faults: Sequence[str] = ()
    answers: Sequence[Mapping[str, Any]] = ()
    without: str = ""
    patience: float | None = None
    long: bool = False

    @property
    def name(self) -> str:
        """Its area and directory."""
        return str(self.folder.relative_to(FOLDER))

    @property
    def text(self) -> Path:
        """The file of the exact text of the error stream."""
        return self.folder / "stderr.txt"

    @property
    def script(self) -> Path:
        """What runs the command in the place of the test, where it is there."""
        return self.folder / "provoke.sh"


def cases() -> list[Case]:
    """Return every case, by area in the order of the page, then by directory."""
    return [
        Case(file.parent, **tomllib.loads(file.read_text(encoding="utf-8")))
        for area in AREAS
        for file in sorted((FOLDER / area).glob("*/error.toml"))
    ]
