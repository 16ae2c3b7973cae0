"""Interrupt: a query that Ctrl-C ends at once.

DuckDB looks for no signal while it works, so Python would only hear of Ctrl-C when the query has ended. The query runs
in a thread of its own; the main thread waits where it can be interrupted, and then tells DuckDB.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import duckdb

NAME = "tallystick-query"
"""What the thread of a query that runs is called."""
IDLE = "tallystick-idle"
PATIENCE = 0.5
"""Seconds in which an interrupted query may come to its end."""
GLANCE = 0.2
"""Seconds after which Python looks for a signal that another thread of the process was given."""
T = TypeVar("T")


class Runner(threading.Thread):
    """A thread that runs one query after another: to start one for each takes as long as a small query."""

    def __init__(self) -> None:
        super().__init__(name=IDLE, daemon=True)
        self.work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.start()

    def run(self) -> None:
        """Run what it is given, as long as the process lasts."""
        while True:
            work = self.work.get()
            self.name = NAME
            work()
            del work  # it holds its connection and its answer
            self.name = IDLE


_idle: list[Runner] = []
"""Those that wait for work."""
os.register_at_fork(after_in_child=_idle.clear)


def interruptible(duck: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """What `work` returns or raises, a query of that connection; KeyboardInterrupt at once on Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():  # signals reach the main thread alone
        return work()
    results: list[T] = []
    errors: list[BaseException] = []
    ended = threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as wrong:  # noqa: BLE001 - raised again below, in the thread that asked
            errors.append(wrong)
        finally:
            ended.set()

    runner = _idle.pop() if _idle else Runner()
    runner.work.put(run)
    try:
        while not ended.wait(GLANCE):  # not `join`, which takes a thread for ended when it is interrupted
            pass
    except KeyboardInterrupt:
        duck.interrupt()
        ended.wait(PATIENCE)
        raise
    _idle.append(runner)
    if errors:
        raise errors[0]
    return results[0]
