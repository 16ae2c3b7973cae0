"""Team view: the panels of a page as a reader of single teams or organizations sees them, without what is of all."""

from __future__ import annotations

from tallystick.web.bounds import holdable
from tallystick.web.page import Page, Panel, ask
from tallystick.web.panels import Shown, bodied
from tallystick.web.tokens import Identity


def panels_for(panels: tuple[Panel, ...], identity: Identity) -> tuple[Panel, ...]:
    """Return the panels that an identity may see, others in the place of those that it may not where there are such."""
    visible = (panel if holdable(panel.address, identity) else panel.of_teams for panel in panels)
    return tuple(panel for panel in visible if panel)


def has_part(page: Page, identity: Identity) -> bool:
    """Return whether a page has a panel that an identity may see, so that a menu leads nobody where nothing is."""
    return identity.sees_all or bool(panels_for(page.panels("", {}), identity))


def not_for(page: Page, identity: Identity) -> Shown:
    """Return what is said to an identity of a page that it is shown nothing of."""
    of_all = page.of_all if identity.teams else "It is of every organization."
    panel = Panel(f"Not for {identity.bounds} alone", ask("spend", since="30d"), width=12, page="/")
    return bodied(Shown(panel, lacks=f"{of_all} The overview has what is yours."))
