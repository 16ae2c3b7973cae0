"""The command line: it asks and writes, and computes nothing. Heavy imports happen inside the command."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import FrameType

import click

from tallystick import __version__
from tallystick.catalog import CATALOG, Group
from tallystick.cli import output
from tallystick.errors import TallystickError

INTERRUPTED = 130
_OBJECTS = 100_000
"""New objects before the garbage collector looks: by default it walks what is imported dozens of times in a command."""
QUERY = "tallystick-query"
"""The name of a thread that runs a query (store/interrupt.py)."""


HELP = """Every cent of your Claude bill, matched to who used it.

Begin with `tallystick demo`, which needs no key, or set ANTHROPIC_ADMIN_KEY and run `tallystick sync`.
"""
CODES = """\b
Words for time, in UTC days; --since and --until include what they name:
  2026-10-01  2026-10  2026-Q3  2026   a day, a month, a quarter, a year
  today  yesterday                     a day
  7d  4w  3m  last-week  last-month    ended days, weeks, months
  mtd  qtd  ytd                        this month, quarter, year up to now
  --since alone ends now, or with what ended: yesterday, 7d, last-month.

\b
Exit codes:
  0   done
  1   done, but something is not as it should be
  2   asked wrongly
  3   refused by the API
  4   could not reach the API
  5   the API answered unexpectedly
  6   the ledger cannot be read or written
  70  an internal error; the message names a file of details
