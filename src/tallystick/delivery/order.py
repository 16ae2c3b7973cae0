"""Order: what is to be delivered, when and to whom, by a [[deliver]] table of the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallystick.address import WHERE, Address
from tallystick.catalog import entry
from tallystick.core.dimensions import canonical
from tallystick.core.filter import EXCEPT, pattern
from tallystick.core.text import choose
from tallystick.core.time import Grain, Window, midnight
from tallystick.delivery.period import EVERY, Period
from tallystick.errors import InvalidQuestion
from tallystick.formats import FORMATS, Format
from tallystick.query.report import DAYS
from tallystick.saved_views import SavedView
from tallystick.tally.rules import check_fields, values_of
from tallystick.watch.channel import Body, Channel, text_of
from tallystick.watch.link import address
from tallystick.watch.rule_question import RuleQuestion
from tallystick.written_files import file_word

TEAM = "team"
EACH = "each"
COMPLETE, CLOSED = "complete", "closed"
"""When a period is delivered: once its days are read and billed, or its month is closed."""
_FIELDS = ("name", "ask", "view", "every", "format", "to", "folder", "teams", "once")
_MEND = "`tallystick docs watch` shows the tables."


@dataclass(frozen=True, slots=True)
class Order:
    """What is delivered: the answer to a question over each period, to channels and to a folder.

    `address` is the question without days and team. With `teams` each team gets its own figures alone; with `is_each`
    these are the teams that have any. Without a `form` channels get words alone. `is_closed`: once the month is closed.
    """

    name: str
    address: Address
    every: Grain
    form: Format | None
    channels: tuple[Channel, ...]
    folder: Path | None
    teams: tuple[str, ...] = ()
    is_each: bool = False
    is_closed: bool = False

    @property
    def is_by_team(self) -> bool:
        """Whether each of its files has the figures of one team."""
        return self.is_each or bool(self.teams)

    @property
    def takes_days(self) -> bool:
        """Whether its report can be asked of any days."""
        return {*DAYS} <= _parameters(self.address.report)

    @property
    def takes_month(self) -> bool:
        """Whether its report can be asked of a month."""
        return "month" in _parameters(self.address.report)

    def question(self, period: Period, team: str = "") -> Address:
        """Return what is asked of a period, held to a team where one is named."""
        address = self.address
        if self.takes_days and self.every is not Grain.MONTH:
            address = address.having("since", f"{period.start.date()}").having("until", f"{period.last}")
        elif self.takes_month:
            address = address.having("month", f"{period.last:%Y-%m}")
        if not team:
            return address
        return address.having(TEAM if TEAM in _parameters(address.report) else WHERE + TEAM, team)

    def needs(self, period: Period) -> Window:
        """Return the days that must be complete: those of the period; for a report of months, of its month so far."""
        if self.takes_days or not self.takes_month:
            return period.window
        return Window(min(period.start, Grain.MONTH.floor(midnight(period.last))), period.window.end)


def orders(
    tables: Sequence[Any],
    channels: Sequence[Channel],
    views: Sequence[SavedView],
    beside: Callable[[str], Path],
) -> list[Order]:
    """Return the orders of the settings; InvalidQuestion names the table that cannot be.

    `beside` makes a path of the settings file absolute.
    """
    orders_by_word: dict[str, Order] = {}
    for number, table in enumerate(tables, 1):
        where = f"[[deliver]] {number}"
        check_fields(where, table, _FIELDS, "delivery", _MEND)
        order = _order(where, table, {channel.name: channel for channel in channels}, views, beside)
        if twin := orders_by_word.get(word := file_word(order.name).casefold()):
            raise InvalidQuestion(f"{where}: {order.name!r} would name files as {twin.name!r} does.", "Rename one.")
        orders_by_word[word] = order
    return [*orders_by_word.values()]


def named_order(known: Sequence[Order], name: str) -> Order:
    """Return the order of that name; InvalidQuestion names those near it."""
    by_name = {order.name: order for order in known}
    if name not in by_name:
        hint = choose(name, [*by_name]) if by_name else "`tallystick docs watch` shows how to add one."
        raise InvalidQuestion(f"The settings have no [[deliver]] {name!r}.", hint)
    return by_name[name]


def _order(
    where: str,
    table: Mapping[str, Any],
    channels: Mapping[str, Channel],
    views: Sequence[SavedView],
    beside: Callable[[str], Path],
) -> Order:
    name, length = text_of(where, table, "name"), _choice(where, table, "every", [str(grain) for grain in EVERY])
    form = FORMATS[_choice(where, table, "format", [*FORMATS])] if "format" in table else None
    is_each = table.get("teams") == EACH
    order = Order(
        name,
        _question(where, table, views),
        Grain(length),
        form,
        tuple(_channel(where, channel, channels) for channel in (_texts(where, table, "to") if "to" in table else ())),
        beside(text_of(where, table, "folder")) if "folder" in table else None,
        _texts(where, table, "teams") if "teams" in table and not is_each else (),
        is_each,
        "once" in table and _choice(where, table, "once", (COMPLETE, CLOSED)) == CLOSED,
    )
    _check(where, order)
    return order


def _check(where: str, order: Order) -> None:
    """Raise InvalidQuestion where the settings of an order do not go together."""
    if not order.channels and order.folder is None:
        raise InvalidQuestion(f"{where} goes nowhere.", 'Write to = "CHANNEL", or folder = "reports".')
    if order.folder is not None and order.form is None:
        raise InvalidQuestion(f"{where}: a folder needs a format.", f"Choose among {', '.join(FORMATS)}.")
    if order.is_closed and order.every is not Grain.MONTH:
        raise InvalidQuestion(f"{where}: only months are closed.", 'Write every = "month", or leave out once.')
    names = _parameters(order.address.report)
    if words := [word for word in DAYS if order.address.texts(word) and ("month" in names)]:
        raise InvalidQuestion(
            f"{where}: `every` says the days, and the question has {words[0]}.", "Leave it out there."
        )
    if not order.is_by_team:
        if bound := next((channel for channel in order.channels if channel.teams is not None), None):
            raise InvalidQuestion(
                f"{where} has every team's figures, and {bound.name} takes single teams.", 'Write teams = "each".'
            )
        return
    if TEAM not in names and not entry(order.address.report).report.teams:
        raise InvalidQuestion(
            f"{where}: `{order.address.report}` cannot be held to a team.", "Ask chargeback, summary or spend."
        )
    if any(_is_of_team(name) for name, _ in order.address.pairs):
        raise InvalidQuestion(f"{where} names a team in its question too.", "Leave it to `teams`.")
    if wild := [team for team in order.teams if pattern(team)]:
        raise InvalidQuestion(f"{where}: the team {wild[0]!r} has a * or ?, which would let in others.", "Rename it.")


def _question(where: str, table: Mapping[str, Any], views: Sequence[SavedView]) -> Address:
    if ("ask" in table) == ("view" in table):
        raise InvalidQuestion(f"{where} must either ask a question or name a view.", 'Write ask = "chargeback".')
    if "ask" in table:
        text = text_of(where, table, "ask")
        if text.split()[0] == "statement":
            raise InvalidQuestion(f"{where}: `statement` is no report.", 'Write ask = "chargeback" and teams = "each".')
        try:
            return address(RuleQuestion.read(text))
        except InvalidQuestion as wrong:
            raise InvalidQuestion(f"{where}: {wrong.what}", wrong.hint) from None
    by_name = {view.name: view.address.question for view in views}
    name = text_of(where, table, "view")
    if name not in by_name:
        hint = choose(name, [*by_name]) if by_name else "`tallystick docs dashboard` shows how to save one."
        raise InvalidQuestion(f"{where}: there is no [[view]] {name!r}.", hint)
    known = entry(by_name[name].report).report
    known.values(by_name[name].report, by_name[name].values)  # raises where one cannot be
    return by_name[name]


def _channel(where: str, name: str, channels: Mapping[str, Channel]) -> Channel:
    if name not in channels:
        hint = choose(name, [*channels]) if channels else "`tallystick docs watch` shows how to add one."
        raise InvalidQuestion(f"{where}: there is no channel {name!r}.", hint)
    if channels[name].body is Body.ALERTMANAGER:
        raise InvalidQuestion(f"{where}: {name} has the body of Alertmanager, which takes findings alone.", _MEND)
    return channels[name]


def _is_of_team(name: str) -> bool:
    """Whether a name of an address holds the question to teams, in any of the spellings that it takes."""
    return canonical(name.removeprefix(WHERE).removesuffix(EXCEPT)) == TEAM if name.startswith(WHERE) else name == TEAM


def _parameters(report: str) -> set[str]:
    return {parameter.name for parameter in entry(report).report.parameters}


def _texts(where: str, table: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values_of(where, name, table[name])))


def _choice(where: str, table: Mapping[str, Any], name: str, choices: Sequence[str]) -> str:
    value = text_of(where, table, name)
    if value not in choices:
        raise InvalidQuestion(f"{where}: {name} cannot be {value!r}.", choose(value, choices))
    return value
