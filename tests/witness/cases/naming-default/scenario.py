import json
import os

from stand import *

DEFAULT_NAME = "Main room"
WORKSPACES = [workspace("wrkspc_01A", "Search")]
KEYS = [key("apikey_01A", "search-prod", "wrkspc_01A"), key("apikey_01D", "misc", None)]
USES = [u for d in days("2026-11-20", 8) for u in (
    use(d, 1000000, 100000, ws="wrkspc_01A", key="apikey_01A"), use(d, 1000000, 0, ws=None, key="apikey_01D"))]


def respond(path, query, headers):
    if os.environ.get("NO_DIRECTORY") and path.endswith("/workspaces"):
        error = {"type": "error", "error": {"type": "permission_error", "message": "Missing required scopes."}}
        return 403, {"content-type": "application/json"}, json.dumps(error).encode()
    return None
