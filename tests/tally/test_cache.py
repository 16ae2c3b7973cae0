from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given as examples, settings, strategies as st

from support.ledgers import OpenLedger
from support.organization import CLOCK, NOW, days
from support.tables import column, message, summed, total
from tallystick import Ledger
from tallystick.core.filter import filters
from tallystick.core.question import Question, Table
from tallystick.core.time_words import window
from tallystick.query import grouping
from tallystick.reports.cache import CACHE, answer
from tallystick.reports.usage import DIMENSIONS
from tallystick.sim import Plant, World
from tallystick.store.session import scratch
from tallystick.tally.cache import INPUT, KEY, MARK, Doubts, Economics, combinations, economics, is_exact
from tallystick.tally.prices_in_force import Prices

DAY = date(2026, 11, 10)
OPUS, SONNET, HAIKU, FABLE = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-1"
PUBLIC = Prices.with_own()
MILLION = 1_000_000
_LINE = {"day": DAY, "model": OPUS, "tier": "standard", "context": "0-200k", "geo": "global", "speed": "standard"}
DOLLARS = ("saved", "extra_5m", "extra_1h", "net")


def line(caller: str = "a", **fields: Any) -> dict[str, Any]:
    """A line of usage, as a question cuts it: ordinary unless said otherwise."""
    row = dict.fromkeys(INPUT, 0) | _LINE | fields
    tier = "priority" if row["tier"] == "priority" else "all but priority"
    return (
        {"who": caller, "tier": tier}
        | {f"{MARK}{name}": row[name] for name in KEY}
        | {kind: row[kind] for kind in INPUT}
    )


def worth(
    *lines: dict[str, Any], dims: Sequence[str] = (), prices: Prices = PUBLIC, complete: bool = True
) -> tuple[dict[tuple[str, ...], Economics], Doubts]:
    """The economics of these lines."""
    used = written(*lines)
    return economics(used, dims, prices.in_force, combinations(used), complete=complete)


