"""Prices: the list in force on a day, with where and when each was seen; models that retire while still in use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from shlex import quote

from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import USED
from tallystick.core.message import note
from tallystick.core.price_entries import UNITS, Modifier, Price
from tallystick.core.prices import PriceList
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.records import TOKENS
from tallystick.core.select import select
from tallystick.core.text import did_you_mean, large
from tallystick.core.time import DAY, Window
from tallystick.core.time_words import When, utc_day
from tallystick.errors import InvalidQuestion
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import within
from tallystick.query.context import Context
from tallystick.query.report import Form, Parameter, Report
from tallystick.store.engine import Engine
from tallystick.tally.prices_in_force import Prices

SOON = timedelta(days=30)
"""How long before its last day a model is pointed out, and how far back its use is looked for."""
_LARGE = "large"
_DROP_ORDERS = {"cache_read": 1, "cache_write_5m": 2, "cache_write_1h": 2}
_NOTE = (
    "Rates are US dollars for a million tokens; a service has its own unit. A factor multiplies the tokens of requests "
    "that are all it says. Large prompts cost more, and no report shows which they are."
)

HEADINGS = (
    Heading("for", Kind.DIMENSION),
    Heading("context", Kind.DIMENSION),
    Heading("speed", Kind.DIMENSION),
    *(Heading(kind, Kind.NUMBER, "USD", drop_order=_DROP_ORDERS.get(kind, 0)) for kind in TOKENS),
    Heading("service", Kind.NUMBER, "USD", drop_order=5),
    Heading("factor", Kind.NUMBER, drop_order=4),
    Heading("per", Kind.TEXT, drop_order=5),
    Heading("from", Kind.TEXT, drop_order=6),
    Heading("until", Kind.TEXT, drop_order=7),
    Heading("retires", Kind.TEXT, drop_order=3),
    Heading("source", Kind.TEXT, drop_order=8),
    Heading("checked", Kind.TEXT, drop_order=8),
    Heading("doubt", Kind.TEXT, drop_order=9),
)


def answer(prices: Prices, day: date, model: str | None = None, engine: Engine | None = None) -> Table:
    """Every price and modifier that holds on a UTC day, or those of one model or service; `engine` says what is used.

    InvalidQuestion for a model that no list has.
    """
    listed = prices.in_force
    model = model and listed.model(model)
    in_force = listed.on(day, model)
    if model is not None and not in_force:
        _known(listed, day, model)
    large = [row for price in in_force if price.large for row in [_row(listed, price, large=True)]]
    used = _used(engine, day) if engine else {}
    rows = sorted([*(_row(listed, price) for price in in_force), *large], key=lambda row: _order(row, in_force))
    rows.sort(key=lambda row: _rank(listed, str(row[0]), used, day))
    factors = [_factor(factor) for factor in listed.modifiers(day) if _concerns(factor, listed, model)]
    where = {"for": Filter.of(model)} if model else {}
    notes = [
        _NOTE,
        *([f"No price of {model} holds on {day}."] if not rows else []),
    ]
    if own := len(prices.texts) - 1:
        notes.append(f"There are own prices on top of the public list: {own}.")
    notes += retiring(listed, engine, day, model) if engine else []
    question = Question("prices", Window.of_day(day), (), where)
    return Table(question, HEADINGS, [*rows, *factors], {}, tuple(map(note, notes)))


def models_history(prices: Prices, model: str) -> Table:
    """Every price of a model or service with its first day, the oldest first; InvalidQuestion where there is none."""
    listed = prices.in_force
    model = listed.model(model)
    days = listed.changes(model)
    if not days:
        _known(listed, date.max, model)
    rows = [
        _row(listed, price, large=large)
        for day in days
        for price in listed.on(day, model)
        for large in ((False, True) if price.large else (False,))
    ]
    factors = [_factor(factor) for factor in listed.factors if _concerns(factor, listed, model)]
    window = Window(Window.of_day(days[0]).start, Window.of_day(days[-1]).end) if days else Window.of_day(date.min)
    question = Question("prices", window, (), {"for": Filter.of(model)})
    return Table(question, HEADINGS, list(dict.fromkeys([*rows, *factors])), {}, (note(_NOTE),))


def _row(listed: PriceList, price: Price, *, large: bool = False) -> tuple[Cell, ...]:
    rates = {kind: Decimal(rate) for kind, rate in (price.usd | price.large if large else price.usd).items()}
    unit, per = UNITS.get(price.subject, UNITS[TOKENS[0]])
    return (
        price.subject,
        f"{price.context}, {_LARGE}" if large else price.context,
        price.speed,
        *(rates.get(kind) for kind in TOKENS),
        rates.get(price.subject),
        None,
        f"{per:,} {unit}" if per > 1 else unit.removesuffix("s"),
        f"{price.since}",
        None if price.until == date.max else f"{price.until}",
        None if (retires := listed.retires(price.subject)) is None else f"{retires}",
        price.source,
        f"{price.checked}" if price.checked else None,
        price.doubt or None,
    )


def _order(row: tuple[Cell, ...], in_force: Iterable[Price]) -> tuple[int, str]:
    """The order of the list, a row of large prompts after its own."""
    keys: list[tuple[str, str, str]] = [(price.subject, price.context, price.speed) for price in in_force]
    subject, context, speed = (str(cell) for cell in row[:3])
    return keys.index((subject, context.removesuffix(f", {_LARGE}"), speed)), context


def _rank(listed: PriceList, subject: str, used: Mapping[str, int], day: date) -> int:
    """Models in use come first, then those that can be used, then those that are retired."""
    retires = listed.retires(subject)
    return 0 if used.get(subject) else 2 if retires and retires <= day else 1


def _factor(factor: Modifier) -> tuple[Cell, ...]:
    conditions = {name: getattr(factor, name) for name in ("tier", "geo", "speed", "context")}
    words = ", ".join(f"{name} {value}" for name, value in conditions.items() if value)
    kinds = "every kind of token" if factor.kinds == TOKENS else ", ".join(factor.kinds)
    return (
        factor.name,
        factor.context or "any",
        factor.speed or "any",
        *(None for _ in TOKENS),
        None,
        Decimal(factor.factor),
        f"{kinds}, where {words}" if words else kinds,
        f"{factor.since}",
        None if factor.until == date.max else f"{factor.until}",
        None,
        factor.source,
        f"{factor.checked}" if factor.checked else None,
        f"only {', '.join(factor.models)}" if factor.models else None,
    )


def _concerns(factor: Modifier, listed: PriceList, model: str | None) -> bool:
    """Whether a factor can hold for what is asked; the US factor only where a model takes a geography."""
    if model is None:
        return True
    if model in UNITS or (factor.models is not None and model not in factor.models):
        return False
    return factor.geo is None or (model in listed.models and listed.models[model].geo)


def _known(listed: PriceList, day: date, model: str) -> None:
    known = {*listed.models, *(price.subject for price in listed.on(day))}
    if model not in known:
        raise unlisted(model, known)


def unlisted(model: str, known: Iterable[str]) -> InvalidQuestion:
    """The error of a model that no price list has, with what is near it."""
    near = did_you_mean(model, sorted(known), cutoff=0.5)
    return InvalidQuestion(f"{model} is not in the price list.", near or "`tallystick prices` lists every model.")


def retiring(listed: PriceList, engine: Engine, day: date, model: str | None = None) -> list[str]:
    """The models that are past or near their retirement and were used in the last 30 days, and what shows by whom."""
    notes = []
    for name, tokens in _used(engine, day).items():
        retires = listed.retires(name)
        if retires and retires <= day + SOON and model in {None, name} and tokens:
            past = "retired on" if retires <= day else "retires on"
            used = f"{name} {past} {retires} and is still used ({large(tokens)} tokens in 30 days)"
            notes.append(f"{used}: tallystick profile model {quote(name)}")
    return notes


def _used(engine: Engine, day: date) -> dict[str, int]:
    """The tokens of each model in the last 30 days up to a day; asked once for each version."""
    key = (_used, day)
    if key not in engine.results:
        window = Window(Window.of_day(day - SOON).start, Window.of_day(day).start + DAY)
        query = select("model", f"sum({' + '.join(TOKENS)}) AS tokens").from_(f"ledger.{USED.name}")
        query = query.where(within(window, months=True)).group_by("model").order_by("model")
        engine.results[key] = {row["model"]: int(row["tokens"] or 0) for row in engine.rows(from_sums(engine, query))}
    used: dict[str, int] = engine.results[key]
    return used


def _ask(context: Context, model: str | None, on: When | None, history: bool) -> Table:
    if not history:
        day = context.now.date() if on is None else utc_day(on, context.now)
        return answer(context.prices, day, model, context.ledger)
    if model is None or on is not None:
        raise InvalidQuestion("A history is that of one model, of all days.", "Write `prices MODEL --history`.")
    return models_history(context.prices, model)


REPORT = Report(
    _ask,
    (
        Parameter("model", "A model; all by default.", Form.ARGUMENT),
        Parameter("on", "Prices of this UTC day, as 2026-10-01 or yesterday; by default today.", metavar="DAY"),
        Parameter(
            "history", "Show every price that MODEL ever had, each with its first day.", Form.FLAG, default=False
        ),
    ),
    "Includes your own prices, and the source and date of each. With MODEL, only its prices. Warns of models that are "
    "retired, or soon will be, and still used.",
    no_charges="A price of the lists in force, from the source beside it.",
)
