"""Price page: the prices in force on a day, or every price of a model; which models retire while in use."""

from __future__ import annotations

from tallystick.core.question import Table
from tallystick.core.text import safe
from tallystick.web.fields import Choices, Field, Given
from tallystick.web.links import subject
from tallystick.web.page import Page, Panel, Row, View, ask

_RATES = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "service", "factor", "per")


def _model(row: Row) -> str:
    name = str(row["for"])
    return subject("model", name) if name.startswith("claude-") else ""


def _panels(_: str, given: Given) -> tuple[Panel, ...]:
    chosen = {name: text for name in ("on", "model") if (text := given.get(name))}
    if chosen.get("model"):
        title, asked = f"Every price of {chosen['model']}", ask("prices", model=chosen["model"], history="1")
    else:
        title, asked = f"Prices on {chosen['on']}" if chosen else "Prices in force", ask("prices", **chosen)
    return (
        Panel(
            title,
            asked,
            width=12,
            rows=500,
            columns=("for", "context", "speed", *_RATES, "from", "until", "retires"),
            leads={"for": _model},
        ),
        Panel("Notes", asked, View.MESSAGES, 12),
    )


def _fields(given: Given, choices: Choices) -> tuple[Field, ...]:
    [prices] = choices
    listed = prices.rows if isinstance(prices, Table) else []
    models = dict.fromkeys(str(row["for"]) for row in listed)
    options = (("", "all, on a day"), *((model, safe(model)) for model in models))
    return (
        Field("on", "On the day", given.get("on", ""), kind="date"),
        Field("model", "Every price of", given.get("model", "") if given.get("model") in models else "", options),
    )


PRICES = Page(
    "/prices",
    "Prices",
    _panels,
    "p",
    "What usage is priced at, with where each price was seen.",
    form=_fields,
    choices=lambda _: (ask("prices"),),
    of_all="Prices are listed with the models that any team uses.",
)
