from small import *
import json
# a value of the report that its own filter refuses, and a grouping that this organization does not have
USES = USES + [use("2026-11-24", 700000, ws="wrkspc_01A", key="apikey_01A", tier="flex", cents=None),
               use("2026-11-24", 400000, ws="wrkspc_01A", key="apikey_01A", speed="fast", product="claude_code")]
def respond(p, q, h):
    if "analytics" not in p: return None
    if "flex" in q.get("service_tiers[]", []) or "api_key_id" in q.get("group_by[]", []):
        return 400, {"content-type": "application/json"}, json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": "not available"}}).encode()
