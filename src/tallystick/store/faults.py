"""Faults of the disk: what pyarrow, Delta Lake, DuckDB and the system raise, as a LedgerError that says what to do."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tallystick.core.text import safe
from tallystick.errors import LedgerError

REPAIR = "`tallystick doctor` names what is damaged, and `tallystick doctor --repair` mends it."

_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NO_LINKS = frozenset({errno.ENOSYS, errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK})
_OF_SYSTEM = re.compile(r"([A-Z][^:()\x1b]*) \(os error \d+\)")
"""How Rust writes what the system said, at the end of a chain of its own."""
_INSIDE = re.compile(r":? [A-Z]\w* \{ .*", re.DOTALL)
"""How Rust writes what a value of its own holds, at the end of a message."""
_LONG = 300


def is_fault(fault: BaseException) -> bool:
    """Whether it is what reading or writing a damaged file can raise; also a panic of Rust's.

    A query that is wrong in itself is none: no repair mends it, so it stays an internal error.
    """
    import duckdb
    import pyarrow as pa
    from deltalake.exceptions import DeltaError

    if isinstance(fault, (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)):
        return False
    known = (OSError, DeltaError, pa.ArrowException, duckdb.Error, json.JSONDecodeError, UnicodeError)
    return isinstance(fault, known) or is_panic(fault)


def reason(fault: BaseException) -> str:
    """Return why, in one line without colors: a fault of Delta Lake's brings a trail of calls along."""
    import pyarrow as pa

    if isinstance(fault, OSError) and fault.strerror and not isinstance(fault, pa.ArrowException):
        name = Path(os.fsdecode(fault.filename)).name if isinstance(fault.filename, str | bytes) else ""
        return safe(f"{fault.strerror}: {name}" if name else fault.strerror)
    if system := _OF_SYSTEM.search(str(fault)):
        return safe(system[1])
    lines = [line.strip() for line in _ESCAPE.sub("", str(fault)).replace("↳", "\n").splitlines()]
    text = ": ".join(line.rstrip(":") for line in lines if line and not re.match(r"\d+: |at ", line))
    return safe(_INSIDE.sub("", text)[:_LONG] or type(fault).__name__)


def is_panic(fault: BaseException) -> bool:
    """Whether Rust code gave up: its exception is no Exception, and its class cannot be imported."""
    return type(fault).__name__ == "PanicException"


@contextmanager
def reading(name: Path | str, part: str) -> Iterator[None]:
    """Turn what a damaged or forbidden file raises into a LedgerError.

    `name` is how the ledger is called, `part` names what is read, as `the table cost`.
    """
    try:
        yield
    except PermissionError as fault:
        raise LedgerError(
            f"The ledger {name} may not be read by this user ({reason(fault)}).",
            "It belongs to another: `tallystick docs ledger` says how to share one with a group.",
        ) from None
    except BaseException as fault:
        if not is_fault(fault):
            raise
        import duckdb

        if isinstance(fault, duckdb.OutOfMemoryException):
            raise LedgerError(f"The answer does not fit in memory: {reason(fault)}", "Ask for less.") from None
        raise LedgerError(
            f"{part[0].upper()}{part[1:]} of the ledger {name} cannot be read: {reason(fault)}", REPAIR
        ) from None


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Turn what a disk raises that takes no more into a LedgerError."""
    try:
        yield
    except PermissionError as fault:
        raise LedgerError(
            f"The ledger {root} may not be written by this user ({reason(fault)}).",
            "Run as the user that owns it, or share it with a group (`tallystick docs ledger`).",
        ) from None
    except BaseException as fault:
        if not is_fault(fault):
            raise
        raise _unwritten(root, fault) from None


def _unwritten(root: Path, fault: BaseException) -> LedgerError:
    if not has_hard_links(root):
        return LedgerError(
            f"The disk of {root} has no hard links, which Delta Lake needs to commit.",
            "Keep the ledger on another disk: a local one, not a mounted bucket or FAT.",
        )
    return LedgerError(
        f"The ledger {root} cannot be written: {reason(fault)}",
        "What was committed before stays. See to the disk and its rights, then run the same again.",
    )


def has_hard_links(folder: Path) -> bool:
    """Whether a file of this folder can have a second name; True where that cannot be tried."""
    first, second = (folder / f".link-{os.getpid()}-{name}" for name in ("a", "b"))
    try:
        first.touch()
        os.link(first, second)
    except OSError as fault:
        return fault.errno not in _NO_LINKS
    finally:
        for path in (first, second):
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return True
