"""A run of the command line: its exit code and what it printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Run:
    """What a command did: its exit code, what it printed, what it said on the error stream."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        assert self.code == 0, self.err
        return json.loads(self.out)

    def refused(self, code: int, *words: str) -> None:
        """It ended with this code, printed no answer and no traceback, and said these words."""
        assert (self.code, self.out) == (code, ""), (self.code, self.out, self.err)
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err, self.err


def lines(run: Run | str) -> Sequence[str]:
    """The lines of an output."""
    return (run if isinstance(run, str) else run.out).splitlines()


Tallystick = Callable[..., Run]
"""Runs a command with these words, and these environment variables besides."""
