from small import *
import json
NEWER = False
# a service tier that is new: the filter does not know it, though the report has it; both context windows, so tiers are filtered
USES = USES + [use("2026-11-24", 500000, ws="wrkspc_01A", key="apikey_01A", tier="turbo", cents=None),
               use("2026-11-24", 700000, ws="wrkspc_01A", key="apikey_01A", tier="batch"),
               use("2026-11-24", 300000, ws="wrkspc_01A", key="apikey_01A", context="200k-1M", svc="svac_01A", account="user_01A")]
def respond(p, q, h):
    if "turbo" in q.get("service_tiers[]", []): return 400, {"content-type": "application/json"}, json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": "service_tiers[]: unknown value"}}).encode()
