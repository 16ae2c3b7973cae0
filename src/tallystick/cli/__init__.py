"""The command line: it asks and writes, and computes nothing. Heavy imports happen inside the command."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click

from tallystick.cli import (
    api,
    ask,
    budget,
    claude_code,
    close,
    crosscheck,
    export,
    forget,
    limits,
    log,
    look,
    output,
    owners,
    price,
    reconcile,
    simulate,
    statement,
    status,
    trust,
    variance,
)
from tallystick.errors import TallystickError

INTERRUPTED = 130
QUERY = "tallystick-query"
"""The name of a thread that runs a query (ledger/interrupt.py)."""


HELP = """Every cent of your Claude bill, matched to who used it.

Begin with `tallystick demo`, which needs no key, or set ANTHROPIC_ADMIN_KEY and run `tallystick sync`.

\b
Exit codes:
  0  done
  1  done, but something is not as it should be
  2  asked wrongly
  3  refused by the API
  4  could not reach the API
  5  the API answered strangely
  6  the ledger cannot be read or written
  70 an internal error; the message names a file of details
"""


@click.group(help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tallystick")
def cli() -> None:
    """The command line."""


for command in (
    simulate.demo,
    api.check,
    api.sync,
    status.status,
    *ask.REPORT_COMMANDS,
    claude_code.claude_code,
    price.whatif,
    price.prices,
    owners.owners,
    owners.keys,
    reconcile.reconcile,
    crosscheck.crosscheck,
    limits.limits,
    variance.variance,
    budget.pace,
    budget.budget,
    close.close,
    statement.statement,
    statement.summary,
    log.log,
    log.diff,
    look.verify,
    look.tally,
    look.sql,
    look.schema,
    export.export,
    look.rebuild,
    forget.forget,
    trust.trust,
    simulate.sim,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; every error ends it with a message and its own exit code, never a traceback."""
    output.ready()
    code = _code()
    try:
        output.flush()
    except BrokenPipeError:
        output.silence()
    except TallystickError as wrong:
        code = _said(wrong)
    if code:
        sys.exit(code)


def _code() -> int:
    """Run the command; its exit code, once its error has been said."""
    signals: list[int] = []
    try:
        with _noticing(signals):
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
    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        signals.append(number)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _failed(wrong: BaseException) -> int:
    """Say an error that ended a command; its exit code."""
    if isinstance(wrong, click.ClickException):
        with suppress(OSError):
            wrong.show()
        return wrong.exit_code
    if isinstance(wrong, TallystickError):
        return _said(wrong)
    if output.unwritable(wrong):
        return _said(output.unwritten(wrong))
    from tallystick.cli import crash

    output.note(crash.report(wrong))
    return crash.INTERNAL


def _said(wrong: TallystickError) -> int:
    """Say an error, a line for what happened and one for the remedy; its exit code."""
    from tallystick.api.credential import masked

    first, *others = masked(str(wrong)).splitlines() or [type(wrong).__name__]
    output.note(first)
    for line in others:
        output.note(line, name="  ")
    return wrong.exit_code


def _stopped() -> int:
    """Say that Ctrl-C was heard; its exit code, at once where a query still runs, which may take its time to notice."""
    output.note("", name="")
    output.note("stopped. What was committed stays; run the same again to go on.")
    if any(thread.name == QUERY for thread in threading.enumerate()):
        os._exit(INTERRUPTED)
    return INTERRUPTED
