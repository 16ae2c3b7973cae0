"""Files: answers written to one whole or not at all, or to the standard output where none is named."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tallystick.cli.output import note, pipe, say, silence
from tallystick.errors import InvalidQuestion

_SYSTEM = ("/dev/", "/proc/")


def write(content: str | bytes, output: str | None, *, force: bool) -> None:
    """Write an answer to the terminal, or whole to a file; InvalidQuestion where `free` says so."""
    free(output, force=force, text=isinstance(content, str))
    if output is None:
        say(content, nl=False)
        return
    with atomic_file(Path(output)) as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    _tell(output)


def stream(send: Callable[[BinaryIO], None], output: str | None, *, force: bool, text: bool) -> None:
    """Let `send` write to the standard output, or to a file that is whole or not there; InvalidQuestion as `write`."""
    free(output, force=force, text=text)
    if output is not None:
        with atomic_file(Path(output)) as file:
            send(file)
        _tell(output)
        return
    try:
        with pipe() as file:
            send(file)
    except BrokenPipeError:  # the reader has enough, as `head` does
        silence()


def _tell(output: str) -> None:
    """Say that a file was written; a device or a pipe is no file."""
    if Path(output).is_file() and not str(Path(output).absolute()).startswith(_SYSTEM):
        note(f"wrote {output}")


def free(output: str | None, *, force: bool, text: bool) -> None:
    """Raise InvalidQuestion where an answer cannot go: a file that is there, a terminal for what is not text.

    A device or a pipe is written to, never replaced.
    """
    if output is None:
        if not text and sys.stdout.isatty():
            raise InvalidQuestion("This format is not for a terminal.", "Name a file with --output, or pipe it on.")
        return
    path = Path(output)
    with _file(path):
        mode = _mode(path)
        if mode is None and not path.parent.is_dir():
            raise InvalidQuestion(f"{path} cannot be written: there is no folder {path.parent}.", "Make it first.")
        if mode is None and not os.access(path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if mode is None:
        return
    if stat.S_ISDIR(mode):
        raise InvalidQuestion(f"{output} is a folder.", "Name a file in it.")
    if stat.S_ISBLK(mode):
        raise InvalidQuestion(f"{output} is a disk.", "Name a file.")
    if stat.S_ISREG(mode) and not force and not str(path.absolute()).startswith(_SYSTEM):
        raise InvalidQuestion(f"{output} is there already.", "Name another file, or replace it with --force.")


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write: beside its place first, so that its name is taken only by the whole of it.

    A link stays, what it points to is replaced; a device or a pipe is written to.
    """
    with _file(path):
        mode = _mode(path)
        if (mode is not None and not stat.S_ISREG(mode)) or str(path.absolute()).startswith(_SYSTEM):
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
    made = not folder.exists()
    try:
        with _file(folder):
            folder.mkdir(parents=True, exist_ok=True)
            modes = [(path, mode) for path in paths.values() if (mode := _mode(path)) is not None]
        for path, mode in modes:
            if not force or not stat.S_ISREG(mode):
                raise InvalidQuestion(
                    f"{path} is there already.", "Name another folder, or replace files with --force."
                )
        with _file(folder):
            for name, content in files.items():
                parts[name].write_bytes(content)
            for name, part in parts.items():
                part.replace(paths[name])
    finally:
        with suppress(OSError):
            for part in parts.values():
                part.unlink(missing_ok=True)
            if made:
                folder.rmdir()  # where nothing is in it
    return list(paths.values())


def _beside(path: Path) -> Path:
    """Where a file is written before it has its name: short, whatever the name."""
    return path.with_name(f".tallystick-{os.urandom(4).hex()}.part")


def _mode(path: Path) -> int | None:
    """What is at a path, links followed; None where nothing is."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


@contextmanager
def _file(path: Path) -> Iterator[None]:
    """Raise InvalidQuestion for whatever the disk says."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) and wrong.strerror else "it is no path"
        raise InvalidQuestion(f"{path} cannot be written: {why}.", "Name another file.") from None
