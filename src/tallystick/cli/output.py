"""Output: answers to the standard output, notes to the error stream.

An answer that cannot be written is an error, exit code 2; a note that cannot be written changes nothing. A reader that
has enough, as `head` does, ends a command quietly.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, TextIO

import click

from tallystick.errors import InvalidQuestion


def say(text: str | bytes = "", *, nl: bool = True) -> None:
    """Write to the standard output; InvalidQuestion where it takes nothing."""
    with _standard():
        click.echo(text, nl=nl)


def note(text: str, *, name: str = "tallystick: ") -> None:
    """Say something beside the answer on the error stream; it cannot steer a terminal, and is folded for one."""
    from tallystick.core.text import safe

    line = f"{name}{safe(text)}"
    with suppress(OSError, ValueError):  # what cannot be said must not stop what is done
        if sys.stderr.isatty():
            from tallystick.formats.fold import folded

            line = "\n".join(folded(line, shutil.get_terminal_size().columns))
        click.echo(line, err=True)


@contextmanager
def pipe() -> Iterator[BinaryIO]:
    """The standard output for bytes; InvalidQuestion where it takes nothing."""
    with _standard():
        if not sys.stdout.writable():
            raise io.UnsupportedOperation
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()


def ready() -> None:
    """Make both streams fit to write to: a narrow encoding shows ? for what it lacks, a closed one takes nothing."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - writing to it fails, as it should
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for all of the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def flush() -> None:
    """Write what still waits for both streams; InvalidQuestion where the standard output takes nothing."""
    try:
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)
    if sys.stdout.writable():
        with _standard():
            sys.stdout.flush()


def unwritable(error: BaseException) -> bool:
    """Whether an error is that the standard output takes nothing, raised by a command that writes line by line."""
    import traceback

    frames = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    return isinstance(error, OSError) and click.echo.__code__ in frames


def silence(stream: TextIO | None = None) -> None:
    """Send what still waits for the standard output nowhere, so that the end of the process does not fail on it."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), (stream or sys.stdout).fileno())


@contextmanager
def _standard() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as wrong:
        raise unwritten(wrong) from None


def unwritten(error: BaseException) -> InvalidQuestion:
    """The error of a standard output that takes nothing more; what waits for it goes nowhere."""
    silence()
    why = error.strerror if isinstance(error, OSError) and error.strerror else "it is closed"
    return InvalidQuestion(f"The standard output cannot be written: {why}.", "Name a file with --output.")