def written(*lines: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """A connection that has these lines as the table `used`."""
    duck = scratch()
    return duck.register("used", pa.Table.from_pylist(list(lines)))


def sole_worth(*lines: dict[str, Any], prices: Prices = PUBLIC, complete: bool = True) -> Economics:
    """The economics of these lines together."""
    return worth(*lines, prices=prices, complete=complete)[0][()]


def cache_table(book: Ledger, by: Iterable[str] = ("model",), top: int | None = None, **where: Any) -> Table:
    """The report with its dollars, over the last 30 days."""
    return answer(
        book.engine(), Question("cache", window("30d", None, NOW), tuple(by), filters(where), top), NOW, PUBLIC
    )


def test_reads_save_input_less_read() -> None:
    """A million reads of Opus 5.5 save 4.00 - 0.20; a million writes cost 5 - 4 and 8 - 4 above plain input."""
    value = sole_worth(line(cache_read=MILLION, cache_write_5m=MILLION, cache_write_1h=MILLION))
    assert (value.saved, value.extra_5m, value.extra_1h) == (Decimal("3.8"), Decimal(1), Decimal(4))


def test_lines_of_a_group_are_summed() -> None:
    """What lines of several prices saved and cost extra is added up, and so are their tokens."""
    kinds = {"cache_read": MILLION, "cache_write_5m": MILLION, "cache_write_1h": MILLION}
    value = sole_worth(line(**kinds), line(**kinds, tier="batch"), line(**kinds, day=date(2026, 11, 9)))
    assert (value.saved, value.extra_5m, value.extra_1h) == (Decimal("9.5"), Decimal("2.5"), Decimal(10))
    assert value.tokens == dict.fromkeys(INPUT, 0) | dict.fromkeys(kinds, 3 * MILLION)


@pytest.mark.parametrize(
    ("fields", "saved", "extra"),
    [
        ({"model": FABLE}, "9.75", "2.50"),
        ({"model": "claude-fable-5-2"}, "7.80", "2.00"),
        ({"model": SONNET, "day": date(2026, 10, 6)}, "1.80", "0.50"),
        ({"model": SONNET, "day": date(2026, 10, 7)}, "1.90", "0.50"),
        ({"tier": "batch"}, "1.90", "0.50"),
        ({"geo": "us"}, "4.18", "1.10"),
        ({"speed": "fast"}, "7.60", "2.00"),
        ({"tier": "batch", "geo": "us"}, "2.09", "0.55"),
        ({"model": "claude-sonnet-4-6", "day": date(2026, 3, 12), "context": "200k-1M"}, "5.40", "1.50"),
        ({"model": "claude-3-haiku-20240307", "day": date(2026, 1, 1), "geo": "not_available"}, "0.22", "0.05"),
    ],
)
def test_each_line_has_its_own_rates(fields: dict[str, Any], saved: str, extra: str) -> None:
    """Reads and writes are at the rates of the line's model, day, tier, geography, speed and context."""
    value = sole_worth(line(cache_read=MILLION, cache_write_5m=MILLION, **fields))
    assert (value.saved, value.extra_5m) == (Decimal(saved), Decimal(extra))


def test_break_even_is_exact() -> None:
    """The break-even share is (w - 1) / (w - r): 5/23 and 10/19 where reads are a tenth, 5/24 and 20/39 on Opus 5.5."""
    tenth = sole_worth(line(model="claude-opus-5", cache_read=1))
    assert (tenth.even_5m, tenth.even_1h) == (Decimal("0.217391304348"), Decimal("0.526315789474"))
    cheap = sole_worth(line(cache_read=1), line(cache_read=1, tier="batch", geo="us"))
    assert (cheap.even_5m, cheap.even_1h) == (Decimal("0.208333333333"), Decimal("0.512820512821"))


def test_no_break_even_where_several_hold() -> None:
    """A row over two models, or a day on which the read price changed, has no one break-even share."""
    changed = sole_worth(*(line(model=SONNET, day=date(2026, 10, day), cache_read=1) for day in (6, 7)))
    mixed = sole_worth(line(cache_read=1), line(model="claude-opus-5", cache_read=1))
    assert {changed.even_5m, changed.even_1h, mixed.even_5m, mixed.even_1h} == {None}


def test_an_unknown_rate_is_named_with_its_tokens() -> None:
    """What has no price is in no dollar figure and is named with its tokens and why; it is never worth 0."""
    groups, doubts = worth(line("a", cache_read=7, model="claude-new"), line("b", cache_read=MILLION), dims=("who",))
    assert (groups["a",].saved, groups["a",].extra_5m, groups["a",].unpriced) == (None, None, 7)
    assert groups["b",].saved == Decimal("3.8")
    assert doubts.unpriced == {("claude-new", "claude-new is not in the price list"): 7}


def test_reasons_that_differ_by_day_are_one() -> None:
    """A model used before its first day is named once, with the first and last day of that."""
    before = [line(model=SONNET, day=date(2026, 9, day), cache_read=5) for day in (20, 22)]
    assert worth(*before)[1].unpriced == {
        (SONNET, f"no price for {SONNET} on 2026-09-20 and later, up to 2026-09-22"): 10
    }


def test_priority_tier_has_no_dollars() -> None:
    """Priority-tier tokens have no dollars, and are not called unpriced: they never have a price."""
    groups, doubts = worth(line(tier="priority", cache_read=9), line(cache_read=MILLION), dims=("tier",))
    assert (groups["priority",].saved, groups["priority",].unpriced) == (None, 9)
    assert groups["all but priority",].saved == Decimal("3.8")
    assert not doubts.unpriced


def test_a_range_is_taken_at_its_low_end() -> None:
    """Haiku 5.5 costs more for large prompts, which no report shows: the low rate is used, and the model is named."""
    groups, doubts = worth(line(model=HAIKU, cache_read=MILLION))
    assert groups[()].saved == Decimal("0.09")
    assert doubts.ranged == (HAIKU,)


def test_an_unknown_geography_is_taken_for_plain() -> None:
    """A dimension that is unknown has the plain rate, and is named."""
    groups, doubts = worth(line(geo="unknown", cache_read=MILLION))
    assert (groups[()].saved, doubts.assumed) == (Decimal("3.8"), ("geo",))


def test_own_prices_hold() -> None:
    """A negotiated rate is what reads saved by."""
    own = Prices.with_own(
        f'[[price]]\nfor = "{OPUS}"\nfrom = 2026-11-01\nusd = {{ uncached_input = "2", cache_read = "0.5" }}\n'
    )
    assert sole_worth(line(cache_read=MILLION), prices=own).saved == Decimal("1.5")


def test_a_line_is_rounded_to_a_picodollar_half_up() -> None:
    """A rate finer than a picodollar a token is rounded once, half up, on its line, as a charge is."""
    own = Prices.with_own(
        f'[[price]]\nfor = "{OPUS}"\nfrom = 2026-11-01\nusd = {{ uncached_input = "0.0000015", cache_read = "0" }}\n'
    )
    assert sole_worth(line(cache_read=1), prices=own).saved == Decimal("0.000000000002")
    assert sole_worth(line(cache_read=2), prices=own).saved == Decimal("0.000000000003")


def test_days_are_one_line_only_where_nothing_is_rounded() -> None:
    """Days at one price are summed before they are priced where every rate is known and whole, and nowhere else."""
    fine = Prices.with_own(f'[[price]]\nfor = "{OPUS}"\nfrom = 2026-11-01\nusd = {{ cache_read = "0.0000005" }}\n')
    whole, unknown, prepaid = line(cache_read=1), line(model="no-such-model"), line(tier="priority")
    assert is_exact(combinations(written(whole, prepaid)), PUBLIC.in_force)
    assert not is_exact(combinations(written(whole, unknown)), PUBLIC.in_force)
    assert not is_exact(combinations(written(whole)), fine.in_force)


def test_unread_is_a_lower_bound() -> None:
    """At least what was written beyond all reads of the model was never read, whatever tier the reads were."""
    assert sole_worth(line(cache_write_5m=70, cache_write_1h=30, cache_read=60)).unread == 40
    assert sole_worth(line(cache_write_5m=10, cache_read=60)).unread == 0
    two = sole_worth(line(cache_write_5m=10, cache_read=60), line(model=FABLE, cache_write_1h=5))
    assert two.unread == 5
    tiers, _ = worth(line(cache_write_5m=100), line(tier="priority", cache_read=90), dims=("tier",))
    assert tiers["all but priority",].unread == 10


def test_what_cannot_be_told_is_none() -> None:
    """Where another row may have read what was written, neither what was unread nor the lifetime is told."""
    value = sole_worth(line(cache_write_1h=100), complete=False)
    assert (value.unread, value.five) == (None, None)


def test_five_minutes_are_cheaper_only_if_certain() -> None:
    """5m is cheaper than 1h where it would be, had every read been missed: on Opus 5.5 up to 3 / 4.8 reads a write."""
    assert sole_worth(line(cache_write_1h=4800, cache_read=2999)).five
    assert sole_worth(line(cache_write_1h=4800, cache_read=3000)).five is None
    assert sole_worth(line(cache_write_5m=4800)).five is None
    assert sole_worth(line(cache_write_1h=9), line(cache_write_1h=1, model="claude-new")).five is None
    tiers, _ = worth(line(cache_write_1h=100), line(tier="priority", cache_read=90), dims=("tier",))
    assert tiers["all but priority",].five is None


COUNT = st.integers(0, 10**12)


@pytest.mark.long
@settings(max_examples=15, deadline=None)
@examples(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([OPUS, SONNET, FABLE]), COUNT, COUNT, COUNT)))
def test_groups_add_up(samples: list[tuple[str, str, int, int, int]]) -> None:
    """However the lines are grouped, saved and extra add up to the same, exactly what the rates say."""
    if not samples:
        return
    lines = [
        line(caller, model=model, cache_read=reads, cache_write_5m=five, cache_write_1h=hour)
        for caller, model, reads, five, hour in samples
    ]
    overall, parts = worth(*lines)[0][()], worth(*lines, dims=("who",))[0].values()
    for name in ("saved", "extra_5m", "extra_1h"):
        assert getattr(overall, name) == sum((getattr(part, name) for part in parts), Decimal(0))
    saves = {OPUS: Decimal("3.8"), SONNET: Decimal("1.9"), FABLE: Decimal("9.75")}
    assert overall.saved == sum((saves[model] * reads for _, model, reads, _, _ in samples), Decimal(0)).scaleb(-6)


