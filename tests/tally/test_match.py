from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pyarrow as pa
import pytest

from support.charge_rows import (
    DAY,
    HAIKU,
    OPUS,
    PICO,
    PUBLIC,
    SONNET,
    Row,
    billed,
    cost_table,
    line,
    only,
    selection,
    service,
    tallied,
    tallied_newer,
    usage_table,
    use,
)
from tallystick.core.ledger_tables import CHARGES
from tallystick.store.columns import schema
from tallystick.tally.match import charges
from tallystick.tally.prices_in_force import Prices

MILLION = 1_000_000


def test_a_line_of_one_user_is_reported_as_it_stands() -> None:
    """What one user alone used is billed to it as the API said, with quantity, unit, list price and price beside it."""
    [row] = tallied([use(uncached_input=MILLION)], [line("1.9")])
    assert (row["billed"], row["method"], row["cause"], row["relaxed"]) == (Decimal("1.9"), "reported", "none", "none")
    assert (row["quantity"], row["unit"]) == (MILLION, "tokens")
    assert row["list"] == row["priced"] == row["priced_high"] == 2


def test_a_line_of_several_is_split_by_use_where_all_pay_alike() -> None:
    """Users who pay one rate share a line in proportion to their tokens, and it says that it was allocated."""
    rows = tallied([use("a", uncached_input=300), use("b", uncached_input=100)], [line("0.0008")])
    assert only(rows, key="a")["billed"] == Decimal("0.0006")
    assert only(rows, key="b")["billed"] == Decimal("0.0002")
    assert {row["method"] for row in rows} == {"allocated"}


def test_a_line_of_users_who_pay_unlike_is_split_by_price() -> None:
    """Fast and standard requests in one line share it by what each costs, not by tokens."""
    used = [
        use("a", model=OPUS, uncached_input=MILLION),
        use("b", model=OPUS, speed="fast", uncached_input=MILLION),
    ]
    rows = tallied(used, [line("12", model=OPUS)])
    assert only(rows, key="a")["billed"] == 4
    assert only(rows, key="b")["billed"] == 8


def test_only_what_shares_everything_known_shares_a_line() -> None:
    """Another day, workspace, model, kind, tier, context or geography has lines of its own."""
    variants: list[Row] = [
        {"day": DAY - timedelta(days=1)},
        {"workspace": "wrkspc_1"},
        {"model": "claude-sonnet-4-6"},
        {"tier": "batch"},
        {"context": "200k-1M"},
        {"geo": "us"},
    ]
    used = [use(str(number), uncached_input=100, **variant) for number, variant in enumerate([{}, *variants])]
    lines = [line(f"{number + 1}", **variant) for number, variant in enumerate([{}, *variants])]
    rows = tallied(used, lines, read=[DAY, DAY - timedelta(days=1)])
    assert {row["key"]: row["billed"] for row in rows} == {str(index): index + 1 for index in range(len(used))}
    assert {(row["method"], row["relaxed"]) for row in rows} == {("reported", "none")}


def test_each_kind_of_token_is_a_charge_of_its_own() -> None:
    """A usage record becomes one charge for each kind of which there was any, matched with the line of that kind."""
    counts = {"uncached_input": 1, "cache_write_5m": 2, "cache_write_1h": 3, "cache_read": 4, "output": 5}
    rows = tallied(
        [use(**counts, web_searches=6), use("idle")],
        [*(line(f"{count}", kind=kind) for kind, count in counts.items()), service("6", "web_search")],
    )
    assert {row["kind"]: row["quantity"] for row in rows} == {**counts, "web_search": 6}
    assert all(row["billed"] == row["quantity"] and row["key"] == "key_a" for row in rows)
    assert only(rows, kind="web_search")["unit"] == "searches"


LOOSE = [("geo", "us"), ("tier", "batch"), ("context", "200k-1M"), ("model", OPUS)]


