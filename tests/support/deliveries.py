"""Deliveries over a ledger that is written by hand: the orders of a text of settings, and what comes of a round."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from support.spending import NOW
from tallystick import Ledger
from tallystick.api.network import Network
from tallystick.clock import SystemClock
from tallystick.delivery.dispatch import Sent, Waiting, dispatch
from tallystick.delivery.order import Order
from tallystick.delivery.parcel_sender import ParcelSender
from tallystick.settings import Settings
from tallystick.store.tables import Tables
from tallystick.watch.watcher import watcher
from tallystick.watch_rounds import settings_orders

OWNERS = """
dashboard = "https://tally.example.test"
[[owner]]
team = "payments"
key = ["key0", "key1"]
[[owner]]
team = "search"
key = "key2"
[[owner]]
team = "ops"
key = ["key3", "key4", "key5"]
"""
SCREEN = '[[channel]]\nname = "screen"\nkind = "stdout"\n'


@dataclass
class World:
    """A folder with a ledger and its settings, and what the channel of kind stdout printed."""

    folder: Path
    printed: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def tables(self) -> Tables:
        """The tables of the ledger."""
        return Tables(self.folder / "ledger")

    @property
    def settings(self) -> Settings:
        """The settings as they stand in the file."""
        file = self.folder / "tallystick.toml"
        return Settings.load(config=str(file), ledger=str(self.folder / "ledger"), environment=self.environment)

    def write(self, text: str) -> None:
        """Put other settings in the place of these."""
        (self.folder / "tallystick.toml").write_text(text, encoding="utf-8")

    def orders(self) -> list[Order]:
        """The orders of the settings."""
        return settings_orders(self.settings)

    def book(self, now: datetime = NOW) -> Ledger:
        """The ledger at an instant."""
        return Ledger.of(self.settings, clock=SystemClock(now))

    def round(self, now: datetime = NOW, author: str | None = None) -> list[Waiting | Sent]:
        """Deliver what is due at an instant."""
        sender = ParcelSender(Network(), self.printed.append)
        who, dashboard = author or watcher(), self.settings.dashboard
        return [*dispatch(self.book(now), self.tables, self.orders(), sender.send, dashboard, lambda: now, who)]

    def files(self, folder: str = "out") -> dict[str, bytes]:
        """The files of a folder beside the settings."""
        return {path.name: path.read_bytes() for path in sorted((self.folder / folder).glob("*"))}


def lines(steps: list[Waiting | Sent]) -> list[str]:
    """What a round says."""
    return [str(step) for step in steps]
