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
from support.organization import CLOCK, NOW, TODAY
from support.tables import column, message, total
from tallystick import Ledger
from tallystick.core.filter import filters
from tallystick.core.question import Question, Table
from tallystick.core.records import TOKENS
from tallystick.core.time_words import window
from tallystick.errors import InvalidQuestion
from tallystick.reports import prices as listing
from tallystick.reports.whatif import WHATIF, answer
from tallystick.tally.cache import KEY, MARK, Doubts
from tallystick.tally.prices_in_force import Prices
from tallystick.tally.whatif import SHARE, Change, Compared, compare, moved

DAY = date(2026, 11, 10)
OPUS, OLDER, SONNET, HAIKU = "claude-opus-5-5", "claude-opus-4-8", "claude-sonnet-5-5", "claude-haiku-5-5"
PUBLIC = Prices.with_own()
MILLION = 1_000_000
_LINE = {"day": DAY, "model": OPUS, "tier": "standard", "context": "0-200k", "geo": "global", "speed": "standard"}
SWAP = Change.read([f"{OPUS}={SONNET}"])


def line(caller: str = "a", **fields: Any) -> dict[str, Any]:
    """A line of usage: ordinary unless said otherwise."""
    row = dict.fromkeys(TOKENS, 0) | _LINE | fields
    return {"who": caller} | {f"{MARK}{name}": row[name] for name in KEY} | {kind: row[kind] for kind in TOKENS}


def compared(
    change: Change, *lines: dict[str, Any], dims: Sequence[str] = (), prices: Prices = PUBLIC
) -> tuple[dict[tuple[str, ...], Compared], Doubts]:
    """These lines as they are and as they would be; tokens are moved by the SQL that the report uses."""
    used = pa.Table.from_pylist(list(lines))
    columns = ", ".join(f"CAST({sql} AS HUGEINT) AS new_{kind}" for kind, sql in moved(change.hit).items())
    with duckdb.connect() as duck:
        duck.register("lines", used)
        duck.execute(f"CREATE VIEW used AS SELECT *, {columns} FROM lines")  # noqa: S608 - our own names
        return compare(duck, dims, prices.in_force, change)


def comparison(change: Change, *lines: dict[str, Any]) -> Compared:
    """These lines together."""
    return compared(change, *lines)[0][()]


def whatif_table(
    book: Ledger, change: Change, by: Iterable[str] = ("model",), top: int | None = None, **where: Any
) -> Table:
    """The answer over the last 30 days."""
    question = Question("whatif", window("30d", None, NOW), tuple(by), filters(where), top)
    return answer(book.engine(), question, NOW, PUBLIC, change)


def test_a_swap_prices_the_same_tokens_for_another_model() -> None:
    """A million of each kind costs 4 + 5 + 8 + 0.20 + 20 on Opus 5.5, and half of each but reads on Sonnet 5.5."""
    result = comparison(SWAP, line(**dict.fromkeys(TOKENS, MILLION)))
    assert (result.actual, result.what_if) == (Decimal("37.2"), Decimal("18.6"))


def test_the_new_model_has_the_modifiers_of_the_line() -> None:
    """Batch and US-only inference multiply the other model's rates as well."""
    result = comparison(SWAP, line(tier="batch", geo="us", output=MILLION))
    assert (result.actual, result.what_if) == (Decimal(11), Decimal("5.5"))


def test_other_models_stay() -> None:
    """A model that is not swapped costs the same on both sides."""
    result = comparison(SWAP, line(model=OLDER, output=MILLION))
    assert result.actual == result.what_if == Decimal(25)


def test_a_share_goes_to_batch() -> None:
    """Of standard tier 0.4 is priced at half; what is batch or fast stays as it is."""
    batch = Change.read(batch="0.4")
    assert comparison(batch, line(output=MILLION)).what_if == Decimal(16)
    for fields, dollars in (({"tier": "batch"}, 10), ({"speed": "fast"}, 40)):
        result = comparison(batch, line(output=MILLION, **fields))
        assert result.actual == result.what_if == dollars


