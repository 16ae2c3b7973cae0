"""Written files: whole or not there at all: beside their place first, so that a name is taken only by all of it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tallystick.errors import InvalidQuestion

SYSTEM = ("/dev/", "/proc/")
"""What begins the path of a device."""


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write: beside its place first, so that its name is taken only by the whole of it.

    A link stays, what it points to is replaced; a device or a pipe is written to.
    """
    with writing(path):
        mode = mode_of(path)
        if (mode is not None and not stat.S_ISREG(mode)) or str(path.absolute()).startswith(SYSTEM):
            regular = mode is not None and stat.S_ISREG(mode)
            with path.open("r+b" if regular else "wb") as file:
                if regular:
                    file.seek(0, os.SEEK_END)  # /dev/stdout may be a file that is appended to
                yield file
            return
        target = path.resolve() if path.is_symlink() else path
        beside = _beside(target)
        try:
            with beside.open("xb") as file:
                yield file
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


def write_all(folder: Path, files: Mapping[str, bytes], *, force: bool) -> list[Path]:
    """Write files into a folder, which is made; all of them, or none where one cannot be. Returns their paths."""
    paths = {name: folder / name for name in files}
    parts = {name: _beside(path) for name, path in paths.items()}
    is_new = not folder.exists()
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            modes = [(path, mode) for path in paths.values() if (mode := mode_of(path)) is not None]
        for path, mode in modes:
            if not force or not stat.S_ISREG(mode):
                raise InvalidQuestion(
                    f"{path} is there already.", "Name another folder, or replace files with --force."
                )
        with writing(folder):
            for name, content in files.items():
                parts[name].write_bytes(content)
            for name, part in parts.items():
                part.replace(paths[name])
    finally:
        with suppress(OSError):
            for part in parts.values():
                part.unlink(missing_ok=True)
            if is_new:
                folder.rmdir()  # where nothing is in it
    return list(paths.values())


def file_word(name: str) -> str:
    """Return a name as part of a file's name on every system; short in bytes too: a Chinese letter takes three."""
    word = re.sub(r"[^\w.-]+", "-", name).strip("-.").encode()[:80].decode(errors="ignore")
    return word or "team"


def _beside(path: Path) -> Path:
    """Where a file is written before it has its name: short, whatever the name."""
    return path.with_name(f".tallystick-{os.urandom(4).hex()}.part")


def mode_of(path: Path) -> int | None:
    """What is at a path, links followed; None where nothing is."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise InvalidQuestion for whatever the disk says."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) and wrong.strerror else "it is no path"
        raise InvalidQuestion(f"{path} cannot be written: {why}.", "Name another file.") from None
