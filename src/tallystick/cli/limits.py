"""The command about limits: what may be spent, beside what was; or what may be asked a minute, beside what is."""

from __future__ import annotations

import click

from tallystick.cli import options


@click.command(short_help="Spend limits beside spend; rate limits beside the busiest minute.")
@click.option(
    "--rates", is_flag=True, help="Rate limits instead, and the headroom above the busiest minute of 24 hours."
)
@options.form
@options.output
@options.force
@options.ledger
@options.base_url
@options.config
def limits(
    rates: bool,
    form: str | None,
    output: str | None,
    force: bool,
    ledger: str | None,
    base_url: str | None,
    config: str | None,
) -> None:
    """Spend limits beside what was spent in their periods so far, or rate limits beside the busiest minute.

    The API is asked for the limits, the ledger for the spend. What this credential may not read is said, and the rest
    shown; where it may read nothing the exit code is 3.
    """
    from tallystick.ledger import Ledger

    settings = options.settings(asks=True, ledger=ledger, base_url=base_url, config=config)
    table = Ledger.of(settings).limits(rates=rates)
    options.write(options.written(table, form, output), output, force=force)
