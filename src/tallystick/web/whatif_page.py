"""What-if page: the same usage on another model, as batch, or cached more: sliders that ask the report `whatif`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from urllib.parse import urlencode

from tallystick.address import Address
from tallystick.core.dimensions import NAMED
from tallystick.core.question import Table
from tallystick.core.text import safe
from tallystick.reports.whatif import dearest
from tallystick.web.fields import Choices, Field, Inputs, days_label, period, period_field
from tallystick.web.page import Page, Panel, View, ask

STEP = 5
"""Percent between two places of a slider."""
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,4})?")
_NUMBER = re.compile(r"-([0-9]{1,3})(?![0-9])|-[0-9]{8}")
MODELS = 3
"""Models that the dearest one is priced as."""
GEOS = (("", "as it is"), ("global", "global"), ("us", "US only"))
_COLUMNS = ("model", "tier", "what_if", "priced", "difference", "change", "total_tokens", "excluded", "unpriced")
_FIGURES = ("priced", "what_if", "difference", "change", "unpriced")


def _share(inputs: Inputs, name: str) -> str:
    """A slider's percent as the share that a report takes; empty where it is not set."""
    text = inputs.get(name, "")
    percent = Decimal(text) if _PERCENT.fullmatch(text) else Decimal(-1)
    return f"{percent.scaleb(-2):f}" if 0 <= percent <= 100 else ""  # noqa: PLR2004 - all of it


def _asked(inputs: Inputs) -> Address:
    """The question that the settings ask."""
    old, new = inputs.get("from", ""), inputs.get("to", "")
    pairs: dict[str, str] = dict(period(inputs))
    if old and new and old != new:
        pairs["swap"] = f"{old}={new}"
    for name in ("batch", "cache_hit"):
        share = _share(inputs, name)
        if share and (share != "0" or name == "cache_hit"):
            pairs[name] = share
    if inputs.get("geo") in {"global", "us"}:
        pairs["geo"] = inputs["geo"]
    if len(pairs) == 1:
        pairs["batch"] = "0"
    return Address("whatif", (("by", "model"), *pairs.items()))


def _panels(_: str, inputs: Inputs) -> tuple[Panel, ...]:
    if not _is_set(inputs):
        return ()
    address = _asked(inputs)
    return (
        Panel(f"The bill at list price, {days_label(inputs)}", address, View.TOTALS, 12, columns=_FIGURES, heads=True),
        Panel("By model", address, width=12, rows=40, columns=_COLUMNS),
        Panel("What cannot be known", address, View.MESSAGES, 12),
    )


def _fields(inputs: Inputs, choices: Choices) -> tuple[Field, ...]:
    used, priced, _ = (answer.rows if isinstance(answer, Table) else [] for answer in choices)
    old = tuple(dict.fromkeys(str(row["model"]) for row in used if row["model"] != NAMED["model"].absent))
    new = tuple(dict.fromkeys(str(row["for"]) for row in priced if not row["retires"] and row["uncached_input"]))
    return (
        *period_field(inputs),
        Field("from", "Use of", _of(inputs.get("from", ""), old), _options(old)),
        Field("to", "priced as", _of(inputs.get("to", ""), new), _options(new)),
        Field("batch", "Sent as batch", inputs.get("batch", "0"), step=STEP, first="none more"),
        Field(
            "cache_hit",
            "Read from cache",
            inputs.get("cache_hit", str(-STEP)),
            step=STEP,
            least=-STEP,
            first="as it is",
        ),
        Field("geo", "Geography", inputs.get("geo", ""), GEOS),
    )


def _examples(inputs: Inputs, choices: Choices) -> tuple[Panel, ...]:
    """What a reader may want to know first: the dearest model as others, half of all as batch, more cached."""
    if _is_set(inputs):
        return ()
    _, priced, as_it_is = (answer.rows if isinstance(answer, Table) else [] for answer in choices)
    rates = {str(row["for"]): row["uncached_input"] for row in reversed(priced) if not row["retires"]}
    known = {model: rate for model, rate in rates.items() if isinstance(rate, Decimal)}
    costs = ((str(row["model"]), (row["priced"], row["excluded"])) for row in as_it_is if row["model"] in known)
    largest = dearest(costs)
    cheaper = [model for model in _newest(known) if largest and known[model] < known[largest]]
    others = sorted(cheaper, key=lambda model: -known[model])[:MODELS]
    changes = {
        **{f"On {model}": {"from": largest, "to": model} for model in others},
        "Half as batch": {"batch": "50"},
        "More from the cache": {"cache_hit": "80"},
    }
    days = _days(inputs)
    return tuple(
        Panel(
            safe(title),
            _asked(days | change),
            View.TOTALS,
            12 // len(others) if "to" in change else 6,
            columns=("what_if", "difference", "change"),
            page=f"/what-if?{urlencode(days | change)}",
        )
        for title, change in changes.items()
    )


def _choices(inputs: Inputs) -> tuple[Address, ...]:
    """The models that were used, the price list, and what each model costs as it is."""
    return ask("usage", by="model", since="90d"), ask("prices"), _asked(_days(inputs))


def _days(inputs: Inputs) -> dict[str, str]:
    return {"days": inputs["days"]} if inputs.get("days") else {}


def _newest(models: Iterable[str]) -> list[str]:
    """The newest model of each family, by the numbers in its id that are no date."""
    families: dict[str, str] = {}
    for model in sorted(models, key=lambda model: [int(number) for number in _NUMBER.findall(model) if number]):
        families[_NUMBER.sub("", model).strip("-")] = model
    return [*families.values()]


def _is_set(inputs: Inputs) -> bool:
    return any(inputs.get(name) for name in ("from", "to", "batch", "cache_hit", "geo"))


def _options(models: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return (("", "choose a model"), *((model, safe(model)) for model in models))


def _of(text: str, models: tuple[str, ...]) -> str:
    return text if text in models else ""


WHATIF = Page(
    "/what-if",
    "What-if",
    _panels,
    "w",
    "The same usage at other prices. Nothing is changed by asking.",
    form=_fields,
    examples=_examples,
    choices=_choices,
    of_all="Usage is priced anew by model, and no rule gives it to a team.",
)
