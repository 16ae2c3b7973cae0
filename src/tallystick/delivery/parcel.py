"""Parcel: what goes to one channel, or into the folder: an order's period, of a team or of all."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tallystick.delivery.event import DeliveryEvent, Step
from tallystick.delivery.order import Order
from tallystick.delivery.period import Period, of_day
from tallystick.watch.attempts import Attempts, Standing
from tallystick.watch.channel import Channel
from tallystick.written_files import file_word


@dataclass(frozen=True, slots=True)
class Parcel:
    """One of them. `channel` is None where it goes into the folder; `stem` is its file's name without the ending.

    Of several editions of a period only the `is_latest` one is sent.
    """

    order: Order
    period: Period
    edition: int
    team: str
    channel: Channel | None
    stem: str
    attempts: Attempts[DeliveryEvent]
    is_latest: bool = True

    @property
    def key(self) -> str:
        """Its key: the same whenever it is sent again, by whichever watcher."""
        subject = [self.order.name, self.period.every, self.period.name, self.edition, self.team, self._channel]
        return hashlib.sha256(json.dumps(subject).encode()).hexdigest()[:32]

    @property
    def to(self) -> str:
        """Where it goes: a channel, or the name of its file."""
        if self.channel or self.order.form is None:
            return self._channel
        return self.file_name

    @property
    def file_name(self) -> str:
        """The name of its file; empty without a format."""
        return f"{self.stem}.{self.order.form.ending}" if self.order.form else ""

    def standing(self, now: datetime, is_dead: Callable[[str], bool]) -> Standing:
        """Return where its sending stands; a file that may be written is written again: it is the same one."""
        standing = self.attempts.standing(now, is_dead)
        return Standing.DUE if standing is Standing.UNCERTAIN and self.channel is None else standing

    def is_due(self, now: datetime, is_dead: Callable[[str], bool]) -> bool:
        """Whether it is to be sent now; in the quiet hours of its channel it is not."""
        if not self.is_latest:
            return False
        if self.channel and self.channel.quiet and self.channel.quiet.has(now):
            return False
        return self.standing(now, is_dead) in {Standing.NEW, Standing.DUE}

    def event(
        self, step: Step, now: datetime, author: str, text: str = "", billed: Decimal | None = None
    ) -> DeliveryEvent:
        """Return what to write down of its next attempt."""
        return DeliveryEvent(
            self.order.name,
            str(self.period.every),
            self.period.start.date(),
            step,
            now,
            author,
            edition=self.edition,
            team=self.team,
            channel=self._channel,
            text=text,
            attempt=self.attempts.next,
            billed=billed,
        )

    @property
    def _channel(self) -> str:
        return self.channel.name if self.channel else ""


def decision(
    order: Order, period: Period, edition: int, teams: Sequence[str], now: datetime, author: str
) -> DeliveryEvent:
    """Return the event that says which teams' files go where; without a team one that has all goes everywhere."""
    to = [[channel.name, team] for team in teams for channel in order.channels if _takes(channel, team)]
    to += [["", team] for team in teams if order.folder]
    return DeliveryEvent(
        order.name, str(order.every), period.start.date(), Step.DECIDED, now, author, edition=edition, facts={"to": to}
    )


def parcels(orders: Sequence[Order], events: Sequence[DeliveryEvent]) -> Iterator[Parcel]:
    """Yield every parcel that was decided, of the orders that still are, to the channels that they still have.

    The earliest period comes first, of equals the first order of the settings.
    """
    by_name = {order.name: order for order in orders}
    events_by_parcel: dict[tuple[object, ...], list[DeliveryEvent]] = defaultdict(list)
    editions: dict[tuple[object, ...], int] = {}
    for event in events:
        events_by_parcel[(*_edition(event), event.team, event.channel)].append(event)
        if event.step is Step.DECIDED:
            edition = editions.get(_edition(event)[:-1], 0)
            editions[_edition(event)[:-1]] = max(edition, event.edition)
    ranks = [*by_name]
    decided = [event for event in events if event.step is Step.DECIDED and event.name in by_name]
    for event in sorted(decided, key=lambda event: (event.period, ranks.index(event.name), event.edition)):
        order = by_name[event.name]
        if event.every != order.every:
            continue
        period = of_day(order.every, event.period)
        pairs = [(str(channel), str(team)) for channel, team in event.facts["to"]]
        words = _words(sorted({team for _, team in pairs}))
        channels = {channel.name: channel for channel in order.channels}
        for name, team in pairs:
            channel = channels.get(name)
            is_gone = (channel is None or not _takes(channel, team)) if name else order.folder is None
            if is_gone or bool(team) != order.is_by_team:
                continue
            stem = "-".join((file_word(order.name), period.name, *([words[team]] if team else ())))
            yield Parcel(
                order,
                period,
                event.edition,
                team,
                channel,
                stem + (f"+{event.edition}" if event.edition > 1 else ""),
                Attempts.of(events_by_parcel[(*_edition(event), team, name)]),
                editions[_edition(event)[:-1]] == event.edition,
            )


def _edition(event: DeliveryEvent) -> tuple[object, ...]:
    """What an event is of, but for the receiver."""
    return event.name, event.every, event.period, event.edition


def _takes(channel: Channel, team: str) -> bool:
    """Whether a channel may be sent a team's figures; those of all only where it names no teams."""
    return channel.teams is None or team in channel.teams


def _words(names: Sequence[str]) -> dict[str, str]:
    """Names as parts of a file's name; with a hash where several would be the same, in either case."""
    counts = Counter(file_word(name).casefold() for name in names)
    return {
        name: f"{word}~{hashlib.sha256(name.encode()).hexdigest()[:6]}" if counts[word.casefold()] > 1 else word
        for name in names
        for word in [file_word(name)]
    }
