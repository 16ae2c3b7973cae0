"""Strictness: what ends a command that answered with exit code 1, and the help that tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

INCOMPLETE = {
    "absent": "days are absent",
    "not_billed_yet": "a bill is late",
    "bill_not_read": "a bill could not be read",
    "usage_unknown": "usage is unknown",
    "in_doubt": "a loss of data is not confirmed",
}
"""What the coverage of figures that lack something condition, and the words of it."""
UNPRICED = {"unpriced": "a model has no known price"}
RENAMED = {"renamed": "a name in the owner rules has changed"}
UNCOUNTED = {"uncounted": "tokens are of an unknown kind"}


@dataclass(frozen=True, slots=True)
class Strictness:
    """What ends a command with 1: a gap in the coverage of its answer, or a `condition` on it, in `words`.

    `gaps` maps names in a coverage to their words. `always`: it ends so without `--strict` too.
    """

    gaps: Mapping[str, str]
    words: str = ""
    condition: Callable[[Any], bool] = lambda _: False
    always: bool = False

    @property
    def help(self) -> str:
        """All that ends the command with 1, in a sentence."""
        reasons = [*self.gaps.values(), *([self.words] if self.words else [])]
        return f"Exit with 1 if {' or '.join(filter(None, (', '.join(reasons[:-1]), reasons[-1])))}."

    def fails(self, answer: Any) -> bool:
        """Return whether this answer, or export, ends its command with 1."""
        if self.condition(answer):
            return True
        if not self.gaps:
            return False
        coverages = (answer.coverage, answer.coverage.get("against") or {})
        return any(coverage.get(gap) for coverage in coverages for gap in self.gaps)


COMPLETE = Strictness(INCOMPLETE)
"""Figures that lack something end a command with 1."""