@pytest.mark.long
@pytest.mark.parametrize("unknown", ["unknown", "none"])
@pytest.mark.parametrize(("name", "user_value"), LOOSE)
def test_what_the_bill_does_not_tell_matches_all_that_it_may_cover(name: str, user_value: str, unknown: str) -> None:
    """A line whose dimension is not known covers every value of it, split by price, and is not called relaxed."""
    dear = {"us": Decimal("2.2"), "batch": Decimal(1), "200k-1M": Decimal(2), OPUS: Decimal(4)}[user_value]
    used = [use("a", uncached_input=MILLION), use("b", uncached_input=MILLION, **{name: user_value})]
    rows = tallied(used, [line(5 * (2 + dear), **{name: unknown})])
    assert {row["key"]: row["billed"] for row in rows} == {"a": 10, "b": 5 * dear}
    assert {(row["method"], row["relaxed"], row["cause"]) for row in rows} == {("allocated", "none", "none")}


def test_a_bill_that_tells_nothing_but_the_kind_is_split_over_all_of_it() -> None:
    """With model, tier, context, geography and speed all unknown a line covers that kind of its workspace and day."""
    unknown = dict.fromkeys(("model", "tier", "context", "geo", "speed"), "unknown")
    used = [
        use("a", uncached_input=MILLION),
        use("b", model=OPUS, geo="us", uncached_input=MILLION),
        use("c", workspace="wrkspc_1", uncached_input=MILLION),
        use("d", output=MILLION),
    ]
    rows = tallied(used, [line("6.4", **unknown)])
    assert {row["key"]: row["billed"] for row in rows} == {"a": 2, "b": Decimal("4.4"), "c": None, "d": None}


@pytest.mark.long
@pytest.mark.parametrize(
    ("fields", "relaxed"),
    [
        ({"geo": "us"}, "geo"),
        ({"tier": "batch"}, "geo, tier"),
        ({"geo": "us", "tier": "batch"}, "geo, tier"),
        ({"context": "200k-1M"}, "geo, tier, context"),
        ({"geo": "us", "tier": "batch", "context": "200k-1M"}, "geo, tier, context"),
    ],
)
def test_a_line_without_its_use_is_matched_with_what_is_nearest(fields: Row, relaxed: str) -> None:
    """A line that finds no use gives up geography, then tier, then context, and every charge of it says which."""
    rows = tallied([use("a", uncached_input=3), use("b", uncached_input=1)], [line("8", **fields)])
    assert {row["key"]: row["billed"] for row in rows} == {"a": 6, "b": 2}
    assert {row["relaxed"] for row in rows} == {relaxed}
    assert {row["method"] for row in rows} == {"allocated"}


def test_no_more_is_given_up_than_is_needed() -> None:
    """Where giving up geography is enough, use of another tier gets nothing of the line."""
    rows = tallied([use("a", uncached_input=1), use("b", tier="batch", uncached_input=9)], [line("8", geo="us")])
    assert only(rows, key="a")["billed"] == 8
    assert only(rows, key="b")["billed"] is None


@pytest.mark.long
@pytest.mark.parametrize("fields", [{"model": OPUS}, {"workspace": "wrkspc_1"}, {"kind": "output"}])
def test_model_workspace_and_kind_are_never_given_up(fields: Row) -> None:
    """A line of another model, workspace or kind than all use stays alone, and stands there as a charge of its own."""
    rows = tallied([use(uncached_input=10)], [line("8", **fields)])
    alone = only(rows, cause="no usage")
    assert (alone["billed"], alone["quantity"], alone["priced"]) == (8, None, None)
    assert (alone["key"], alone["actor"], alone["product"]) == ("unknown",) * 3
    assert only(rows, key="key_a")["cause"] == "not billed"
    assert billed(rows) == 8


def test_a_relaxed_line_is_recorded_beside_one_that_was_not() -> None:
    """Use that has a line of its own and a part of a relaxed one says what was relaxed."""
    [row] = tallied([use(uncached_input=10)], [line("8"), line("1", geo="us")])
    assert row["billed"] == 9
    assert row["relaxed"] == "geo"