@pytest.fixture(scope="module")
def ledger(book: Ledger) -> Ledger:
    """The ledger of the small organization, opened once."""
    return OpenLedger(book.path, CLOCK)


def test_dollars_stand_after_the_tokens(ledger: Ledger) -> None:
    """The columns in tokens stay as they were, in their order, and those that prices add stand after them."""
    names = [heading.name for heading in cache_table(ledger).headings]
    assert names[:7] == ["model", "tier", *INPUT, "hit_rate"]
    added = ["reuse", "break_even_5m", "break_even_1h", "unread", "cheaper", "unpriced"]
    assert names[7:] == [*DOLLARS, *added]


@pytest.fixture(scope="module")
def everything(ledger: Ledger) -> Table:
    """The answer grouped by nothing."""
    return cache_table(ledger, ())


@pytest.mark.long
@pytest.mark.parametrize("by", [(), *((name,) for name in DIMENSIONS if name != "hour"), ("day", "workspace", "model")])
def test_rows_add_up_to_the_totals(ledger: Ledger, everything: Table, by: tuple[str, ...]) -> None:
    """Whatever is grouped by, the dollars of the rows add up to the same totals, and net is saved less both extras."""
    table = cache_table(ledger, by)
    for name in DOLLARS:
        assert total(table, name) == total(everything, name)
        assert sum((cell for cell in column(table, name) if cell is not None), Decimal(0)) == total(table, name)
    for row in (*table.rows, table.totals):
        if row["saved"] is not None:
            assert row["net"] == row["saved"] - row["extra_5m"] - row["extra_1h"]  # type: ignore[operator]
    assert summed(table, "unpriced") == total(table, "unpriced")


