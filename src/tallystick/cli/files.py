"""Files: answers written to one whole or not at all, or to the standard output where none is named."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tallystick.cli.output import note, pipe, say, silence
from tallystick.errors import InvalidQuestion
from tallystick.written_files import SYSTEM, atomic_file, mode_of, writing


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
    if Path(output).is_file() and not str(Path(output).absolute()).startswith(SYSTEM):
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
    with writing(path):
        mode = mode_of(path)
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
    if stat.S_ISREG(mode) and not force and not str(path.absolute()).startswith(SYSTEM):
        raise InvalidQuestion(f"{output} is there already.", "Name another file, or replace it with --force.")