def test_one_model_has_a_batch_share_of_its_own() -> None:
    """A share that names a model is its own; a plain one is that of all others; the same twice is refused."""
    batch = Change.read(batch=["0.4", f"{OLDER}=1"])
    assert comparison(batch, line(output=MILLION)).what_if == Decimal(16)
    assert comparison(batch, line(model=OLDER, output=MILLION)).what_if == Decimal("12.5")
    assert comparison(Change.read(batch=[f"{OLDER}=1"]), line(output=MILLION)).what_if == Decimal(20)
    for wrong in (["0.4", "0.5"], [f"{OLDER}=2"]):
        with pytest.raises(InvalidQuestion, match="--batch"):
            Change.read(batch=wrong)


def test_the_hit_rate_is_set() -> None:
    """Reads are that share of all input; the writes stay so far as the rest reaches, those for an hour first."""
    wide = line(uncached_input=5 * MILLION, cache_write_5m=2 * MILLION, cache_write_1h=MILLION, cache_read=2 * MILLION)
    assert comparison(Change.read(hit="0.5"), wide).what_if == Decimal("4.00") * 2 + 10 + 8 + Decimal("0.20") * 5
    assert comparison(Change.read(hit="0.8"), wide).what_if == Decimal(5) + 8 + Decimal("0.20") * 8
    assert comparison(Change.read(hit="0"), wide).what_if == Decimal("4.00") * 7 + 10 + 8
    assert comparison(Change.read(hit="1"), wide).what_if == Decimal("0.20") * 10


def test_the_geography_is_set_where_a_model_takes_one() -> None:
    """Elsewhere the line stays: models older than the 4.6 family take no inference geography."""
    us, back = Change.read(geo="us"), Change.read(geo="global")
    assert comparison(us, line(output=MILLION)).what_if == Decimal(22)
    assert comparison(back, line(output=MILLION, geo="us")).what_if == Decimal(20)
    old = comparison(us, line(model="claude-opus-4-5-20251101", geo="not_available", output=MILLION))
    assert old.actual == old.what_if == Decimal(25)


def test_a_line_without_a_rate_on_one_side_is_in_neither() -> None:
    """Sonnet 5.5 has no fast mode: such lines are named with their tokens and are in no figure."""
    groups, doubts = compared(SWAP, line("a", speed="fast", output=7), line("b", output=MILLION), dims=("who",))
    assert groups["a",] == Compared(None, None, 7, Decimal("0.00028"))
    assert groups["b",].what_if == Decimal(10)
    assert doubts.unpriced == {(SONNET, f"no price for {SONNET} fast on {DAY}"): 7}
    both = comparison(SWAP, line(speed="fast", output=7), line(output=MILLION))
    assert both == Compared(Decimal(20), Decimal(10), 7, Decimal("0.00028"))


def test_priority_tier_stays_apart() -> None:
    """Priority-tier tokens have no price on either side and are not among the unpriced models."""
    groups, doubts = compared(SWAP, line(tier="priority", output=7))
    assert (groups[()], doubts.unpriced) == (Compared(None, None, 7), {})


def test_a_range_is_named() -> None:
    """A model whose large prompts cost more is priced at the low rate, and named."""
    groups, doubts = compared(Change.read([f"{OPUS}={HAIKU}"]), line(output=MILLION))
    assert (groups[()].what_if, doubts.ranged) == (Decimal("0.5"), (HAIKU,))


def test_a_line_is_rounded_to_a_picodollar_half_up() -> None:
    """What is finer than a picodollar is rounded once, half up, on its line, on either side."""
    own = Prices.with_own(f'[[price]]\nfor = "{OPUS}"\nfrom = 2026-11-01\nusd = {{ output = "0.0000015" }}\n')
    groups, _ = compared(Change.read(batch="0.3333"), line(output=1), prices=own)
    assert groups[()] == Compared(Decimal("0.000000000002"), Decimal("0.000000000001"), 0)


