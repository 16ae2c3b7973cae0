"""Choice of a version: the one that a word names, as `--as-of` has it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from tallystick.core.time import DATE_LENGTH, DAY, instant, text
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.store.version import Version


def pick(versions: Sequence[Version], reference: str) -> Version:
    """The version of that number, or the newest that was committed by the end of a UTC day, or by an instant.

    `every` is the newest first. InvalidQuestion names the first and the newest where there is none, LedgerError one
    that is lost.
    """
    if reference.isdecimal():
        fits = [version for version in versions if version.number == int(reference)]
    else:
        try:
            moment = instant(reference)
        except (ValueError, OverflowError):
            raise InvalidQuestion(
                f"{reference!r} is neither a version nor a day.",
                "Write --as-of 12, 2026-11-03 or 2026-11-03T12:00:00Z.",
            ) from None
        day = len(reference) == DATE_LENGTH
        fits = [
            version
            for version in versions
            if version.at and (version.at - DAY < moment if day else version.at <= moment)
        ]
    if not fits:
        ends = (
            " and ".join(
                f"its {name} is {version.number}, of {text(version.at) if version.at else 'no instant'}"
                for name, version in (("first", versions[-1]), ("newest", versions[0]))
            )
            if versions
            else "it has none yet"
        )
        raise InvalidQuestion(f"The ledger has no version as of {reference}: {ends}.", "`tallystick log` lists them.")
    if dropped_at := fits[0].dropped_at:
        oldest = unbroken(versions)[-1]
        raise InvalidQuestion(
            f"Version {fits[0].number} was dropped on {dropped_at:%Y-%m-%d}, as `keep` says.",
            f"The oldest that stays is {oldest.number}, of {text(oldest.at) if oldest.at else 'no instant'}.",
        )
    if not fits[0].tables:
        raise LedgerError(f"Version {fits[0].number} is lost: only its number is left.", "Ask for another version.")
    return fits[0]


def unbroken(versions: Sequence[Version]) -> Sequence[Version]:
    """Return the newest versions, down to the one before which one was dropped; `every` is the newest first."""
    return list(takewhile(lambda version: version.dropped_at is None, versions))