def test_the_widest_relaxation_of_a_use_is_the_one_recorded() -> None:
    """Use with parts of two relaxed lines says the one that gave up more."""
    [row] = tallied([use(uncached_input=10)], [line("8", geo="us"), line("1", tier="batch")])
    assert row["billed"] == 9
    assert row["relaxed"] == "geo, tier"


def test_what_the_usage_report_does_not_tell_is_no_obstacle() -> None:
    """Where usage has no speed (it needs a beta header) and the bill has, they are matched all the same."""
    rows = tallied([use(speed="unknown", uncached_input=10)], [line("8", speed="standard"), line("1", speed="fast")])
    assert billed(selection(rows, key="key_a")) == 9
    assert not selection(rows, cause="no usage")


@pytest.mark.long
@pytest.mark.parametrize("name", ["tier", "context", "geo"])
def test_use_of_an_unknown_value_is_matched_unrelaxed(name: str) -> None:
    """A dimension that was lost on the way to the usage cube matches every line, and nothing had to be relaxed."""
    [row] = tallied([use(uncached_input=10, **{name: "unknown"})], [line("8")])
    assert (row["billed"], row["relaxed"], row["cause"]) == (8, "none", "none")


def test_lines_that_differ_in_words_alone_are_summed_first() -> None:
    """Cost rows that differ in description only are one line: its users share the sum."""
    used = [use("a", uncached_input=1), use("b", uncached_input=2)]
    rows = tallied(used, [line("0.000000000001"), line("0.000000000001", description="(Fast)"), line("1")])
    assert billed(rows) == 1 + 2 * PICO
    assert only(rows, key="a")["billed"] == Decimal("0.333333333334")
    assert only(rows, key="b")["billed"] == Decimal("0.666666666668")


@pytest.mark.long
def test_priority_use_has_no_bill_and_says_why() -> None:
    """Priority-tier use is never billed a part of a line, not of a loose one either, and its cause is its tier."""
    used = [use("a", uncached_input=1), use("b", tier="priority", uncached_input=9)]
    for tier in ("standard", "unknown", "batch"):
        rows = tallied(used, [line("8", tier=tier)])
        assert only(rows, key="a")["billed"] == 8
        row = only(rows, key="b")
        assert (row["billed"], row["method"], row["cause"]) == (None, "none", "priority tier")
        assert row["quantity"] == 9


def test_a_search_of_priority_use_is_billed_like_any() -> None:
    """Priority prepays tokens, not searches: a search costs the same in every tier and has its part of the line."""
    used = [use("a", web_searches=1), use("b", tier="priority", uncached_input=9, web_searches=3)]
    rows = tallied(used, [service("0.04", "web_search")])
    assert {row["key"]: row["billed"] for row in selection(rows, kind="web_search")} == {
        "a": Decimal("0.01"),
        "b": Decimal("0.03"),
    }
    assert only(rows, kind="uncached_input")["cause"] == "priority tier"


@pytest.mark.parametrize("half", ["bill", "use"])
@pytest.mark.parametrize("workspace", ["unknown", "none"])
def test_a_workspace_that_is_not_told_covers_what_no_other_line_has(half: str, workspace: str) -> None:
    """Where one half does not tell the workspace, a line without use takes use without a line, and no other use."""
    used = [use("a", workspace="w", uncached_input=1), use("b", workspace="v", uncached_input=3)]
    lines = [line("1", workspace="w"), line("6", workspace="v")]
    (used if half == "use" else lines)[1]["workspace"] = workspace
    rows = tallied(used, lines)
    assert {row["key"]: (row["billed"], row["relaxed"], row["cause"]) for row in rows} == {
        "a": (1, "none", "none"),
        "b": (6, "none", "none"),
    }


