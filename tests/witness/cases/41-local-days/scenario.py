import os
from stand import *
NEWER = bool(os.environ.get("CASE_NEWER"))
NOW = os.environ.get("CASE_NOW", "2026-11-28T09:30:00Z")
FIRST, COUNT = os.environ.get("CASE_FIRST", "2026-11-20"), int(os.environ.get("CASE_DAYS", "9"))
WORKSPACES = [workspace("wrkspc_01A", "Search")]
KEYS = [key("apikey_01A", "search-prod", "wrkspc_01A")]
# every hour one use of 1000 + its hour of UTC input tokens, so that which hours a figure holds can be read off it
USES = [use(d, 1000 + h, 0, ws="wrkspc_01A", key="apikey_01A", hour=h) for d in days(FIRST, COUNT) for h in range(24)]
