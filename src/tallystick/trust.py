"""Trust: which settings files the user has allowed to say where the key comes from and goes, as direnv does.

Trust is of a path and its content: the name of an empty-handed file in the user's state folder is their hash, so that a
changed or moved file is untrusted again. The file holds the path, for `tallystick trust --list`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tallystick.errors import InvalidQuestion
from tallystick.folders import state_folder

FOLDER = "trusted"


def digest(path: Path, content: bytes) -> str:
    """The hash of a settings file: of where it is, every link followed, and of what it holds."""
    return hashlib.sha256(os.fsencode(_real(path)) + b"\0" + content).hexdigest()


def trusted(path: Path, content: bytes) -> bool:
    """Whether the user allowed this file with this content."""
    folder = _folder()
    with suppress(OSError):
        return folder is not None and (folder / digest(path, content)).is_file()
    return False


def allow(path: Path, content: bytes) -> None:
    """Remember that the user allows this file with this content; InvalidQuestion where nothing can be remembered."""
    folder = _folder()
    if folder is None:
        raise InvalidQuestion("There is no home folder to remember this in.", f"Name the file instead: --config {path}")
    revoke(path)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folder / digest(path, content), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(os.fsencode(_real(path)))
    except OSError as wrong:
        raise InvalidQuestion(
            f"{folder} cannot be written: {wrong.strerror}.", f"Name the file instead: --config {path}"
        ) from None


def revoke(path: Path) -> int:
    """Forget that the user allowed this file, with whatever content; how many entries went."""
    entries = [entry for entry, allowed in _entries() if allowed == _real(path)]
    for entry in entries:
        with suppress(OSError):
            entry.unlink()
    return len(entries)


def listed() -> list[Path]:
    """Every path that the user allowed."""
    return sorted({path for _, path in _entries()})


def _folder() -> Path | None:
    state = state_folder()
    return state / FOLDER if state else None


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _entries() -> Iterator[tuple[Path, Path]]:
    folder = _folder()
    with suppress(OSError):
        for entry in sorted(folder.iterdir()) if folder else ():
            yield entry, Path(os.fsdecode(entry.read_bytes()))
