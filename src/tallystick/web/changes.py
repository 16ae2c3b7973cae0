"""Changes: the panel of what changed most this month, and why; of the last month where nothing of this one is known."""

from __future__ import annotations

from dataclasses import replace

from tallystick.web.page import Panel, View, ask


def changes(width: int, *, heads: bool = False, **narrowing: str) -> Panel:
    """Return the panel, its question held to what is `asked`."""
    last, current = (
        Panel(
            f"What changed most {label} month, and why",
            ask("variance", month=month, **narrowing),
            View.REASONS,
            width,
            may_lack=True,
            heads=heads,
        )
        for label, month in (("last", "last-month"), ("this", "mtd"))
    )
    return replace(current, unknown=last)
