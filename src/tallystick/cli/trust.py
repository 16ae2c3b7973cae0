"""The command about trust: which settings files of other folders may say where the key goes, and which rules hold."""

from __future__ import annotations

from pathlib import Path

import click

from tallystick.cli.output import say
from tallystick.core.text import safe


@click.command()
@click.argument("file", required=False, default="tallystick.toml", metavar="[FILE]")
@click.option("--list", "listing", is_flag=True, help="List the files that are trusted.")
@click.option("--revoke", is_flag=True, help="Stop trusting FILE.")
def trust(file: str, listing: bool, revoke: bool) -> None:
    """Allow FILE, by default the tallystick.toml of this folder, to name the key, where it is sent, and rules.

    Read FILE first: it can run any command and send your Admin key anywhere. Trust is for its content: a changed file
    must be trusted again.
    """
    from tallystick import trust as store
    from tallystick.api.credential import masked
    from tallystick.errors import InvalidQuestion
    from tallystick.organization_settings import organization_settings
    from tallystick.settings_file import PEOPLE, content, parsed

    path = Path(file)
    if listing:
        for trusted in store.listed():
            say(safe(str(trusted)))
        return
    if revoke:
        if not store.revoke(path):
            raise InvalidQuestion(f"{file} was not trusted.", "`tallystick trust --list` lists what is.")
        say(f"{safe(file)} is no longer trusted.")
        return
    raw = content(path)
    refused = parsed(file, raw, harmless=True).refused
    values = parsed(file, raw)
    list(organization_settings(values.values.get("organization", ()), values.folder, PEOPLE[0], lambda _: None))
    store.allow(path, raw)
    for name in refused:
        say(masked(safe(f"  {name} = {values.api.get(name) or values.values.get(name)}")))
    say(f"{safe(file)} is trusted until it changes.")
