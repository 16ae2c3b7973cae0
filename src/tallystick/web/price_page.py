"""Price page: the prices in force on a day, or every price of a model; which models retire while in use."""

from __future__ import annotations

from tallystick.core.question import Table
from tallystick.core.text import safe
from tallystick.web.fields import Choices, Field, Inputs
from tallystick.web.links import subject
from tallystick.web.page import Page, Panel, Row, View, ask

_RATES = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "service", "factor", "per")


def _model(row: Row) -> str:
    name = str(row["for"])
    return subject("model", name) if name.startswith("claude-") else ""


def _panels(_: str, inputs: Inputs) -> tuple[Panel, ...]:
    choice = {name: text for name in ("on", "model") if (text := inputs.get(name))}
    if choice.get("model"):
        title, address = f"Every price of {choice['model']}", ask("prices", model=choice["model"], history="1")
    else:
        title, address = f"Prices on {choice['on']}" if choice else "Prices in force", ask("prices", **choice)
    return (
        Panel(
            title,
            address,
            width=12,
            rows=500,
            columns=("for", "context", "speed", *_RATES, "from", "until", "retires"),
            leads={"for": _model},
        ),
        Panel("Notes", address, View.MESSAGES, 12),
    )


def _fields(inputs: Inputs, choices: Choices) -> tuple[Field, ...]:
    [prices] = choices
    listed = prices.rows if isinstance(prices, Table) else []
    models = dict.fromkeys(str(row["for"]) for row in listed)
    options = (("", "all, on a day"), *((model, safe(model)) for model in models))
    return (
        Field("on", "On the day", inputs.get("on", ""), kind="date"),
        Field("model", "Every price of", inputs.get("model", "") if inputs.get("model") in models else "", options),
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