"""

COMMANDS = (
    (Group.START, "demo", "Simulate an organization, sync it, show it.", "demo:demo"),
    (Group.START, "check", "Check what of the API your key can read.", "sync:check"),
    (Group.START, "sync", "Read what is missing from the API into the ledger.", "sync:sync"),
    (Group.START, "serve", "Serve the dashboard: every answer as a page.", "serve:serve"),
    (Group.AHEAD, "watch", "Look at the ledger by rules, and tell of what they find.", "watch:watch"),
    (Group.AHEAD, "metrics", "Write the metrics of the ledger, for Prometheus and OpenTelemetry.", "metrics:metrics"),
    (Group.AHEAD, "notify", "Send a test message to a channel.", "watch:notify"),
    (Group.ASK, "mcp", "Answer questions of a model: Claude asks the ledger by tools.", "mcp:mcp"),
    (Group.START, "docs", "Read a page of the documentation.", "docs:docs"),
    (Group.BILL, "statement", "Write what a team is charged for a month, line by line.", "statement:statement"),
    (Group.BILL, "close", "Close a month, so that nothing changes it silently.", "close:close"),
    (Group.BILL, "export", "Export rows, or a month in FOCUS, the standard format of cloud bills.", "export:export"),
    (Group.LEDGER, "tally", "Match usage with the bill again, by the prices in force.", "ledger:tally"),
    (Group.LEDGER, "schema", "List the views that SQL reads.", "ledger:schema"),
    (Group.LEDGER, "doctor", "Examine the ledger's files, and mend them in place.", "doctor:doctor"),
    (Group.LEDGER, "backup", "Copy the ledger into a backup.", "backup:backup"),
    (Group.LEDGER, "restore", "Bring a backup back.", "backup:restore"),
    (Group.LEDGER, "copy", "Copy the ledger into another folder or bucket.", "copy:copy"),
    (Group.LEDGER, "vacuum", "Drop old versions, and delete what none has.", "vacuum:vacuum"),
    (Group.LEDGER, "rebuild", "Build another ledger from the archived pages.", "ledger:rebuild"),
    (Group.LEDGER, "forget", "Remove a person from the ledger.", "forget:forget"),
    (Group.LEDGER, "trust", "Trust a settings file with your key.", "trust:trust"),
    (Group.LEDGER, "sim", "Serve a simulated organization; write a ledger of any size.", "simulate:sim"),
)
"""The commands that are no report: group, name, summary, and where each is."""
UNDER = {
    "anomalies": (("ack", "Acknowledge a finding: it is no news from then on.", "acknowledge:ack"),),
    "findings": (("ack", "Acknowledge a finding: nobody is reminded of it.", "acknowledge:ack_finding"),),
    "deliveries": (
        ("try", "Show what would be delivered, and send nothing.", "deliveries:try_delivery"),
        ("send", "Deliver a period now, or once more.", "deliveries:send_delivery"),
    ),
}
"""The commands that stand under a report: name, summary, and where each is."""


class Commands(click.Group):
    """The commands, each imported when it runs, listed by group."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return every name, in the order of the help."""
        return [name for _, listed in self.groups() for name, _ in listed]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Return the command of that name: of a report, or one of its own file."""
        for entry in CATALOG:
            if entry.name == cmd_name:
                from tallystick.cli.report import command

                own_commands = {word: _imported(source, about) for word, about, source in UNDER.get(entry.name, ())}
                return command(entry, own_commands)
        for _, name, summary, source in COMMANDS:
            if name == cmd_name:
                return _imported(source, summary)
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the words name; raise a usage error with what is near it."""
        if args and args[0] not in (names := self.list_commands(ctx)):
            from difflib import get_close_matches

            if near := get_close_matches(args[0], names, n=1):
                ctx.fail(f"There is no command {args[0]!r}. Did you mean {near[0]}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the commands by group, each with its summary."""
        for group, listed in self.groups():
            with formatter.section(group.value):
                formatter.write_dl(listed)

    @staticmethod
    def groups() -> list[tuple[Group, list[tuple[str, str]]]]:
        """Return each group with the names and summaries of its commands."""
        commands = [(group, name, summary) for group, name, summary, _ in COMMANDS]
        commands += [(entry.group, entry.name, entry.summary) for entry in CATALOG]
        return [(group, [(name, summary) for listed, name, summary in commands if listed is group]) for group in Group]


def _imported(source: str, summary: str) -> click.Command:
    """Return the command that a file of this package has."""
    module, attribute = source.split(":")
    own: click.Command = getattr(import_module(f"tallystick.cli.{module}"), attribute)
    own.short_help = summary
    return own


@click.group(
    cls=Commands,
    help=HELP,
    epilog=CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__)
def cli() -> None:
    """The command line."""


def main() -> None:
    """Run the command line; every error ends it with a message and its own exit code, never a traceback."""
    output.ready()
    gc.set_threshold(_OBJECTS)
    code = _code()
    try:
        output.flush()
    except BrokenPipeError:
        output.silence()
    except TallystickError as wrong:
        code = _report(wrong)
    if code:
        sys.exit(code)


def process() -> None:
    """Run the command line as a process, which ends without taking apart what it imported: 5 % of a question."""
    code = 1

    def leave() -> None:
        os._exit(code)

    atexit.register(leave)  # first, so it runs last
    try:
        main()
        code = 0
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else code
        raise


def _code() -> int:
    """Run the command; its exit code, once its error has been said."""
    signals: list[int] = []
    try:
        with _noticing(signals), _without("pandas"):
            cli.main(standalone_mode=False)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except BaseException as wrong:  # noqa: BLE001 - the last net: also panics of libraries, which are no Exceptions
        if signals or isinstance(wrong, (KeyboardInterrupt, click.Abort)):
            return _stopped()
        return _failed(wrong)
    return 0


@contextmanager
def _noticing(signals: list[int]) -> Iterator[None]:
    """Note every Ctrl-C: a library may make another error of it."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        signals.append(number)
        signal.default_int_handler(number, frame)

    try:
        signal.signal(signal.SIGINT, interrupt)
    except ValueError:  # of another thread than the main one, which hears no signal
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Absent:
    """Finds no library of one name, though it is installed, but where Spark Connect's client needs it."""

    def __init__(self, library: str) -> None:
        self._library = library

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002 - Python's signature
        if name == self._library and "pyspark" not in sys.modules:  # which cannot do without
            raise ModuleNotFoundError(f"No module named {name!r} in a command", name=name)


@contextmanager
def _without(library: str) -> Iterator[None]:
    """Import no library of that name meanwhile: Arrow imports pandas where it is installed, longer than an answer."""
    absent = _Absent(library)
    sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        sys.meta_path.remove(absent)


def _failed(wrong: BaseException) -> int:
    """Say an error that ended a command; its exit code."""
    if isinstance(wrong, click.ClickException):
        with suppress(OSError):
            wrong.show()
        return wrong.exit_code
    if isinstance(wrong, TallystickError):
        return _report(wrong)
    if output.unwritable(wrong):
        return _report(output.unwritten(wrong))
    from tallystick.cli import crash

    output.note(crash.report(wrong))
    return crash.INTERNAL


def _report(wrong: TallystickError) -> int:
    """Say an error, a line for what happened and one for the remedy; its exit code."""
    from tallystick.api.credential import masked

    first, *others = masked(str(wrong)).splitlines() or [type(wrong).__name__]
    output.note(first)
    for line in others:
        output.note(line, name="  ")
    return wrong.exit_code


def _stopped() -> int:
    """Say that Ctrl-C was heard; its exit code, at once where a query still runs, which may take its time to notice."""
    import threading

    output.note("", name="")
    output.note("stopped. What was committed stays; run the same again to go on.")
    if any(thread.name == QUERY for thread in threading.enumerate()):
        os._exit(INTERRUPTED)
    return INTERRUPTED
