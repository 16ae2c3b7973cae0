"""Rules of the documentation: each can be judged as it is written there, and speaks when it should."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from support.ledgers import client_of
from support.organization import CLOCK
from support.spending import DAYS_OF, Tokens, ledger, rows_of
from tallystick import Ledger
from tallystick.core.question import Table
from tallystick.sim import Simulator, World
from tallystick.watch.default_rules import DEFAULT_RULES
from tallystick.watch.judgement import judge
from tallystick.watch.rule import Rule, rules

PAGE = Path(__file__).parents[2] / "docs" / "watch.md"
TABLES: list[dict[str, Any]] = [
    table
    for block in re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for table in tomllib.loads(block).get("rule", ())
]
RULES = {rule.name: rule for table in TABLES if not table.get("off") for rule in rules(DEFAULT_RULES, [table])}


def always(count: int) -> Tokens:
    """As many tokens each day."""
    return lambda _: count


def documented(name: str) -> Rule:
    """The rule of that name."""
    return RULES[name]


@pytest.mark.parametrize("name", [table["name"] for table in TABLES if not table.get("off")])
def test_a_documented_rule_can_be_judged(name: str, book: Ledger, golden_world: World) -> None:
    """Each names columns of its answer, and knows what it sees but for days that are absent."""
    with client_of(Simulator(golden_world, clock=CLOCK.now)) as client:
        judgement = judge(book.context(client), documented(name))
    assert not judgement.unknown or judgement.unknown.startswith(("absent", "bill"))


def test_the_cache_hit_rate_falls_in_points(tmp_path: Path) -> None:
    """A key whose hit rate falls from 90 to 60 % in a week is told, one that falls from 90 to 85 % is not."""
    rows = []
    for day in DAYS_OF:
        late = {"fell": 60, "even": 85} if day >= date(2026, 9, 2) else {"fell": 90, "even": 90}
        for kind in ("cache_read", "uncached_input"):
            shares = {key: hits if kind == "cache_read" else 100 - hits for key, hits in late.items()}
            rows += rows_of({key: always(part * 1_000_000) for key, part in shares.items()}, [day], kind=kind)
    judgement = judge(ledger(tmp_path, rows).context(), documented("cache hits fall"))
    assert [case.words for case in judgement.cases] == ["fell reads 60.0 % of its input from the cache, before 90.0 %."]


def test_little_headroom_is_told(book: Ledger, golden_world: World) -> None:
    """Each rate limit whose busiest minute left less than its part is told; those that nothing measures are not."""
    with client_of(Simulator(golden_world, clock=CLOCK.now)) as client:
        table = book.limits(client=client, rates=True)
        assert isinstance(table, Table)
        rooms = [row["headroom"] for row in table.rows]
        known = sorted(room for room in rooms if isinstance(room, Decimal))
        assert None in rooms
        least = known[len(known) // 2]
        rule = rules(
            [documented("headroom")], [{"name": "headroom", "when": f"headroom != none and headroom < {least}"}]
        )
        judgement = judge(book.context(client), rule[0])
    assert judgement.unknown == ""
    assert {case.row["headroom"] for case in judgement.cases} == {room for room in known if room < least}
