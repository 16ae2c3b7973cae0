"""Subject pages: the pages of one key, person, team, model or workspace, and the lists that lead to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tallystick.web.links import SUBJECTS
from tallystick.web.page import SWITCH, Page, Panel, View, ask


def _subject(dimension: str) -> Callable[[str, Mapping[str, str]], tuple[Panel, ...]]:
    """The panels of one value of a dimension."""
    others = tuple(name for name in SWITCH if name != dimension)

    def panels(value: str, given: Mapping[str, str]) -> tuple[Panel, ...]:
        where = {f"where_{dimension}": value}
        by = given.get("by") if given.get("by") in others else others[-1]
        return (
            Panel("Spend by day", ask("spend", by=f"day,{by}", since="30d", **where), View.COURSE, 8, others),
            Panel(
                "Why it changed this month",
                ask("variance", month="mtd", by="model", top="6", **where),
                View.TABLE,
                4,
                columns=("model", "before", "after", "change"),
            ),
            *(
                Panel(f"By {name}, 30 days", ask("spend", by=name, since="30d", top="8", **where), View.TABLE, 4)
                for name in (*others, "kind")
            ),
            Panel("Cache, 30 days", ask("cache", by="model", since="30d", **where), View.TABLE, 8),
        )

    return panels


SUBJECT_PAGES: Mapping[str, Page] = {
    path: Page(f"/{path}", path.capitalize(), _subject(dimension)) for dimension, path in SUBJECTS.items()
}
"""The pages of one key, person, team, model or workspace, by the first part of their path."""
DIMENSIONS = {path: dimension for dimension, path in SUBJECTS.items()}
