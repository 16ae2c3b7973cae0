"""The command serve: the dashboard on this machine."""

from __future__ import annotations

import click

from tallystick.cli import options

HOST = "127.0.0.1"


@click.command()
@click.option("--port", type=int, default=8787, show_default=True, help="Port to listen on; 0 takes a free one.")
@options.ledger
@options.config
def serve(port: int) -> None:
    """Serve the dashboard on this machine until interrupted."""
    import uvicorn

    from tallystick.web.application import application

    app = application(options.settings())
    click.echo(f"http://{HOST}:{port}")
    uvicorn.run(app, host=HOST, port=port, log_level="warning", server_header=False)
