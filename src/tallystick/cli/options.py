"""Options that several commands share, and the settings that follow from them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

from tallystick.cli.files import write
from tallystick.cli.output import note
from tallystick.core.message import ordered
from tallystick.core.text import ESCAPED, did_you_mean, inert
from tallystick.errors import InvalidQuestion
from tallystick.formats import ENDINGS, FORMATS, Format

if TYPE_CHECKING:
    from tallystick.core.document import Answer
    from tallystick.core.question import Table
    from tallystick.ledger import Ledger
    from tallystick.settings import Settings

__all__ = ["write"]

FEW = 2
"""Notes that are printed below an answer on a terminal; the others are counted."""


class Choice(click.Choice[str]):
    """One of several words; one near a choice is answered with that choice."""

    def get_invalid_choice_message(self, value: str, ctx: click.Context | None) -> str:
        """Return the message for a word that is no choice."""
        message = super().get_invalid_choice_message(value, ctx)
        return f"{message} {did_you_mean(value, map(str, self.choices))}".strip()


Command = TypeVar("Command", bound=Callable[..., Any])


def _remembered(name: str, words: str, **attributes: Any) -> Callable[[Command], Command]:
    """Make an option that commands do not take as an argument; who needs its value finds it in the context."""

    def remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        context.meta[str(parameter.name)] = value

    return click.option(name, expose_value=False, callback=remember, help=words, **attributes)


ledger = _remembered("--ledger", "The ledger's folder or URL (TALLYSTICK_LEDGER).", metavar="PATH")
demo_ledger = _remembered(
    "--ledger", "The folder of the demo's ledger. TALLYSTICK_LEDGER does not name it.", metavar="PATH"
)
as_of = _remembered(
    "--as-of",
    "Ask the ledger as it was at the end of a UTC day, or at a version (`tallystick log`).",
    metavar="DAY|VERSION",
)
engine = _remembered(
    "--engine",
    "Ask a Spark Connect server about the same tables, as sc://host:15002 (TALLYSTICK_ENGINE).",
    metavar="ADDRESS",
)
config = _remembered("--config", "The settings file (TALLYSTICK_CONFIG).", metavar="FILE")
base_url = _remembered("--base-url", "Where the API is (TALLYSTICK_BASE_URL).", metavar="URL")
_OVERRIDES = ("ledger", "as_of", "engine", "config", "base_url")
"""Options that stand above what the settings say."""


output = click.option("--output", "-o", metavar="FILE", help="Write to a file instead of the terminal.")


def form(command: Command) -> Command:
    """Add the options that say in which form an answer is shown."""
    options = (
        click.option(
            "--format",
            "form",
            type=Choice(list(FORMATS)),
            help="By default by the ending of --output, else text. Formats for data are exact, text is rounded.",
        ),
        _remembered("--json", "Short for --format json.", is_flag=True),
        _remembered("--wide", "Show all columns, wider than the terminal.", is_flag=True),
        _remembered("--ids", "Show ids beside names.", is_flag=True),
        _remembered("--notes", "Show all notes.", is_flag=True),
    )
    for option in reversed(options):
        command = option(command)
    return command


force = click.option("--force", is_flag=True, help="Replace the file of --output if it is there.")


def waiting(holder: str) -> None:
    """Say that another process writes the ledger; said again and again while it does."""
    note(f"waiting for another writer of the ledger: {holder}")


def settings(*, asks: bool = False, ledger: str | None = None) -> Settings:
    """The settings, with their warnings said on the error stream; what `asks` the API needs them trusted."""
    from tallystick.settings import Settings

    overrides = click.get_current_context().meta | ({"ledger": ledger} if ledger else {})
    own_settings = Settings.load(**{name: overrides.get(name) for name in _OVERRIDES})
    if asks:
        own_settings.trust_needed()
    for warning in own_settings.warnings:
        note(warning.replace("\n", " "))
    return own_settings


def book(*, doubt: bool = True, asks: bool = False) -> Ledger:
    """The ledger that the settings name; with `doubt` what is odd about their prices is said on the error stream."""
    from tallystick.ledger import Ledger

    ledger = Ledger.of(settings(asks=asks))
    for warning in ledger.price_warnings() if doubt else ():
        note(warning)
    return ledger


def names(by: str) -> tuple[str, ...]:
    """The dimensions of --by."""
    return tuple(name.strip() for name in by.split(",") if name.strip())


def written(answer: Answer, form: str | None, output: str | None) -> str | bytes:
    """An answer in a format; text that goes to a terminal fits it.

    Formats of rows have no place for messages: those go to the error stream.
    """
    flags = click.get_current_context().meta
    answer_format = format_asked(form, output)
    if answer_format.name == "text":
        from tallystick.formats.text import WIDE, as_text

        width = None if output or flags.get("wide") else columns()
        few = FEW if width and not flags.get("notes") else None
        return as_text(answer, width or WIDE, ids=bool(flags.get("ids")), notes=few)
    content = answer_format.write(answer)
    for message in ordered(answer.messages) if answer_format.rows else ():
        note(f"{message.kind}: {message.text}")
    if answer_format.name == "csv" and _escaped(answer):
        note(ESCAPED)
    return content


def send(tables: Iterable[Table], answer_format: Format, file: BinaryIO) -> None:
    """Write an answer in parts, one after the other."""
    is_escaped = False
    for index, table in enumerate(tables):
        file.write(str(answer_format.more(table) if index else answer_format.write(table)).encode())
        is_escaped = is_escaped or (answer_format.name == "csv" and _escaped(table))
    if is_escaped:
        note(ESCAPED)


def _escaped(answer: Answer) -> bool:
    """Whether a text of its rows is shown with escapes in a file of data."""
    from tallystick.formats.shown import rows

    return any(isinstance(cell, str) and inert(cell) != cell for row in rows(answer).cells for cell in row)


def columns() -> int | None:
    """The columns of the terminal that the output goes to, or those of COLUMNS; None where it goes elsewhere."""
    from tallystick.settings import variable

    if sys.stdout.isatty() or variable("COLUMNS"):
        return shutil.get_terminal_size().columns
    return None


def format_asked(form: str | None, output: str | None) -> Format:
    """Return the format that --format, --json or the file's ending says; InvalidQuestion where two say otherwise."""
    is_json = click.get_current_context().meta.get("json")
    if form not in {None, "json"} and is_json:
        raise InvalidQuestion(f"--json is short for --format json, and --format {form} is asked for too.", "Use one.")
    return format_of("json" if is_json else form, output)


def format_of(form: str | None, output: str | None) -> Format:
    """The format that is named, else the one that the file's ending says; InvalidQuestion where none has it."""
    if form:
        return FORMATS[form]
    ending = Path(output).suffix.removeprefix(".") if output else ""
    if ending and ending not in ENDINGS:
        raise InvalidQuestion(
            f"No writer makes a .{ending} file.",
            f"Endings are {', '.join(f'.{name}' for name in ENDINGS)}; --format overrides the ending.",
        )
    return ENDINGS[ending] if ending else FORMATS["text"]
