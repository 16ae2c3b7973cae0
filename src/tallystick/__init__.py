"""tallystick: every cent of your Claude bill, matched to who used it.

    from tallystick import AdminAPI, Ledger

`AdminAPI` reads Anthropic's Admin API; `Ledger` keeps what it says and answers from it. The errors are in
`tallystick.errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tallystick.admin_api import AdminAPI
    from tallystick.core.question import Question, Table
    from tallystick.errors import TallystickError
    from tallystick.ledger import Ledger

__version__ = "0.1.0"
"""That of pyproject.toml, said once more: to look it up in what is installed takes longer than to print it."""
__all__ = ["AdminAPI", "Ledger", "Question", "Table", "TallystickError"]

_HOMES = {
    "AdminAPI": "tallystick.admin_api",
    "Ledger": "tallystick.ledger",
    "Question": "tallystick.core.question",
    "Table": "tallystick.core.question",
    "TallystickError": "tallystick.errors",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `tallystick --help` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tallystick' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
