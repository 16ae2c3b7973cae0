"""Causes: why a charge has one half only, by name.

Use without a line of the bill is prepaid, billed elsewhere, not billed yet, not billed at all (refused), or of a day
whose bill could not be read. A line of the bill without use is of code execution, session time, a credit, a service or
a kind of token that tallystick does not know, or of use that the usage report lacks or that was not read.
"""

from __future__ import annotations

from tallystick.core.dimensions import KINDS, UNKNOWN

CODE, SESSION, CREDIT = "code execution", "session time", "credit"
NEW_SERVICE, NEW_TOKENS, NO_USAGE = "unknown service", "unknown kind of token", "no usage"

USAGE_NOT_READ = "usage not read"
"""The cause of a billed line of a day whose usage is not in the ledger."""
PRIORITY, NOT_BILLED, REQUESTS_ONLY = "priority tier", "not billed", "request count"
NOT_BILLED_YET, TO_PROFILE = "not billed yet", "billed to a user profile"
BILL_NOT_READ = "bill not read"
"""Causes of use that no line of the bill covers."""

BY_NATURE = (CODE, SESSION, CREDIT)
"""Causes of charges that by their nature have no use in the usage report."""
ALONE = (*BY_NATURE, NEW_SERVICE, NEW_TOKENS, USAGE_NOT_READ)
"""Causes of charges that the bill alone knows, and that explain all of what was billed."""
CAUSES = (*ALONE, NO_USAGE, PRIORITY, NOT_BILLED, REQUESTS_ONLY, NOT_BILLED_YET, TO_PROFILE, BILL_NOT_READ)

EXCEPTIONS = (
    f"cause NOT IN ('none', '{REQUESTS_ONLY}')",
    "cause = 'none' AND tier = 'priority'",
    "cause = 'none' AND tier <> 'priority' AND priced IS NULL AND quantity IS NOT NULL",
)
"""Of a charge: that it has a cause, is prepaid, or has no known price; a count of requests is never billed."""
EXCEPTIONAL = " OR ".join(f"({exception})" for exception in EXCEPTIONS)
"""The same in one condition; a charge meets one of them at most."""

_CREDIT = r"credit|refund|adjustment"
_KNOWN = ", ".join(f"'{kind}'" for kind in (*KINDS.values(), UNKNOWN))

CAUSE_SQL = f"""CASE WHEN total < 0 OR regexp_matches(kind, '{_CREDIT}') THEN '{CREDIT}'
    WHEN kind = 'code_execution' THEN '{CODE}' WHEN kind = 'session_time' THEN '{SESSION}'
    WHEN kind IN ({_KNOWN}) AND day IN (SELECT day FROM days WHERE unread) THEN '{USAGE_NOT_READ}'
    WHEN kind IN ({_KNOWN}) THEN '{NO_USAGE}'
    WHEN contains(kind, 'token') THEN '{NEW_TOKENS}' ELSE '{NEW_SERVICE}' END"""  # noqa: S608 - our own names
"""The cause of a line of the bill that no use matches, by its `kind`, `total` and `day`.

What is below zero is a credit or a refund, whatever it is of. New kinds are named by the API: those of tokens by a
`token_type`, which says so (`cache_creation.ephemeral_24h_input_tokens`), services by a `cost_type`.
"""
