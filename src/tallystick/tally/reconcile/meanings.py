"""Meanings: what each cause between billed and priced says, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.core.causes import (
    BILL_NOT_READ,
    CODE,
    CREDIT,
    NEW_SERVICE,
    NEW_TOKENS,
    NOT_BILLED_YET,
    PRIORITY,
    SESSION,
    TO_PROFILE,
    USAGE_NOT_READ,
)
from tallystick.tally.reconcile.own_prices import NOT_APPLIED
from tallystick.tally.reconcile.pieces import LARGE, REFUSED, ROUNDING, SEARCH, UNEXPLAINED, UNKNOWN_PRICE
from tallystick.tally.reconcile.price_factors import DISCOUNT, STALE

MEANINGS: Mapping[str, str] = {
    REFUSED: "Used and not billed: requests that were refused or blocked, a whole number of tokens at their rate.",
    PRIORITY: "Prepaid: priority tier is in no cost report, so what it costs is not known here.",
    NOT_BILLED_YET: "Used, and its bill has not come yet.",
    BILL_NOT_READ: "Used on days whose bill could not be read: unknown, not late.",
    TO_PROFILE: "Used here and billed to a user profile's own organization.",
    USAGE_NOT_READ: "Billed on days whose usage is not in the ledger.",
    CODE: "Billed by container hours, which no usage report has.",
    SEARCH: "Web searches whose bill and count differ.",
    SESSION: "Billed by session hours, which no usage report has.",
    CREDIT: "A credit or refund on the bill.",
    NEW_SERVICE: "Billed for a service that has no price here.",
    NEW_TOKENS: "Billed for a kind of token that has no price here.",
    UNKNOWN_PRICE: "Used on models or terms without a public price: what it costs cannot be checked.",
    NOT_APPLIED: "Billed at the public list, though your own prices differ.",
    STALE: "One factor fits the bill and the list on three days or more: the list is likely out of date.",
    DISCOUNT: "One factor below the list fits on three days or more: a discount.",
    LARGE: "Large prompts cost more, and no report shows which prompts they were.",
    ROUNDING: "Below a picodollar a line, where the exact price is no whole number of them.",
    UNEXPLAINED: "What no cause accounts for.",
}
"""A sentence for every cause, and for what is unexplained."""
