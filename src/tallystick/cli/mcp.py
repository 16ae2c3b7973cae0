"""The command mcp: the ledger's questions as tools for a model."""

from __future__ import annotations

from pathlib import Path

import click

from tallystick.cli import options
from tallystick.cli.output import say
from tallystick.store.bucket import Bucket


@click.command()
@click.option("--http", is_flag=True, help="Answer by streamable HTTP on this machine in place of stdio.")
@click.option("--port", type=int, default=8789, show_default=True, help="With --http: the port.")
@click.option(
    "--token-file", type=click.Path(path_type=Path), metavar="FILE", help="With --http: who may ask, as of `serve`."
)
@click.option(
    "--team", "teams", multiple=True, metavar="TEAM", help="Answer of this team's charges alone. May be repeated."
)
@click.option("--install", is_flag=True, help="Print the settings for the usual clients, and stop.")
@options.ledger
@options.config
def mcp(http: bool, port: int, token_file: Path | None, teams: tuple[str, ...], install: bool) -> None:
    """Answer questions of a model by the Model Context Protocol, until it ends.

    Its tools read the ledger; none writes, reads another file or reaches a network.
    """
    from tallystick.core.text import choose
    from tallystick.errors import InvalidQuestion

    if token_file and not http:
        raise InvalidQuestion("A token file is for --http.", "By stdio whoever starts it asks.")
    if teams and http:
        raise InvalidQuestion("A team is named by its token, by HTTP.", "Write teams into the file of --token-file.")
    settings = options.settings()
    every_team = settings.owners().teams if teams else ()
    if unknown := {*teams} - {*every_team}:
        raise InvalidQuestion(f"No owner rule names the team {min(unknown)!r}.", choose(min(unknown), every_team))
    if install:
        from tallystick.mcp.clients import settings as for_clients

        say(for_clients(_command(settings.ledger, teams)) + "\n", nl=False)
        return
    try:
        from tallystick.mcp.run import by_http, by_stdio
    except ModuleNotFoundError as missing:
        if not (missing.name or "").startswith("mcp"):
            raise
        raise InvalidQuestion("The MCP server is not installed.", "Run pip install 'tallystick[mcp]'.") from None
    if http:
        by_http(settings, port, token_file, lambda url: click.echo(f"{url}  (Ctrl-C ends it)"))
    else:
        by_stdio(settings, teams)


def _command(ledger: Path | Bucket, teams: tuple[str, ...]) -> list[str]:
    """The command that starts the server on this ledger, with the settings file and teams where these are named."""
    import shutil

    program = shutil.which("tallystick") or "tallystick"
    config_file = click.get_current_context().meta.get("config")
    config = ["--config", str(Path(config_file).absolute())] if config_file else []
    team_options = [word for team in teams for word in ("--team", team)]
    named_so = ledger.absolute() if isinstance(ledger, Path) else ledger
    return [program, "mcp", "--ledger", str(named_so), *config, *team_options]
