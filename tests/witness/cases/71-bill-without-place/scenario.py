"""A bill, or use, that does not say of which workspace, model or kind it is; the variable HOW says what is missing."""
import os
from stand import *
HOW = os.environ.get("HOW", "")
WORKSPACES = [workspace("wrkspc_01A", "Search"), workspace("wrkspc_01B", "Support")]
KEYS = [key("apikey_01A", "search-prod", "wrkspc_01A"), key("apikey_01B", "support-prod", "wrkspc_01B")]
USES = [u for d in days("2026-11-20", 8) for u in (
    use(d, 1000000, 100000, web=200, ws="wrkspc_01A", key="apikey_01A"),
    use(d, 300000, 20000, ws="wrkspc_01B", key="apikey_01B", model=HAIKU, geo="not_available"))]
LOST = {"bill workspace": ("cost", "workspace_id"), "bill group": ("cost", ""), "search": ("cost", "cost_type"),
        "bill model": ("cost", "model"), "use workspace": ("usage", "workspace_id"), "use model": ("usage", "model")}

def lost(path):
    of, name = LOST.get(HOW, ("", ""))
    return name if of and path.endswith(("cost", "cost_report") if of == "cost" else ("analytics/usage", "usage_report/messages")) else None

def respond(path, q, headers):
    if "analytics" not in path and lost(path) and lost(path) in q.get("group_by[]", []):
        body = json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": f"group_by[]: {lost(path)} is not supported."}})
        return 400, {"content-type": "application/json"}, body.encode()

def mutate(path, q, body):
    name = lost(path)
    if name is None: return body
    if "analytics" not in path:
        for row in (row for bucket in body["data"] for row in bucket["results"]):
            if name == "model" or (name == "cost_type" and row.get("cost_type") == "web_search"): row[name] = None
        return body
    for row in body["data"]:
        if name == "": row["group"] = None
        elif name != "cost_type" or row["group"]["cost_type"] == "web_search": row["group"][name] = None
    return body