COUNT = st.integers(0, 10**11)
LINES = st.lists(
    st.builds(
        lambda caller, model, tier, counts: line(
            caller, model=model, tier=tier, **dict(zip(TOKENS, counts, strict=True))
        ),
        st.sampled_from("abc"),
        st.sampled_from([OPUS, SONNET, OLDER]),
        st.sampled_from(["standard", "batch"]),
        st.tuples(*[COUNT] * len(TOKENS)),
    ),
    min_size=1,
    max_size=8,
)
RATES = st.sampled_from(["0", "0.25", "0.3333", "0.7", "0.9999", "1"])


@pytest.mark.long
@settings(max_examples=12, deadline=None)
@examples(LINES)
def test_no_change_is_the_actual(lines: list[dict[str, Any]]) -> None:
    """With nothing changed, or a change that changes nothing, the what-if is the actual, to the last picodollar."""
    for change in (Change.read(), Change.read([f"{OPUS}={OPUS}"], batch="0", geo="global")):
        result = comparison(change, *lines)
        assert result.actual == result.what_if


@pytest.mark.long
@settings(max_examples=12, deadline=None)
@examples(LINES)
def test_swapping_there_and_back(lines: list[dict[str, Any]]) -> None:
    """What a swap makes of usage is what that usage would cost had the other model been used, and back again."""
    there = [
        line(usage_line["who"], **_cells(usage_line) | {"model": SONNET})
        for usage_line in lines
        if usage_line[f"{MARK}model"] == OPUS
    ]
    here = [usage_line for usage_line in lines if usage_line[f"{MARK}model"] == OPUS]
    if here:
        forth, back = comparison(SWAP, *here), comparison(Change.read([f"{SONNET}={OPUS}"]), *there)
        assert (forth.actual, forth.what_if) == (back.what_if, back.actual)


def _cells(usage_line: dict[str, Any]) -> dict[str, Any]:
    return {name: usage_line[f"{MARK}{name}"] for name in KEY} | {kind: usage_line[kind] for kind in TOKENS}


@pytest.mark.long
@settings(max_examples=12, deadline=None)
@examples(st.tuples(*[COUNT] * len(TOKENS)), RATES)
def test_moving_tokens_loses_none(counts: tuple[int, ...], hit: str) -> None:
    """Whatever the hit rate, all input is there, no kind is below zero, and reads are that share to the last token."""
    row = line(**dict(zip(TOKENS, counts, strict=True)))
    columns = ", ".join(f"CAST({sql} AS HUGEINT) AS {kind}" for kind, sql in moved(Decimal(hit)).items())
    with duckdb.connect() as duck:
        duck.register("used", pa.Table.from_pylist([row]))
        [sums] = duck.sql(f"SELECT {columns} FROM used").to_arrow_table().to_pylist()  # noqa: S608 - our own names
    assert sum(int(sums[kind]) for kind in TOKENS) == sum(counts) * SHARE
    assert min(sums.values()) >= 0
    assert Decimal(int(sums["cache_read"])) == sum(counts[:4]) * Decimal(hit) * SHARE
    assert sums["cache_write_5m"] <= counts[1] * SHARE
    assert sums["cache_write_1h"] <= counts[2] * SHARE


@pytest.mark.long
@settings(max_examples=12, deadline=None)
@examples(LINES, RATES)
def test_a_share_lies_between_none_and_all(lines: list[dict[str, Any]], share: str) -> None:
    """The price at a share is that part of the way from none to all, but for half a picodollar a figure."""
    none, all_, some = (comparison(Change.read(batch=part), *lines).what_if for part in ("0", "1", share))
    assert none is not None
    assert all_ is not None
    assert some is not None
    assert abs(some - (none + (all_ - none) * Decimal(share))) <= Decimal("0.000000000001") * len(lines) * 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"swap": ["claude-opus-5-5"]}, "not MODEL=MODEL"),
        ({"swap": ["a=b", "a=c"]}, "each model once"),
        ({"batch": "1.01"}, "--batch '1.01' is not a share"),
        ({"batch": "40%"}, "not a share"),
        ({"hit": "0.12345"}, "at most four places"),
        ({"hit": "-0.1"}, "--cache-hit '-0.1' is not a share"),
        ({"geo": "eu"}, "no price for the geography"),
    ],
)
def test_a_change_that_cannot_be_is_refused(options: dict[str, Any], words: str) -> None:
    """Shares are exact text from 0 to 1, swaps name two models, the geography is one that has a price."""
    with pytest.raises(InvalidQuestion, match=words):
        Change.read(**options)


