"""Causes: the difference between billed and priced, by named cause, to the picodollar.

No cause is the remainder. Refused: the gap is a whole number of tokens at their rate, at most those used. Own prices
not applied: the bill is the public list's where they differ; what is left is judged at that list's prices. Price list
stale, or a discount: one exact factor fits on three days or more. Rounding: below a picodollar a row, and only where
the exact price is no whole number of them. What fits none of these is unexplained. Whole numbers and fractions only.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import duckdb

from tallystick.core.money import EXACT, ratio
from tallystick.core.price_entries import UNITS
from tallystick.core.prices import PriceList
from tallystick.tally.reconcile.agreement import agreed
from tallystick.tally.reconcile.findings import Found, Group, findings, groups
from tallystick.tally.reconcile.judgements import judge
from tallystick.tally.reconcile.lines import lines, parts
from tallystick.tally.reconcile.meanings import MEANINGS
from tallystick.tally.reconcile.own_prices import switch
from tallystick.tally.reconcile.pieces import UNEXPLAINED, pieces
from tallystick.tally.reconcile.ratios import change

CAUSES = tuple(cause for cause in MEANINGS if cause != UNEXPLAINED)
"""Every cause but `UNEXPLAINED`, in the order in which they are shown."""
RATE = 6
"""Places of an effective rate, as a statement's unit prices have them."""


def reconcile(
    duck: duckdb.DuckDBPyConnection,
    prices: PriceList,
    listed: PriceList | None = None,
    by: Sequence[str] = (),
) -> tuple[list[Group], list[Found]]:
    """The groups of the charges, and the causes of every difference and what modifiers did to the priced amounts.

    `duck` has a table of `charges`, summed by organization, day, workspace, the terms of a use, cause and `wanted`,
    with `rows`, quantity, and billed, priced and listed in whole picodollars; prices show in all of them, and the
    answer is of those that are wanted. Its table `coarse` says where the bill is coarser than the use, by organization,
    day, workspace, model and kind: a true or false each for tier, context and geo. `prices` are the lists in force,
    `listed` is the public one.
    """
    own = listed is not None and listed is not prices
    parts(duck, prices, listed if own else None)
    if own or not agreed(duck):
        lines(duck, own=own)
        switch(duck, own=own)
        changes = change(duck)
        judge(duck)
        pieces(duck, changes)
    return groups(duck, by), findings(duck, by)


def effective(
    kind: str, quantity: int, billed: Decimal, listed: Decimal | None
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """US dollars billed, and by the list, for as many as the kind is priced for; and the one to the other."""
    per = UNITS[kind][1]
    rate, of_list = (
        None if dollars is None else ratio(EXACT.multiply(dollars, per), quantity, RATE) for dollars in (billed, listed)
    )
    return rate, of_list, None if listed is None else ratio(billed, listed)
