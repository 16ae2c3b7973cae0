"""Interrupt: a query that Ctrl-C ends at once.

DuckDB looks for no signal while it works, so Python would only hear of Ctrl-C when the query has ended. The query runs
in a thread of its own; the main thread waits where it can be interrupted, and then tells DuckDB.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import duckdb

NAME = "tallystick-query"
PATIENCE = 0.5
"""Seconds in which an interrupted query may come to its end."""
GLANCE = 0.2
"""Seconds after which Python looks for a signal that another thread of the process was given."""
T = TypeVar("T")


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

    threading.Thread(target=run, name=NAME, daemon=True).start()
    try:
        while not ended.wait(GLANCE):  # not `join`, which takes a thread for ended when it is interrupted
            pass
    except KeyboardInterrupt:
        duck.interrupt()
        ended.wait(PATIENCE)
        raise
    if errors:
        raise errors[0]
    return results[0]