@pytest.fixture(scope="module")
def ledger(book: Ledger) -> Ledger:
    """The ledger of the small organization, opened once."""
    return OpenLedger(book.path, CLOCK)


@pytest.mark.long
def test_priced_is_what_the_charges_are_priced(ledger: Ledger) -> None:
    """`priced` is the priced amount of the tally's charges for tokens, exactly."""
    [row] = ledger.sql(
        "SELECT sum(priced) AS priced FROM charges WHERE kind <> 'web_search' "
        "AND day >= DATE '2026-10-23' AND day < DATE '2026-11-22'"
    ).rows
    table = whatif_table(ledger, Change())
    assert total(table, "priced") == total(table, "what_if") == row["priced"]
    assert total(table, "difference") == 0


@pytest.fixture(scope="module")
def everything(ledger: Ledger) -> Table:
    """The answer grouped by nothing."""
    return whatif_table(ledger, SWAP, ())


@pytest.mark.long
@pytest.mark.parametrize("by", [(), *((name,) for name in WHATIF.dimensions), ("day", "key")])
def test_rows_add_up_to_the_totals(ledger: Ledger, everything: Table, by: tuple[str, ...]) -> None:
    """Whatever is grouped by, rows add up to the totals, and the difference is what-if less actual."""
    table = whatif_table(ledger, SWAP, by)
    assert total(table, "priced") == total(everything, "priced")
    for name in ("priced", "what_if", "difference"):
        assert sum((cell for cell in column(table, name) if cell is not None), Decimal(0)) == total(table, name)
    for row in (*table.rows, table.totals):
        if row["priced"] is not None:
            assert row["difference"] == row["what_if"] - row["priced"]  # type: ignore[operator]


@pytest.mark.long
def test_what_is_excluded_has_its_dollars(ledger: Ledger) -> None:
    """Priced and excluded together are what the same use is priced without a change; services are said apart."""
    swapped, plain = whatif_table(ledger, SWAP), whatif_table(ledger, Change())
    assert total(swapped, "excluded") > 0
    assert total(swapped, "priced") + total(swapped, "excluded") == total(plain, "priced")
    assert message(swapped, "Also billed", "web search", "code execution")


@pytest.mark.long
def test_own_prices_are_no_list_prices(ledger: Ledger) -> None:
    """The footnote says whether discounts are in the prices."""
    question = Question("whatif", window("30d", None, NOW), ("model",))
    own = Prices.with_own('[[modifier]]\nname = "agreement"\nfrom = 2026-10-01\nfactor = "0.88"\n')
    assert message(answer(ledger.engine(), question, NOW, own, SWAP), "your own included")
    assert message(whatif_table(ledger, SWAP), "without discounts")


@pytest.mark.long
def test_reads_without_writes_are_said(ledger: Ledger) -> None:
    """Where a hit rate makes reads of what nothing writes, the models that write nothing are named."""
    query = "SELECT model FROM usage WHERE day BETWEEN '2026-10-23' AND '2026-11-21' GROUP BY model HAVING {} = 0"
    nothing = ledger.sql(query.format("sum(cache_write_5m + cache_write_1h)")).rows
    text = message(whatif_table(ledger, Change.read(hit="0.7"), by=("workspace",)), "without the writes")
    assert nothing
    assert all(str(row["model"]) in text for row in nothing)
    assert OPUS not in text
    assert not [warning for warning in whatif_table(ledger, SWAP).warnings if "without the writes" in warning]


def test_a_swap_touches_its_model_alone(ledger: Ledger) -> None:
    """Rows of other models cost what they did; the swapped one costs less."""
    for row in whatif_table(ledger, SWAP).rows:
        if row["priced"] is not None:
            assert isinstance(row["difference"], Decimal)
            assert row["difference"] < 0 if row["model"] == OPUS else row["difference"] == 0


