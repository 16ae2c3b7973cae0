"""Behavior of the newer reports: what the contract leaves open or infers, as switches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class AnalyticsBehavior:
    """The switches of `analytics/usage` and `analytics/cost`; the defaults are the contract's best guess.

    refresh: the export is made anew this often, and holds everything before that instant; None is 5 minutes for the
        Console and 4 hours for Enterprise (analytics-api 1.10, 1.13 item 2).
    late_permille: so many requests in a thousand reach the export only 1 to 30 days later (1.10).
    old_version: API version 2023-06-01 is answered too (1.13 item 4).
    missing_beta: the status of a request without the beta header, 400 or 404 (1.12).
    strict_parameters: an unknown parameter is refused.
    strict_alignment: a bound inside a bucket is refused; else its whole bucket is meant (1.13 item 3).
    bound_cursors: a cursor is refused once the query has changed (1.9).
    expiring_cursors: a cursor is gone, 410, once the export was made anew; else paging goes on in the new one (1.9).
    zero_cost: rows that cost nothing, of refused or Priority Tier requests, are told with the amount 0 (1.13 item 1).
    bare_searches: web search money has a workspace and nothing else (1.13 item 5).
    bare_sessions: session time has a workspace and nothing else (1.13 item 5).
    unified: the product `chat_cowork_unified` exists, in the place of `chat` and `cowork` (1.2).
    envelope_organization: the envelope names the organization, as that of the predecessors did (1.3).
    most_per_minute: so many requests a minute are answered and the rest refused, as 60 were in August (1.11); None is
        no limit, which a clock that stands needs.
    """

    refresh: timedelta | None = None
    late_permille: int = 0
    old_version: bool = False
    missing_beta: int = 400
    strict_parameters: bool = False
    strict_alignment: bool = False
    bound_cursors: bool = True
    expiring_cursors: bool = True
    zero_cost: bool = False
    bare_searches: bool = False
    bare_sessions: bool = False
    unified: bool = False
    envelope_organization: bool = False
    most_per_minute: int | None = None
