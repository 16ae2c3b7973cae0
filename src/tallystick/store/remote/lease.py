"""Lease: writers of a ledger in a bucket take turns, whichever machine they run on, without a common clock.

The lease is an object that its holder renews. Whoever sees it unchanged for its whole length takes it over, with the
next epoch. A holder that could not renew it for three quarters of its length commits nothing more: it stops before
another can begin, by its own clock alone. Who takes over puts the head anew with its epoch, so a commit that is still
under way finds another head than it was made for, and fails.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from tallystick.core.text import safe
from tallystick.errors import LedgerError, LedgerUnreachable
from tallystick.store.bucket import Bucket
from tallystick.store.remote.objects import Changed, Objects, Tag

NAME = "lease"
"""The object."""
_RENEWALS = 4
"""Times that a lease is renewed in its length."""
_VALID = 0.75
"""The part of its length after which a holder that could not renew it stops."""


class Terms(msgspec.Struct, frozen=True):
    """What the object says: the turn's number, who has it, on which copy, the renewal, and whether it is over."""

    epoch: int
    holder: str
    copy: str
    beat: int = 0
    over: bool = False


class Lease:
    """The turn of one writer, which works on the copy of this id; a thread renews it until `end`."""

    def __init__(self, objects: Objects, copy: str) -> None:
        self._objects = objects
        self._copy = copy
        self._length = objects.bucket.lease
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._terms = Terms(0, "", copy)
        self._tag: Tag = {}
        self._valid_until = 0.0
        self.was_over = True
        """Whether the turn before had ended by itself, so that nothing of it is still under way."""

    @property
    def epoch(self) -> int:
        """The number of the turn."""
        return self._terms.epoch

    def take(self, waiting: Callable[[str], None] | None, patience: float, reminder: float) -> None:
        """Begin the turn; LedgerError where another stays longer than `patience` seconds.

        `waiting` is told who writes, at once and every `reminder` seconds.
        """
        begin = time.monotonic()
        reminded_at, last_tag, since = begin - reminder, None, begin
        while True:
            content = self._objects.get(NAME)
            terms = _terms(content.data, self._objects.bucket) if content else None
            now = time.monotonic()
            if content is None or terms is None:
                is_taken = self._take(Terms(1, _name(), self._copy), None, was_over=True)
            elif terms.over or terms.copy == self._copy or (content.tag == last_tag and now >= since + self._length):
                is_taken = self._take(Terms(terms.epoch + 1, _name(), self._copy), content.tag, was_over=terms.over)
            else:
                is_taken = False
                if content.tag != last_tag:
                    last_tag, since = content.tag, now
                if now >= begin + patience:
                    raise LedgerError(
                        f"The ledger {self._objects.bucket} is being written by {safe(terms.holder)}.",
                        f"It waited {patience:.0f} seconds. Wait for the other to finish, or stop it.",
                    )
                if waiting and now >= reminded_at + reminder:
                    waiting(safe(terms.holder))
                    reminded_at = now
                time.sleep(min(1.0, self._length / 20, max(0.0, begin + patience - now)))
            if is_taken:
                threading.Thread(target=self._renew_on, name="tallystick-lease", daemon=True).start()
                return

    def confirm(self) -> None:
        """Raise LedgerError where the turn is no longer this writer's, by what the store says now."""
        with self._lock:
            self._renew()
        if time.monotonic() >= self._valid_until:
            raise LedgerError(
                f"This writer of the ledger {self._objects.bucket} was not heard of for too long, and lost its turn.",
                "Nothing of it was committed since; what was committed before stays. Run the same again.",
            )

    def end(self, *, tell: bool = True) -> None:
        """Let the next one begin, at once where the store can be told."""
        self._ended.set()
        with self._lock, suppress(Changed, LedgerError):
            if not tell:
                return
            self._objects.replace(NAME, msgspec.json.encode(msgspec.structs.replace(self._terms, over=True)), self._tag)

    def _take(self, terms: Terms, tag: Tag | None, *, was_over: bool) -> bool:
        sent_at, data = time.monotonic(), msgspec.json.encode(terms)
        try:
            self._tag = self._objects.create(NAME, data) if tag is None else self._objects.replace(NAME, data, tag)
        except Changed:
            if not self._is_ours(data):
                return False
        self._terms, self._valid_until = terms, sent_at + self._length * _VALID
        self.was_over = was_over
        return True

    def _renew_on(self) -> None:
        while not self._ended.wait(self._length / _RENEWALS):
            with self._lock, suppress(LedgerUnreachable):
                if self._ended.is_set():
                    return
                self._renew()

    def _renew(self) -> None:
        """Renew it; where another has it, it is over at once."""
        sent_at = time.monotonic()
        if sent_at >= self._valid_until:
            return
        terms = msgspec.structs.replace(self._terms, beat=self._terms.beat + 1)
        data = msgspec.json.encode(terms)
        try:
            self._tag = self._objects.replace(NAME, data, self._tag)
        except Changed:
            if not self._is_ours(data):
                self._valid_until = 0.0
                return
        self._terms, self._valid_until = terms, sent_at + self._length * _VALID

    def _is_ours(self, data: bytes) -> bool:
        """Whether a put that was refused had come through before: an answer was lost, and it was sent again."""
        content = self._objects.get(NAME)
        if content is None or content.data != data:
            return False
        self._tag = content.tag
        return True


def _terms(data: bytes, bucket: Bucket) -> Terms:
    try:
        return msgspec.json.decode(data, type=Terms)
    except msgspec.DecodeError:
        raise LedgerError(
            f"The object {NAME} of {bucket} is not that of a ledger.", "Name the URL of a ledger, or of an empty path."
        ) from None


def _name() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"
