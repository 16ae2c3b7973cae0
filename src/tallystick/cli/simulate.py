"""The command sim: the simulator as a server, which needs no key, and synthetic ledgers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from tallystick.cli.synthetic import ledger_command
from tallystick.core.time import FIRST_DAY
from tallystick.errors import InvalidQuestion

if TYPE_CHECKING:
    from tallystick.sim import Discount, Pace, Simulator

DAYS = 120
"""Days before the simulator's anchor day on which an organization opens, where `--days` does not say otherwise."""
HIGHEST_PORT = 65535


@click.group()
def sim() -> None:
    """Simulate an organization behind the real paths of the Admin API, or write a synthetic ledger."""


sim.add_command(ledger_command)


@sim.command("serve")
@click.option("--port", type=int, default=8788, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="A number: each makes another organization, always the same."
)
@click.option("--days", type=int, default=DAYS, show_default=True, help="Days of history before 2026-11-22.")
@click.option("--keys", type=int, default=24, show_default=True, help="Number of API keys.")
@click.option(
    "--world",
    "names",
    type=click.Choice(["everyday", "hostile"]),
    default="everyday",
    show_default=True,
    help="Everyday names, or hostile ones that attack spreadsheets, terminals and pages.",
)
@click.option(
    "--coding-keys", type=int, default=0, show_default=True, help="Number of further keys that use Claude Code."
)
@click.option("--seats", type=int, default=0, show_default=True, help="Number of people with a Claude Code seat.")
@click.option("--enterprise", is_flag=True, help="Simulate Claude Enterprise instead of a Console organization.")
@click.option(
    "--platform-values", is_flag=True, help="With --enterprise: fill in workspaces, keys, tiers and sessions."
)
@click.option("--hipaa", is_flag=True, help="Simulate HIPAA readiness: the newer reports are missing.")
@click.option("--children", type=int, default=0, show_default=True, help="Number of organizations below this one.")
@click.option(
    "--hipaa-children",
    type=int,
    default=0,
    show_default=True,
    help="Number of further ones with HIPAA readiness, which this one's reports leave out.",
)
@click.option("--bill-profiles", is_flag=True, help="Bill the use of a user profile to its customer, not here.")
@click.option("--discount", "permille", type=int, metavar="PERMILLE", help="Discount off list price, in permille.")
@click.option(
    "--discount-since",
    "since",
    metavar="DAY",
    help="First day of the discount, as 2026-11-01. By default every day has it.",
)
@click.option(
    "--now",
    "at",
    metavar="INSTANT",
    help="Pretend that it is this instant, as 2026-11-22T15:30:00Z; by default it is now.",
)
@click.option(
    "--latency",
    type=float,
    metavar="SECONDS",
    default=0,
    help="Seconds that each answer waits; others wait at the same time.",
)
@click.option(
    "--older-pace",
    type=int,
    metavar="N",
    help="Requests a minute that the older reports allow; more are refused. By default any number.",
)
@click.option(
    "--newer-pace",
    type=int,
    metavar="N",
    help="Requests a minute that the newer reports allow; more are refused. By default any number.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=DAY][:HOW]",
    help="Let something go wrong; `--faults` lists what can.",
)
@click.option("--faults", "listed", is_flag=True, help="List the faults and stop.")
def serve_command(
    port: int,
    days: int,
    permille: int | None,
    since: str | None,
    at: str | None,
    latency: float,
    older_pace: int | None,
    newer_pace: int | None,
    faults: tuple[str, ...],
    listed: bool,
    names: str,
    **world: Any,
) -> None:
    """Serve a simulated organization on this machine until interrupted."""
    from tallystick.clock import SystemClock
    from tallystick.sim import FAULTS, Pace, serve

    if listed:
        for fault in FAULTS:
            click.echo(f"{fault.name:<24} {fault.help}")
        click.echo("\nAfter a colon: how often. once (or nothing), always, 3 (every third), @3 (only the third).")
        click.echo("Of one day: late-bill=2026-11-20, and always where no rhythm is named; by default of yesterday, or")
        click.echo("for what is lost, emptied, halved or a credit, of three days back.")
        return
    if not 0 <= port <= HIGHEST_PORT:
        raise InvalidQuestion(f"There is no port {port}.", f"Ports are 0 to {HIGHEST_PORT}; 0 takes a free one.")
    try:
        clock = SystemClock(pinned(at))
        discount = _discount(permille, since)
        world |= {"discount": discount, "hostile_names": names == "hostile"}
        simulated = simulator(clock.now, days, faults, Pace(older_pace, newer_pace), **world)
        server = serve(simulated, port=port, latency=latency)
    except (ValueError, OSError) as wrong:
        raise InvalidQuestion(
            f"The simulator cannot be started: {wrong}.", "See `tallystick sim serve --help`, or `--faults`."
        ) from None
    click.echo(f"{server.url} with the key sk-ant-admin01-simulated; in another terminal:\n")
    moment = f"export TALLYSTICK_NOW={at}\n  " if at else ""
    click.echo(f"  {moment}export TALLYSTICK_BASE_URL={server.url} ANTHROPIC_ADMIN_KEY=sk-ant-admin01-simulated")
    click.echo("  tallystick check\n  tallystick sync --ledger simulated\n")
    server.run()


def _discount(permille: int | None, since: str | None) -> Discount:
    from tallystick.sim import Discount

    if permille is None and since is not None:
        raise ValueError("--discount-since needs --discount")
    return Discount(permille or 0, date.fromisoformat(since) if since else date.min)


def pinned(text: str | None) -> datetime | None:
    """The instant to pin the clock to, None for a clock that runs."""
    from tallystick.core.time import instant

    try:
        return instant(text) if text else None
    except ValueError as wrong:
        raise InvalidQuestion(f"--now cannot be read: {wrong}.", "Write 2026-11-22T15:30:00Z.") from None


def simulator(
    clock: Callable[[], datetime],
    days: int,
    faults: tuple[str, ...] = (),
    pace: Pace | None = None,
    children: int = 0,
    hipaa_children: int = 0,
    **world: Any,
) -> Simulator:
    """A simulator of an organization that is the same whatever its clock shows: its dates hang on a fixed day.

    A parent is of Claude Enterprise; its children are Console organizations of the seeds after its own.
    """
    from tallystick.sim import ANCHOR, Simulator, World

    if not 0 <= days <= (ANCHOR - FIRST_DAY).days:
        raise ValueError(f"--days is 0 to {(ANCHOR - FIRST_DAY).days:,}: nothing was used before {FIRST_DAY}")
    opens = ANCHOR - timedelta(days=days)
    if clock().date() <= opens:
        raise InvalidQuestion(
            f"The simulated organization opens on {opens}, after its clock.", "Raise --days, or --now."
        )
    below: list[World] = []
    for number in range(children + hipaa_children):
        options = {**world, "seed": world["seed"] + number + 1, "enterprise": False, "hipaa": number >= children}
        below.append(World(start=opens, **options))
    parent = World(start=opens, **{**world, "enterprise": world.get("enterprise") or bool(below)})
    return Simulator(parent, clock=clock, faults=faults, pace=pace, children=below)
