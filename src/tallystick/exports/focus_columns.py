"""The columns of FOCUS, the FinOps Open Cost and Usage Specification, and the versions that have each."""

from __future__ import annotations

import pyarrow as pa

from tallystick.errors import InvalidQuestion

VERSIONS = ("1.2", "1.4")
_TEXT, _NUMBER, _AT = pa.string(), pa.decimal128(38, 12), pa.timestamp("s", "UTC")
_BOTH = VERSIONS
COLUMNS: tuple[tuple[str, pa.DataType, tuple[str, ...], str], ...] = (
    ("BilledCost", _NUMBER, _BOTH, "what was billed, exact"),
    ("BillingAccountId", _TEXT, _BOTH, "the organization's id"),
    ("BillingAccountName", _TEXT, _BOTH, "its name"),
    ("BillingAccountType", _TEXT, _BOTH, "Organization"),
    ("BillingCurrency", _TEXT, _BOTH, "USD"),
    ("BillingPeriodEnd", _AT, _BOTH, "end of the UTC month, exclusive"),
    ("BillingPeriodStart", _AT, _BOTH, "start of the UTC month"),
    ("ChargeCategory", _TEXT, _BOTH, "Usage; Credit for a credit or refund"),
    ("ChargeClass", _TEXT, _BOTH, "null: a restated day is the same charge, read again"),
    ("ChargeDescription", _TEXT, _BOTH, "what was used, in words"),
    ("ChargeFrequency", _TEXT, _BOTH, "Usage-Based"),
    ("ChargePeriodEnd", _AT, _BOTH, "end of the UTC day, exclusive"),
    ("ChargePeriodStart", _AT, _BOTH, "start of the UTC day"),
    ("CommitmentDiscountStatus", _TEXT, _BOTH, "null: no commitment is known"),
    ("ConsumedQuantity", _NUMBER, _BOTH, "how much was used; null where nobody knows"),
    ("ConsumedUnit", _TEXT, _BOTH, "Tokens, Searches, Container-Hours or Session-Hours; null without a quantity"),
    ("ContractedCost", _NUMBER, _BOTH, "list cost less the contract's discount: what was billed"),
    ("ContractedUnitPrice", _NUMBER, _BOTH, "the same for one PricingUnit, to 12 places"),
    ("EffectiveCost", _NUMBER, _BOTH, "what was billed: nothing is amortized"),
    ("HostProviderName", _TEXT, ("1.4",), "Anthropic, which does not say whose machines it uses"),
    ("InvoiceDetailId", _TEXT, ("1.4",), "null: the API tells of no invoice"),
    ("InvoiceId", _TEXT, _BOTH, "null: the API tells of no invoice"),
    ("InvoiceIssuerName", _TEXT, _BOTH, "Anthropic"),
    ("ListCost", _NUMBER, _BOTH, "cost at list price; what was billed where no list price is known"),
    ("ListUnitPrice", _NUMBER, _BOTH, "the same for one PricingUnit, to 12 places; null where none is known"),
    ("PricingCategory", _TEXT, _BOTH, "Standard"),
    ("PricingCurrency", _TEXT, _BOTH, "USD"),
    ("PricingCurrencyContractedUnitPrice", _NUMBER, _BOTH, "ContractedUnitPrice"),
    ("PricingCurrencyEffectiveCost", _NUMBER, _BOTH, "EffectiveCost"),
    ("PricingCurrencyListUnitPrice", _NUMBER, _BOTH, "ListUnitPrice"),
    ("PricingQuantity", _NUMBER, _BOTH, "how much was used, in PricingUnit"),
    (
        "PricingUnit",
        _TEXT,
        _BOTH,
        "1000000 Tokens, 1000 Searches, Container-Hours or Session-Hours; null without a quantity",
    ),
    ("ProviderName", _TEXT, ("1.2",), "Anthropic"),
    ("PublisherName", _TEXT, ("1.2",), "Anthropic"),
    ("ServiceCategory", _TEXT, _BOTH, "AI and Machine Learning"),
    ("ServiceName", _TEXT, _BOTH, "Claude API"),
    ("ServiceProviderName", _TEXT, ("1.4",), "Anthropic"),
    ("ServiceSubcategory", _TEXT, _BOTH, "Generative AI"),
    ("SkuId", _TEXT, _BOTH, "model and kind"),
    ("SkuMeter", _TEXT, _BOTH, "what is counted: Output Tokens, Web Searches, ..."),
    ("SkuPriceDetails", _TEXT, _BOTH, "what decides the price: JSON"),
    ("SkuPriceId", _TEXT, _BOTH, "model, kind, tier, context, geo and speed"),
    ("SubAccountId", _TEXT, _BOTH, "the workspace's id"),
    ("SubAccountName", _TEXT, _BOTH, "its name"),
    ("SubAccountType", _TEXT, _BOTH, "Workspace"),
    ("Tags", _TEXT, _BOTH, "key, actor, product, method, team, cost center and rule: JSON"),
)
"""Every column in the order of the specification: its name, type, the versions that have it, what it holds here."""


def schema(version: str) -> pa.Schema:
    """The columns of a version; InvalidQuestion where it is another."""
    if version not in VERSIONS:
        raise InvalidQuestion(f"FOCUS {version} is not written.", f"Versions: {', '.join(VERSIONS)}.")
    return pa.schema([(name, kind) for name, kind, versions, _ in COLUMNS if version in versions])