def test_workspaces_that_are_told_are_never_matched_with_each_other() -> None:
    """A line and use of two workspaces stay apart, though another line does not tell its own."""
    rows = tallied([use("a", workspace="w", uncached_input=1)], [line("2", workspace="v"), line("1", workspace="none")])
    assert only(rows, key="a")["billed"] == 1
    assert only(rows, workspace="v")["cause"] == "no usage"


@pytest.mark.parametrize(
    ("changes", "relaxed"),
    [
        ({"product": "claude_code"}, "geo, tier, context, product"),
        ({"actor": "user_2"}, "actor"),
        ({"actor": "user_2", "key": "key_b"}, "actor, key"),
        ({"actor": "user_2", "geo": "us"}, "geo, tier, context, product, actor"),
        ({"actor": "user_2", "key": "key_b", "geo": "us"}, "geo, tier, context, product, actor, key"),
    ],
)
def test_a_line_of_the_newer_dialect_gives_up_who_asked_last(changes: Row, relaxed: str) -> None:
    """A line of a key and actor without its use takes that of another product, else actor, else key."""
    [row] = tallied_newer([use(uncached_input=3)], [line("8", **changes)])
    assert (row["billed"], row["relaxed"], row["key"], row["actor"]) == (8, relaxed, "key_a", "user_1")


def test_lines_of_the_newer_dialect_are_of_one_use() -> None:
    """Each line of a key and actor goes to the use of both alone, with its own list price and discount."""
    used = [use(key, actor=actor, uncached_input=1) for key in "ab" for actor in ("user_1", "user_2")]
    lines = [
        line(f"{index + 1}", key=row["key"], actor=row["actor"], list=Decimal(5)) for index, row in enumerate(used)
    ]
    rows = tallied_newer(used, lines)
    assert {
        (row["key"], row["actor"]): (row["billed"], row["list"], row["discount"], row["method"]) for row in rows
    } == {(row["key"], row["actor"]): (index + 1, 5, 4 - index, "reported") for index, row in enumerate(used)}


def test_priority_use_alone_never_takes_a_line() -> None:
    """A line beside which there is nothing but priority use stays without use."""
    rows = tallied([use(tier="priority", uncached_input=9)], [line("8")])
    assert only(rows, cause="no usage")["billed"] == 8
    assert only(rows, cause="priority tier")["billed"] is None


def test_use_of_a_day_without_a_bill_is_not_billed_yet() -> None:
    """Use is `not billed yet` until the bill of its day was read; then what no line covers is `not billed`."""
    used = [use(uncached_input=9), use(uncached_input=9, day=DAY + timedelta(days=1))]
    rows = tallied(used, [])
    assert {row["day"]: row["cause"] for row in rows} == {DAY: "not billed", DAY + timedelta(days=1): "not billed yet"}
    assert {(row["billed"], row["method"]) for row in rows} == {(None, "none")}


@pytest.mark.parametrize(
    ("kind", "cause", "unit"),
    [
        ("code_execution", "code execution", "container-hours"),
        ("session_time", "session time", "session-hours"),
    ],
)
def test_services_without_use_are_charges_of_their_own(kind: str, cause: str, unit: str) -> None:
    """Code execution and session time are in no usage report: a charge each, by workspace, that says so."""
    rows = tallied([use(uncached_input=9)], [line("8"), service("0.5", kind), service("0.25", kind, workspace="w")])
    services = selection(rows, cause=cause)
    assert {(row["workspace"], row["billed"]) for row in services} == {
        ("default", Decimal("0.5")),
        ("w", Decimal("0.25")),
    }
    assert {(row["unit"], row["quantity"], row["method"], row["key"]) for row in services} == {
        (unit, None, "reported", "unknown")
    }
    assert only(rows, key="key_a")["billed"] == 8


