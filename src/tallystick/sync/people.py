"""People: the id of a person of whom a report tells only the e-mail (reports-api 1.4).

One whom the directory lists has the id there. Any other gets one that is made of the e-mail with a key that is kept
outside the ledger, so that it is the same each time and whoever has the ledger alone cannot find the e-mail from it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from tallystick.errors import AskedWrongly

MADE = "person_"
"""Begins an id that was made here."""
LETTERS = 22
"""Hexadecimal digits of an id that was made."""
BYTES = 32


class People:
    """Ids by e-mail, whatever its case: of those whom the directory lists (`ids`), and made with the key elsewhere.

    The key is asked for when the first id is made, not before.
    """

    def __init__(self, ids: Mapping[str, str], key: Callable[[], bytes]) -> None:
        self._ids = {email.casefold(): id_ for email, id_ in ids.items()}
        self._key = key

    def id_of(self, email: str) -> str:
        """The id of one person."""
        spelt = email.strip().casefold()
        return (
            self._ids.get(spelt) or MADE + hmac.new(self._key(), spelt.encode(), hashlib.sha256).hexdigest()[:LETTERS]
        )


def key_at(path: Path) -> bytes:
    """The key in a file, which is made where there is none, for its owner alone; AskedWrongly where it cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes().strip()
        else:
            key = secrets.token_hex(BYTES).encode()
            with os.fdopen(made, "wb") as file:
                file.write(key + b"\n")
    except OSError as wrong:
        raise AskedWrongly(
            f"The key {path} for the ids of people cannot be read or made: {wrong.strerror}.", "Correct `people_key`."
        ) from None
    if len(key) < BYTES:
        raise AskedWrongly(
            f"The key {path} for the ids of people is too short.",
            f"It needs {BYTES} bytes at least; restore it, or remove it and all such ids become others.",
        )
    return key


def default_key() -> bytes:
    """The key in the platform's configuration folder."""
    import platformdirs

    return key_at(Path(platformdirs.user_config_dir("tallystick")) / "people.key")
