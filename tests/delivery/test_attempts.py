"""Attempts at a parcel: what is tried again though nobody knows whether it arrived."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from support.deliveries import World
from support.spending import DAYS_OF, NOW, USUAL, ledger, rows_of
from tallystick.delivery.dispatch import decide
from tallystick.delivery.event import Step, delivery_events, write
from tallystick.delivery.parcel import parcels
from tallystick.delivery.period import last_ended
from tallystick.watch.attempts import LEASE

FILES = '[[deliver]]\nname = "keys"\nask = "spend --by key"\nevery = "day"\nformat = "csv"\nfolder = "out"\n'


def test_a_file_is_written_however_often_a_watcher_died(tmp_path: Path) -> None:
    """A file that two watchers did not come to write is written by the third: nobody is told of it twice."""
    ledger(tmp_path, rows_of(USUAL, DAYS_OF), text=FILES)
    made = World(tmp_path)
    [order] = made.orders()
    decide(made.book().context(), made.tables, order, last_ended(order.every, NOW), NOW, "a watcher")
    for number in range(2):
        [parcel] = parcels([order], delivery_events(made.tables))
        with made.tables.writing() as writer:
            write(writer, [parcel.event(Step.SENDING, NOW + LEASE * number, "another machine 1 -")])
    assert made.round(NOW + LEASE * 2 - timedelta(seconds=1)) == []
    made.round(NOW + LEASE * 3)
    assert [*made.files()] == ["keys-2026-09-08.csv"]
