"""Writes `docs/errors.md` from the cases: `make errors`, which also writes the texts anew."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from errors.case import AREAS, Case, cases

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
HEAD = """# Errors

Each kind of error of the command line: what it says, why, and how to mend it. An error goes to the error stream: a line
for what happened, then what to do. A test provokes each one and holds its text to this page.

| exit code | what it means | what to do |
|--:|---|---|
| 0 | done | |
| 1 | done, but something is not as it should be | read the warnings; a later sync often mends it |
| 2 | asked wrongly: the question, the settings or a name cannot be | correct it as the message says; nothing was sent |
| 3 | refused by the API | the same request is refused again; check the key and its rights |
| 4 | the API could not be reached | run the same again later |
| 5 | the API answered unexpectedly | try again; if it stays, update tallystick or report it |
| 6 | the ledger cannot be read or written | see [The ledger](#the-ledger); what was committed stays |
| 70 | an internal error | report it with the file that the message names; it has no secrets |
| 130 | stopped with Ctrl-C | run the same again to go on |

In Python each is an exception of `tallystick.errors` with `what`, `hint` and `exit_code`.
"""


def section(case: Case) -> str:
    """Return what the page says of one error."""
    text = case.text.read_text(encoding="utf-8").rstrip("\n")
    return (
        f"### {case.title}\n\n"
        f"```text\n$ tallystick {case.command}\n{text}\n```\n\n"
        f"Exit code {case.code}. {case.why} {case.mend}\n"
    )


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for area, group in groupby(cases(), key=lambda case: case.folder.parent.name):
        parts += [f"## {AREAS[area]}\n", *map(section, group)]
    return "\n".join(parts)


def write() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
