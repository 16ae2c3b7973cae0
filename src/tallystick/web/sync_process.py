"""Sync process: a sync of the ledger in a process of its own, behind the pages: these share no interpreter with it.

    python -P -m tallystick.web.sync_process

reads from its first line what `Settings.load` is given, and writes a line of JSON each time that it gets further. It
ends with the dashboard, or when told: it then commits the windows that it has read whole, as at Ctrl-C.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from subprocess import PIPE, Popen
from traceback import format_exc
from typing import TYPE_CHECKING, Any, TextIO

from tallystick.api.credential import masked
from tallystick.errors import TallystickError

if TYPE_CHECKING:
    from tallystick.settings import Settings
    from tallystick.sync.outcome import Outcome, Progress

NICE = 10
"""How far behind the pages it stands where both want a processor."""
RESULT, ERROR = "result", "error"
_ENDS = (signal.SIGINT, signal.SIGTERM)
Event = dict[str, Any]


class SyncProcess:
    """A sync that runs; `events` says how far it is, and at last its `RESULT` and `ERROR`."""

    def __init__(self, settings: Settings) -> None:
        # -P: nothing of the working folder is imported. A session of its own: Ctrl-C is the dashboard's to hand on.
        words = [sys.executable, "-P", "-m", "tallystick.web.sync_process"]
        self._process = Popen(words, stdin=PIPE, stdout=PIPE, text=True, start_new_session=True)  # noqa: S603 - our own
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.write(f"{json.dumps(settings.arguments)}\n")
                self._process.stdin.flush()

    def events(self) -> Iterator[Event]:
        """Yield each event as it comes; the last one has an error where the process ended without a word."""
        event: Event = {}
        with self._process:
            for line in self._process.stdout or ():
                with suppress(ValueError):  # a line may be cut short where the process was killed
                    event = json.loads(line)
                    yield event
        if ERROR not in event:
            yield {RESULT: "", ERROR: "The sync ended before its time; the server's log says why."}

    def stop(self) -> None:
        """Tell it to end; `events` ends with it."""
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()


def _sync(arguments: Event, tell: Callable[..., None]) -> tuple[str, str]:
    """What a sync did, and what it had to leave out or why it failed."""
    from tallystick.ledger import Ledger
    from tallystick.settings import Settings

    def progress(progress: Progress) -> None:
        count = progress.done + progress.ahead
        tell(phase="reading", subject=progress.subject, done=count, total=progress.total, requests=progress.requests)

    def waiting(holder: str) -> None:
        tell(phase="waiting", subject=holder)

    try:
        settings = Settings.load(**arguments)
        settings.trust_needed()
        return _told(Ledger.of(settings).sync(partial=True, progress=progress, waiting=waiting))
    except TallystickError as wrong:
        return "", masked(str(wrong))
    except Exception:  # noqa: BLE001 - whatever it is, the page says that there is no result
        sys.stderr.write(masked(format_exc()))
        return "", "An internal error; the server's log has its details."


def _told(outcome: Outcome) -> tuple[str, str]:
    """What a sync did, and what it had to leave out."""
    days = "1 day" if outcome.days == 1 else f"{outcome.days:,} days"
    summary = f"{days} changed, {outcome.rows:,} rows read in {outcome.requests:,} requests"
    failures = [f"{label}: {wrong.what}" for label, wrong in outcome.failures.items()]
    return summary, masked("; ".join(failures))


def _end_with(source: TextIO) -> None:
    """Interrupt the sync once the dashboard is gone or tells it to end: either closes its end of the pipe."""
    source.read()
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:  # a signal ends a wait for an answer of the API, too
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def _interrupt(*_: object) -> None:
    """End the sync as Ctrl-C does, once: systemd tells each process to end, and a second one would stop the commit."""
    for number in _ENDS:
        signal.signal(number, lambda *_: None)
    raise KeyboardInterrupt


def main() -> None:
    """Sync once."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    for number in _ENDS:
        signal.signal(number, _interrupt)
    arguments = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with, args=(sys.stdin,), daemon=True).start()

    def tell(**event: Any) -> None:
        with suppress(OSError):  # the dashboard is gone: the sync is interrupted, and commits what it has
            sys.stdout.write(f"{json.dumps(event)}\n")
            sys.stdout.flush()

    with suppress(KeyboardInterrupt):
        result, error = _sync(arguments, tell)
        tell(**{RESULT: result, ERROR: error})
    os._exit(0)  # a thread may wait for a line that never comes


if __name__ == "__main__":
    main()
