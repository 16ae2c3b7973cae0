"""Organization settings: the `[[organization]]` tables, checked, each with how its credential is read.

[[organization]]
name = "Production"                # how reports and messages call it
key_env = "PRODUCTION_ADMIN_KEY"   # or key_file, key_command, token_env, token_file, token_command
people = "ids"                     # may keep less of people than the ledger's setting, never more
source = "analytics"               # what `sync` reads, as its --source
breakdowns = ["sessions"]          # in the place of the ledger's
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tallystick.credentials import from_file, from_variable
from tallystick.errors import InvalidQuestion
from tallystick.setting_types import check_settings
from tallystick.settings_file import NAME, PEOPLE, SOURCES, beside

if TYPE_CHECKING:
    from tallystick.api.credential import Credential

_VARIABLES = ("key_env", "token_env")
_KEYS = (*_VARIABLES, *SOURCES)
"""Where a credential can come from: never the table itself."""
_KNOWN = {"name": str, **dict.fromkeys(_KEYS, str), "people": str, "source": str, "breakdowns": list}


def organization_settings(
    tables: Sequence[Any], folder: Path, people: str, variable: Callable[[str], str | None]
) -> Iterator[dict[str, Any]]:
    """Read the tables of a settings file in `folder`; `people` is what the ledger keeps of people.

    Each gives what its settings have in the place of those of all: `organization` is its name.
    `variable` gives the value of a variable of the environment. InvalidQuestion names the table that cannot be.
    """
    names = set[str]()
    for number, table in enumerate(tables, 1):
        name = _name(table, number)
        if name in names:
            raise InvalidQuestion(f"Two [[organization]] are called {name!r}.", "Give each a name of its own.")
        names.add(name)
        _check(table, name)
        mode = table.get("people", people)
        if mode not in PEOPLE:
            raise InvalidQuestion(_problem(name, f"people = {mode!r}"), f"It can be {', '.join(PEOPLE)}.")
        part = {
            "organization": name,
            "people_mode": max(mode, people, key=PEOPLE.index),
            "_credential": _credential(table, folder, variable),
        }
        if "source" in table:
            part["source"] = table["source"]
        if "breakdowns" in table:
            part["breakdowns"] = tuple(map(str, table["breakdowns"]))
        yield part


def _name(table: Any, number: int) -> str:
    name = table.get("name") if isinstance(table, Mapping) else None
    if not isinstance(name, str) or not name.strip():
        raise InvalidQuestion(
            f"[[organization]] {number} in {NAME} has no name.", 'Write name = "Production", as reports shall call it.'
        )
    return name.strip()


def _check(table: Mapping[str, Any], name: str) -> None:
    check_settings(f"[[organization]] {name!r}", table, _KNOWN, f"Settings: {', '.join(_KNOWN)}.")
    if len(credential_keys := [key for key in _KEYS if key in table]) != 1:
        problem = f"{' and '.join(credential_keys)}: one credential too many" if credential_keys else "no credential"
        raise InvalidQuestion(_problem(name, problem), f"Write one of {', '.join(_KEYS)}.")


def _problem(name: str, words: str) -> str:
    return f"[[organization]] {name!r} has {words}."


def _credential(
    table: Mapping[str, Any], folder: Path, variable: Callable[[str], str | None]
) -> Callable[[], Credential | None]:
    """How the credential of a table is read, at each need."""
    for setting in _VARIABLES:
        if setting in table:
            return lambda: from_variable(table[setting], variable, bearer=setting.startswith("token"))
    paths = {
        key: str(beside(folder, table[key], key, NAME)) for key in SOURCES if key.endswith("file") and key in table
    }
    return lambda: from_file({**table, **paths}, folder)