@pytest.mark.long
def test_top_leaves_the_rest_in_one_row(ledger: Ledger) -> None:
    """With `top` the rows of the others have what-ifs too, and the totals stay."""
    every, largest = whatif_table(ledger, SWAP, ("key",)), whatif_table(ledger, SWAP, ("key",), 2)
    assert largest.totals == every.totals
    shown = [cell for cell in column(largest, "what_if") if cell is not None]
    assert sum(shown, Decimal(0)) == total(every, "what_if")


@pytest.mark.long
def test_the_answer_says_what_cannot_be_known(ledger: Ledger) -> None:
    """Priced not billed, token counts of other generations, batch, hit rate, geography: each is said."""
    table = whatif_table(ledger, Change.read([f"{OPUS}={SONNET}"], "0.4", "0.7", "global"))
    assert message(table, "not billed", "list")
    assert message(table, SONNET, OPUS, "up to about 35 % more", "about 30 % more")
    assert message(table, "0.4 of all", "batch")
    assert message(table, "Reads are 0.7")
    assert message(table, "geo global")
    assert message(table, f"no price for {SONNET} fast", "no dollar figure")
    assert table.coverage["unpriced"][SONNET] > 0
    assert message(table, f"whether {SONNET} would count more or fewer is not published")
    older = "claude-sonnet-4-5-20250929"
    assert message(whatif_table(ledger, Change.read([f"{older}={HAIKU}"])), "no figure is published for these two")
    assert message(whatif_table(ledger, Change.read([f"{older}={SONNET}"])), f"{SONNET} would count more")
    assert message(whatif_table(ledger, Change.read([f"{SONNET}={older}"])), f"{older} would count fewer")


def test_a_model_near_its_end_is_no_silent_choice(ledger: Ledger) -> None:
    """Swapping to a model that retires within 30 days, or has retired, is pointed out."""
    table = whatif_table(ledger, Change.read([f"{OPUS}=claude-sonnet-4-5-20250929"]))
    assert message(table, "claude-sonnet-4-5-20250929 retires on 2026-11-30")


@pytest.mark.parametrize(
    ("swap", "words"),
    [(f"{OPUS}=claude-sonet-5-5", "Did you mean claude-sonnet-5-5"), (f"claude-opus-9={SONNET}", "Did you mean")],
)
def test_a_misspelt_model_is_refused(ledger: Ledger, swap: str, words: str) -> None:
    """A model that nobody used, or that has no price, is refused with those near it."""
    with pytest.raises(InvalidQuestion, match=words):
        whatif_table(ledger, Change.read([swap]))


def prices(day: date, model: str | None = None, book: Ledger | None = None, lists: Prices = PUBLIC) -> Table:
    """The price list in force."""
    return listing.answer(lists, day, model, book.engine() if book else None)


def test_the_list_is_that_of_the_day() -> None:
    """Every price that holds on the day stands there once, exactly, with source and the date checked."""
    october, november = (prices(day, SONNET).rows[0] for day in (date(2026, 10, 6), date(2026, 10, 7)))
    assert (october["cache_read"], november["cache_read"]) == (Decimal("0.20"), Decimal("0.10"))
    table = prices(TODAY)
    keys = [(row["for"], row["context"], row["speed"]) for row in table.rows]
    assert len(set(keys)) == len(keys)
    assert all(row["source"] and row["checked"] for row in table.rows)
    subjects = {row["for"] for row in table.rows}
    assert {price.subject for price in PUBLIC.in_force.on(TODAY)} | {"us", "batch"} == subjects


def test_large_prompts_have_a_row_of_their_own() -> None:
    """Haiku 5.5 stands there twice: as the ledger prices it, and for prompts that no report shows."""
    rows = [row for row in prices(TODAY, HAIKU).rows if str(row["context"]).startswith("0-200k")]
    assert [row["output"] for row in rows] == [Decimal("0.50"), Decimal("2.50")]


