"""Cache page: what caching saved and wasted, whether it pays, by model, key and workspace."""

from __future__ import annotations

from tallystick.web.fields import Inputs, days_label, period, period_field
from tallystick.web.page import Page, Panel, View, ask

_SAVINGS = ("net", "saved", "extra_5m", "extra_1h", "hit_rate", "reuse", "unread")
_TOKENS = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read")


def _panels(_: str, inputs: Inputs) -> tuple[Panel, ...]:
    days = period(inputs)
    by_model = ask("cache", by="model", **days)
    return (
        Panel(f"Caching, {days_label(inputs)}", by_model, View.TOTALS, 12, columns=_SAVINGS, heads=True),
        Panel("Does it pay, by model", by_model, View.REUSE, 6, rows=12),
        Panel("Does it pay, by key", ask("cache", by="key", **days), View.REUSE, 6, rows=24, tall=True),
        Panel("Does it pay, by workspace", ask("cache", by="workspace", **days), View.REUSE, 6, rows=12),
        Panel(
            "What models read and wrote",
            by_model,
            width=12,
            rows=40,
            columns=(
                "model",
                "tier",
                "net",
                "hit_rate",
                *_TOKENS,
                "saved",
                "extra_5m",
                "extra_1h",
                "unread",
                "cheaper",
            ),
        ),
    )


CACHE = Page(
    "/cache",
    "Cache",
    _panels,
    "c",
    "What caching saved, what it cost, and whether each lifetime pays.",
    form=period_field,
    of_all="Caching is counted by key and model, and no rule gives its tokens to a team.",
)