def test_a_kind_of_cost_that_nobody_knows_is_kept() -> None:
    """A cost type that came after this release keeps its name and amount, in an unknown unit."""
    [row] = tallied([], [service("0.5", "quantum_execution")])
    assert (row["kind"], row["unit"], row["billed"], row["cause"]) == (
        "quantum_execution",
        "unknown",
        Decimal("0.5"),
        "unknown service",
    )


def test_web_search_is_split_over_those_who_searched() -> None:
    """The search line of a workspace goes to its searchers by searches, whatever model, tier or speed they used."""
    used = [
        use("a", web_searches=3),
        use("b", model=OPUS, tier="batch", speed="fast", geo="us", web_searches=1),
        use("c", workspace="w", web_searches=5),
        use("d", uncached_input=5),
    ]
    rows = tallied(used, [service("0.04", "web_search"), service("0.05", "web_search", workspace="w")])
    shares = {row["key"]: row["billed"] for row in selection(rows, kind="web_search")}
    assert shares == {"a": Decimal("0.03"), "b": Decimal("0.01"), "c": Decimal("0.05")}


def test_use_without_a_key_is_billed_to_who_asked() -> None:
    """Playground, OAuth and workload-identity use share lines with keys and keep their names."""
    used = [
        use("playground", uncached_input=1),
        use("playground", account="user_1", uncached_input=2),
        use("playground", service_account="svac_1", uncached_input=3),
        use("key_a", uncached_input=4),
    ]
    rows = tallied(used, [line("10")])
    amounts = {(row["key"], row["actor"]): row["billed"] for row in rows}
    assert amounts == {
        ("playground", "unattributed"): 1,
        ("playground", "user_1"): 2,
        ("playground", "svac_1"): 3,
        ("key_a", "unattributed"): 4,
    }


def test_a_model_without_a_price_is_billed_and_not_priced() -> None:
    """An unknown model has its bill and its tokens, no price, and a line that it shares is split by use."""
    unknown = "claude-opus-9"
    used = [use("a", model=unknown, uncached_input=1), use("b", model=unknown, uncached_input=3)]
    rows = tallied(used, [line("8", model=unknown)])
    assert {row["key"]: row["billed"] for row in rows} == {"a": 2, "b": 6}
    assert {(row["list"], row["priced"], row["priced_high"]) for row in rows} == {(None, None, None)}


def test_a_price_that_no_report_shows_is_a_range() -> None:
    """Haiku 5.5 is priced from its small rate to its large one; a line is split by the small."""
    rows = tallied([use(model=HAIKU, uncached_input=MILLION)], [line("0.3", model=HAIKU)])
    row = only(rows, key="key_a")
    assert (row["list"], row["priced"], row["priced_high"]) == (Decimal("0.1"), Decimal("0.1"), Decimal("0.5"))


def test_own_prices_stand_beside_the_list() -> None:
    """`list` is the public price, `priced` one's own, and the bill is split by one's own."""
    own = Prices.with_own(
        f'[[price]]\nfor = "{OPUS}"\nfrom = 2026-01-01\nspeed = "fast"\nusd = {{ uncached_input = "16" }}\n'
    )
    used = [use("a", model=OPUS, uncached_input=MILLION), use("b", model=OPUS, speed="fast", uncached_input=MILLION)]
    rows = tallied(used, [line("20", model=OPUS)], prices=own)
    assert {row["key"]: (row["list"], row["priced"], row["billed"]) for row in rows} == {
        "a": (4, 4, 4),
        "b": (8, 16, 16),
    }


def test_a_credit_is_split_like_a_charge() -> None:
    """A line below zero is shared by its users and keeps its sign; a line of zero bills nobody anything."""
    used = [use("a", uncached_input=3), use("b", uncached_input=1), use("c", output=1)]
    rows = tallied(used, [line("-4"), line("0", kind="output")])
    assert {row["key"]: row["billed"] for row in rows} == {"a": -3, "b": -1, "c": 0}
    assert only(rows, key="c")["cause"] == "none"


