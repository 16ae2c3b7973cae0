"""Names that change between the syncs of 25 and 28 November: a workspace, its tag, two keys that swap theirs."""
import os

from small import *

DAY = os.environ["DAY"]
NOW = f"2026-11-{DAY}T09:30:00Z"
LATER = int(DAY) >= 28
WORKSPACES = [workspace("wrkspc_01A", "Search & Discovery" if LATER else "Search", tags={"team": "find" if LATER else "search"}),
              workspace("wrkspc_01B", "Support")]
NAMES = ("support-prod", "search-prod") if LATER else ("search-prod", "support-prod")
KEYS = [key("apikey_01A", NAMES[0], "wrkspc_01A"), key("apikey_01B", NAMES[1], "wrkspc_01B")]
USERS = [user("user_01A", "ann@example.com", "Anna" if LATER else "Ann")]
USES = [u for d in days("2026-11-20", 10) for u in (
    use(d, 1000000, 0, ws="wrkspc_01A", key="apikey_01A"), use(d, 2000000, 0, ws="wrkspc_01B", key=None, account="user_01A"))]