def test_a_history_has_every_price_with_its_first_day() -> None:
    """Each dated price of a model is a row, the oldest first; one's own stands where it begins."""
    own = Prices.with_own(f'[[price]]\nfor = "{SONNET}"\nfrom = 2026-11-01\nusd = {{ output = "7" }}\n')
    rows = [row for row in listing.models_history(own, SONNET).rows if row["for"] == SONNET]
    days = [str(row["from"]) for row in rows]
    assert days == sorted(days)
    assert [row["cache_read"] for row in rows[:2]] == [Decimal("0.20"), Decimal("0.10")]
    assert (days[-1], rows[-1]["output"]) == ("2026-11-01", Decimal(7))
    with pytest.raises(InvalidQuestion, match="Did you mean"):
        listing.models_history(PUBLIC, "claude-sonet-5-5")


def test_a_model_has_the_factors_that_can_hold_for_it() -> None:
    """The US factor stands beside models that take a geography, and no factor beside a service."""
    assert [row["for"] for row in prices(TODAY, OPUS).rows if row["factor"]] == ["us", "batch"]
    assert [row["for"] for row in prices(TODAY, "claude-opus-4-5-20251101").rows if row["factor"]] == ["batch"]
    [search] = prices(TODAY, "web_search").rows
    assert (search["service"], search["per"]) == (Decimal(10), "1,000 searches")


def test_own_prices_stand_in_the_list() -> None:
    """A negotiated rate is what is in force, and that there are own prices is said."""
    own = Prices.with_own(f'[[price]]\nfor = "{OPUS}"\nfrom = 2026-11-01\nusd = {{ output = "15" }}\n')
    table = prices(TODAY, OPUS, lists=own)
    assert (table.rows[-3]["output"], table.rows[-3]["uncached_input"]) == (Decimal(15), Decimal(4))
    assert message(table, "own prices")


def test_a_retiring_model_in_use_is_pointed_out(ledger: Ledger) -> None:
    """A model that retires within 30 days, or has, and that the ledger still shows in use, is named with its tokens."""
    assert message(prices(TODAY, None, ledger), "claude-sonnet-4-5-20250929 retires on 2026-11-30", "tokens")
    assert message(prices(date(2026, 12, 1), None, ledger), "claude-sonnet-4-5-20250929 retired on")
    assert not [note for note in prices(date(2026, 10, 30), None, ledger).notes if "retire" in note]
    assert not [note for note in prices(TODAY, OPUS, ledger).notes if "retire" in note]


def test_a_model_without_a_price_that_day_is_not_zero() -> None:
    """Before a model's first day its list is empty and says so; a model that no list has is refused."""
    table = prices(date(2026, 9, 1), SONNET)
    assert not [row for row in table.rows if row["for"] == SONNET]
    assert message(table, f"No price of {SONNET} holds on 2026-09-01")
    with pytest.raises(InvalidQuestion, match=f"Did you mean {SONNET}"):
        prices(TODAY, "claude-sonnet-5-6")


def test_the_day_of_a_list_may_lie_ahead(empty: Ledger) -> None:
    """`--on` is a UTC day, today unless said, also one to come; what is no day is refused."""
    windows = [empty.prices(on=on).question.window for on in (None, "2026-12-01")]
    assert [window.days() for window in windows] == [[TODAY], [date(2026, 12, 1)]]
    with pytest.raises(InvalidQuestion, match="not a UTC day"):
        empty.prices(on="2026-13-01")


def test_a_ledger_without_records_is_no_hindrance(empty: Ledger) -> None:
    """The list is printed where the ledger has nothing."""
    assert prices(TODAY, None, empty).cells == prices(TODAY).cells


def test_a_swap_says_that_its_model_costs_most(book: Ledger) -> None:
    """The first sentence says of the model that costs most that it does, and of no other."""
    rows = book.whatif(batch="0").rows
    models: dict[str, Decimal] = {}
    for row in rows:
        models[row["model"]] = models.get(row["model"], Decimal(0)) + (row["priced"] or 0)
    least, *_, most = sorted(models, key=models.__getitem__)
    for model, words in ((most, " (costs most) as"), (least, " as")):
        table = book.whatif(f"{model}=claude-haiku-5-5")
        assert table.headline.startswith(f"All of {model}{words} claude-haiku-5-5: ")
