"""Bills and use that are late, empty or lost; the variables LATE (how) and SOURCE say which, DONE that all has come."""
import os
from stand import *
HOW, DONE = os.environ.get("LATE", ""), os.environ.get("DONE", "")
NEWER = os.environ.get("SOURCE", "reports") == "analytics"
LAST = ("2026-11-26", "2026-11-27")
WORKSPACES = [workspace("wrkspc_01A", "Search"), workspace("wrkspc_01B", "Support")]
if HOW == "profile": WORKSPACES[1]["user_profile_id"] = "uprof_01"
KEYS = [key("apikey_01A", "search-prod", "wrkspc_01A"), key("apikey_01B", "support-prod", "wrkspc_01B")]

def billed(day, ws, model):
    if HOW == "profile" and ws == "wrkspc_01B": return None
    if DONE or day not in LAST: return "list"
    late = {"bucket": True, "workspace": ws == "wrkspc_01B", "model": model == OPUS}
    return None if late.get(HOW) else "list"

def day(d):
    return [use(d, i, o, ws=ws, key=k, model=m, cents=billed(d, ws, m)) for i, o, ws, k, m in (
        (1000000, 100000, "wrkspc_01A", "apikey_01A", SONNET),
        (100000, 0, "wrkspc_01A", "apikey_01A", OPUS),
        (300000, 20000, "wrkspc_01B", "apikey_01B", HAIKU))]

NOW = os.environ.get("CLOCK", "2026-11-28T09:30:00Z")
USES = [u for d in days("2026-10-20", 39) for u in day(d)]
if HOW == "idle": USES = [u for u in USES if u["ts"] < at("2026-11-01")]
if HOW == "running": USES += [use("2026-11-28", 1000000, 100000, ws="wrkspc_01A", key="apikey_01A", cents=None)]
LOST = {"missing": "cost", "list": "cost", "truncated": "cost", "unused": "usage"}

def mutate(p, q, b):
    of = "cost" if "cost" in p else "usage" if p.endswith(("/messages", "analytics/usage")) else ""
    if DONE or not of or LOST.get(HOW) != of: return b
    first = "2026-01-01" if HOW == "list" else LAST[0]
    if HOW == "unused" and "usage_report" in p:
        for bucket in b["data"]:
            if bucket["starting_at"][:10] >= first: bucket["results"] = []
    else: b["data"] = [it for it in b["data"] if it["starting_at"][:10] < first]
    return b
