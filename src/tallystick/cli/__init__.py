"""The command line: it asks and writes, and computes nothing. Heavy imports happen inside the command."""

from __future__ import annotations

import io
import sys

import click

from tallystick.cli import (
    api,
    ask,
    budget,
    claude_code,
    crosscheck,
    export,
    forget,
    limits,
    log,
    look,
    owners,
    price,
    reconcile,
    simulate,
    statement,
    variance,
)
from tallystick.errors import TallystickError

INTERRUPTED = 130


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
"""


@click.group(help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tallystick")
def cli() -> None:
    """The command line."""


for command in (
    simulate.demo,
    api.check,
    api.sync,
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
    statement.close,
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
    simulate.sim,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; every error ends it with a message and its own exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a narrow encoding shows ? for what it lacks
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except TallystickError as wrong:
        from tallystick.core.text import safe

        lines = [safe(line) for line in str(wrong).splitlines()]
        click.echo("\n".join([f"tallystick: {lines[0]}", *(f"  {line}" for line in lines[1:])]), err=True)
        sys.exit(wrong.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\ntallystick: stopped. What was committed stays; run the same again to go on.", err=True)
        sys.exit(INTERRUPTED)