def test_top_leaves_the_rest_in_one_row(ledger: Ledger) -> None:
    """With `top` the rows of the others have the dollars of all that they sum, priority tier apart."""
    every, largest = cache_table(ledger, ("key",)), cache_table(ledger, ("key",), 2)
    assert largest.totals == every.totals
    assert "pays for every" not in largest.headline  # of the others only the sum is known
    assert cache_table(ledger, top=100).headline == cache_table(ledger).headline
    others = {row["tier"]: row for row in largest.rows if row["key"] == "others"}
    assert others["priority"]["saved"] is None
    rest = [row["net"] for row in every.rows if row["net"] is not None][2:]
    assert others["all but priority"]["net"] == sum((Decimal(str(cell)) for cell in rest), Decimal(0))


@pytest.mark.long
def test_the_report_says_what_it_cannot_tell(ledger: Ledger) -> None:
    """Unread tokens and lifetimes are bounds by model and workspace, unknown by key; what has no price is named."""
    assert message(cache_table(ledger), "unread is the least")
    by_key = cache_table(ledger, ("key",))
    assert set(column(by_key, "unread")) | set(column(by_key, "cheaper")) == {None}
    assert message(by_key, "can only be told by")
    table = cache_table(ledger)
    assert message(table, "no public price", f"{sum(table.coverage['unpriced'].values()):,} cached tokens")


def test_a_filter_hides_other_reads(ledger: Ledger) -> None:
    """With --where on a key what was never read cannot be told: another key may have read it."""
    assert total(cache_table(ledger), "unread") is not None
    assert cache_table(ledger, ("model",), key=("playground",)).totals["unread"] is None


def test_nothing_is_unknown(ledger: Ledger) -> None:
    """Where no day is in the ledger there are no rows, and the dollars are unknown, not 0."""
    question = Question("cache", window("2026-09-01", "2026-09-04", NOW), ("model",))
    table = answer(ledger.engine(), question, NOW, PUBLIC)
    assert not table.cells
    assert {table.totals[name] for name in DOLLARS} == {None}


def test_a_broken_cache_shows_as_lost_savings(ledger: Ledger, golden_world: World) -> None:
    """On the days on which a key's cache is broken it saves nothing; before and after them it does."""
    plant = next(plant for plant in golden_world.plants if plant.kind is Plant.CACHE)
    assert plant.last is not None
    broken = {f"{day}" for day in days(plant.first, plant.last)}
    rows = cache_table(ledger, ("day",), key=(plant.subject,)).rows
    saved = {str(row["day"]): row["saved"] for row in rows if row["tier"] == "all but priority"}
    assert broken & saved.keys()
    assert {saved[day] for day in broken & saved.keys()} == {Decimal(0)}
    working = [amount for day, amount in saved.items() if day not in broken]
    assert all(isinstance(amount, Decimal) and amount > 0 for amount in working)
    assert len(working) > 10


def test_the_report_is_the_one_in_tokens_too(ledger: Ledger) -> None:
    """The tokens, names and order are those of the report without dollars."""
    plain = grouping.answer(CACHE, ledger.engine(), Question("cache", window("30d", None, NOW), ("workspace",)), NOW)
    width = len(CACHE.measures) + 3
    assert [row[:width] for row in cache_table(ledger, ("workspace",)).cells] == [row[:width] for row in plain.cells]