def test_the_largest_amount_of_a_ledger_is_split_exactly() -> None:
    """A line of nearly 10^16 dollars over petatokens is split to the picodollar."""
    most = Decimal("9999999999999999.999999999999")
    used = [use(str(number), model=OPUS, uncached_input=10**17 + number) for number in range(3)]
    rows = tallied(used, [line(most, model=OPUS)])
    assert sum(int(row["billed"].scaleb(12)) for row in rows) == int(most.scaleb(12))


def test_nothing_makes_nothing() -> None:
    """No usage and no cost are no charges, with the columns of the table."""
    table = charges(usage_table([]), cost_table([]), [], PUBLIC.listed, PUBLIC.in_force)
    assert table.num_rows == 0
    assert table.schema.names == schema(CHARGES).names


def _jumble(seed: int) -> tuple[list[Row], list[Row]]:
    """A day of much that shares little, and bills of every coarseness."""
    drawn = Random(seed)  # noqa: S311 - repeatable, not secret
    tiers, windows, places = ("standard", "batch", "priority", "flex"), ("0-200k", "200k-1M"), ("global", "us")
    used: dict[str, Row] = {}
    for _ in range(150):
        row = use(
            f"key_{drawn.randrange(8)}",
            workspace=f"w{drawn.randrange(3)}",
            account=drawn.choice(("none", "user_1")),
            model=drawn.choice((OPUS, SONNET, HAIKU, "claude-unheard-of")),
            tier=drawn.choice(tiers),
            context=drawn.choice(windows),
            geo=drawn.choice(places),
            speed=drawn.choice(("standard", "fast")),
        )
        used[repr(row)] = row | {
            name: drawn.randrange(10**7) for name in ("uncached_input", "cache_read", "output", "web_searches")
        }
    lines = []
    for _ in range(150):
        known = drawn.random() < 0.7
        lines.append(
            line(
                Decimal(drawn.randrange(-(10**13), 10**15)).scaleb(-12),
                workspace=f"w{drawn.randrange(4)}",
                kind=drawn.choice(("uncached_input", "cache_read", "output", "web_search", "code_execution")),
                model=drawn.choice((OPUS, SONNET, HAIKU, "claude-unheard-of")),
                tier=drawn.choice(tiers[:2]) if known else "unknown",
                context=drawn.choice(windows) if known else "unknown",
                geo=drawn.choice((*places, "not_available")) if known else "unknown",
                description=f"{drawn.random()}",
            )
        )
    return [*used.values()], lines


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_sums_are_right_whatever_matches(seed: int) -> None:
    """However coarse or odd the bill: every picodollar and every token is in just one charge."""
    used, lines = _jumble(seed)
    rows = tallied(used, lines)
    assert billed(rows) == sum((line["billed"] for line in lines), Decimal(0))
    for name, kind in (("uncached_input", "uncached_input"), ("web_searches", "web_search")):
        quantities = [row["quantity"] for row in selection(rows, kind=kind) if row["quantity"] is not None]
        assert sum(quantities) == sum(usage_row[name] for usage_row in used)
    dimensions = ("workspace", "key", "actor", "model", "kind", "tier", "context", "geo", "speed", "cause")
    assert len({tuple(row[name] for name in dimensions) for row in rows}) == len(rows)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_the_same_records_in_any_order_make_the_same_charges(seed: int) -> None:
    """The order of usage and cost rows decides nothing, not a picodollar."""
    used, lines = _jumble(seed)
    first = _table(used, lines)
    for shuffle in range(3):
        drawn = Random(shuffle)  # noqa: S311 - repeatable, not secret
        drawn.shuffle(used)
        drawn.shuffle(lines)
        assert _table(used, lines).equals(first)


def _table(used: list[Row], lines: list[Row]) -> pa.Table:
    table = charges(usage_table(used), cost_table(lines), [date(2026, 11, 10)], PUBLIC.listed, PUBLIC.in_force)
    return table.cast(schema(CHARGES)).sort_by([(name, "ascending") for name in table.schema.names])
