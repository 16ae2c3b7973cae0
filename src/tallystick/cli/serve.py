"""The command serve: the dashboard, on this machine or behind a token."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tallystick.cli import options
from tallystick.cli.output import note
from tallystick.cli.watch import LEAST as SHORTEST
from tallystick.core.interval import interval
from tallystick.errors import InvalidQuestion

if TYPE_CHECKING:
    from tallystick.settings import Settings
    from tallystick.web.access import Access

LOOPBACK = "127.0.0.1"
GRACE = 3
"""Seconds that answers may take once the dashboard is told to end."""


@click.command()
@click.option("--port", type=int, default=8787, show_default=True, help="Port to listen on.")
@click.option(
    "--host",
    default=LOOPBACK,
    show_default=True,
    metavar="ADDRESS",
    help="Address to listen on; any other than this machine's own needs --token-file.",
)
@click.option(
    "--name", "names", multiple=True, metavar="HOST", help="A host name by which readers reach it. May be repeated."
)
@click.option("--token-file", type=click.Path(path_type=Path), metavar="FILE", help="Who may read, and of what.")
@click.option("--user-header", metavar="HEADER", help="The header in which a proxy names the reader; needs --proxy.")
@click.option(
    "--proxy", "proxies", multiple=True, metavar="ADDRESS", help="The address of that proxy. May be repeated."
)
@click.option(
    "--sync-every",
    metavar="TIME",
    help="Sync the ledger at this interval, as 15m, 1h or 1d; by default when a reader asks.",
)
@click.option(
    "--watch-every",
    metavar="TIME",
    help="Look at the ledger by rules at this interval, as `watch --every` does, and tell of what they find.",
)
@click.option("--new-token", metavar="NAME", help="Print a new token and its lines for the token file, and stop.")
@click.option("--team", "teams", multiple=True, help="With --new-token: a team that it may see. May be repeated.")
@click.option(
    "--organization",
    "organizations",
    multiple=True,
    metavar="ID",
    help="With --new-token: the id of an organization that it may see. May be repeated.",
)
@options.ledger
@options.config
def serve(
    port: int,
    host: str,
    names: tuple[str, ...],
    token_file: Path | None,
    user_header: str | None,
    proxies: tuple[str, ...],
    sync_every: str | None,
    watch_every: str | None,
    new_token: str | None,
    teams: tuple[str, ...],
    organizations: tuple[str, ...],
) -> None:
    """Serve the dashboard until interrupted."""
    if new_token:
        from tallystick.web.tokens import new_token as made

        token, lines = made(new_token, teams, organizations)
        click.echo(f"The token, which is shown this once: {token}\n\nFor the token file:\n\n{lines}")
        return
    from tallystick.web.refresh import LEAST

    access = _access(host, names, token_file, user_header, proxies)
    pause = interval("--sync-every", sync_every, LEAST) if sync_every else None
    settings = options.settings(asks=pause is not None)
    with _watching(settings, interval("--watch-every", watch_every, SHORTEST) if watch_every else None):
        run(settings, host, port, access, pause)


@contextmanager
def _watching(settings: Settings, pause: timedelta | None) -> Iterator[None]:
    """Watch beside the dashboard meanwhile; the message that is being sent is waited for at the end."""
    if pause is None:
        yield
        return
    from tallystick.watch_rounds import WatchRounds

    ended = threading.Event()
    rounds = WatchRounds(settings, settings.clock(), note, click.echo)
    thread = threading.Thread(target=rounds.stay, args=(pause, ended.wait), name="tallystick-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def run(
    settings: Settings,
    host: str = LOOPBACK,
    port: int = 0,
    access: Access | None = None,
    every: timedelta | None = None,
) -> None:
    """Serve until interrupted; InvalidQuestion where nothing can listen there."""
    import uvicorn

    from tallystick.web.application import application

    app = application(settings, access, every)

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.refresh.end()  # whoever follows a sync would hold the process open
            await super().shutdown(sockets)

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a body waits 40 ms for the client's ACK
    except (OSError, OverflowError) as wrong:
        why = os.strerror(wrong.errno) if isinstance(wrong, OSError) and wrong.errno else wrong
        raise InvalidQuestion(f"Nothing can listen on {host}, port {port}: {why}.", "Choose another --port.") from None
    address = f"[{host}]" if ":" in host else host
    click.echo(f"http://{address}:{listening.getsockname()[1]}  (Ctrl-C ends it)")
    config = uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        access_log=False,
        timeout_graceful_shutdown=GRACE,
    )
    with suppress(KeyboardInterrupt):  # the usual end
        Server(config).run(sockets=[listening])


def _access(
    host: str, names: tuple[str, ...], token_file: Path | None, user_header: str | None, proxies: tuple[str, ...]
) -> Access:
    """Who may read; InvalidQuestion where an address that others reach has no tokens, or a header no proxy."""
    from tallystick.web.access import LOOPBACK as OWN, Access
    from tallystick.web.tokens import Tokens

    if token_file is None and not _loopback(host):
        raise InvalidQuestion(
            f"Others can reach {host}, and no token is asked for.",
            "Name a --token-file (`tallystick serve --new-token NAME`), or leave out --host.",
        )
    if bool(user_header) != bool(proxies) or (user_header and token_file is None):
        raise InvalidQuestion(
            "--user-header, --proxy and --token-file go together.",
            'The token file lists the users that the proxy names: [[user]] name = "ann@example.com".',
        )
    tokens = Tokens.read(token_file) if token_file else None
    hosts = OWN | {name.lower() for name in names} | ({host} if not _unspecified(host) else set())
    return Access(tokens, frozenset(hosts), user_header, frozenset(proxies))


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unspecified(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False
